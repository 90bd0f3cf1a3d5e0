#!/bin/sh
# The build itself is gcc's (or CC's); this is the other compiler: programs, library and tests in C must compile with clang
# under the same -Wall -Wextra -Werror. Knocked at by tests/run.sh; objects in $BUILD/clang.
set -u
cd "$(dirname "$0")/../.." || exit 1
log=${BUILD:-build}/clang.log
unset MAKEFLAGS MFLAGS SANITIZE
if make -s -j2 CC=clang BUILD="${BUILD:-build}/clang" all tests benches >"$log" 2>&1; then
	echo 'ok - everything in C compiles with clang'
else
	echo 'not ok - everything in C compiles with clang'
	grep -E 'error:|Error' "$log" | head -n 20 | sed 's/^/# /'
	exit 1
fi
