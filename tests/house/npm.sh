#!/bin/sh
# The npm packages of tests/package.json into tests/node_modules: the page's socket.io client and what
# the tests use. Does nothing when they are there already. Knocked at by the Makefile.
set -eu
cd "$(dirname "$0")/.."
stamp=node_modules/.complete
now=$(cat package.json package-lock.json 2>/dev/null | cksum)

complete() { [ -f $stamp ] && [ "$(cat $stamp)" = "$now" ]; }

complete && exit 0
mkdir -p node_modules
exec 9>node_modules/.lock
flock 9 || :
complete && exit 0
began=$(date +%s)
if [ -f package-lock.json ]; then
	verb=ci
else
	verb=install
fi
# "npm ci" empties node_modules, the lock with it: it goes into a folder beside and is moved
rm -rf .npm-new
mkdir .npm-new
cp package.json .npmrc .npm-new/
[ ! -f package-lock.json ] || cp package-lock.json .npm-new/
if ! (cd .npm-new && npm $verb --no-audit --no-fund --ignore-scripts --loglevel=error </dev/null 9>&-) \
	>.npm-new/log 2>&1; then
	tail -n 15 .npm-new/log >&2
	echo "the npm packages of tests/package.json could not be fetched" >&2
	rm -rf .npm-new
	exit 1
fi
find node_modules -mindepth 1 -maxdepth 1 ! -name .lock -exec rm -rf {} +
find .npm-new/node_modules -mindepth 1 -maxdepth 1 -exec mv {} node_modules/ \;
rm -rf .npm-new
echo "$now" >$stamp
echo "npm packages ($(($(date +%s) - began)) s)"
