#!/bin/sh
# make bench: figures of the house beside plain counterparts on this machine, in the same run.
#   run.sh [SCENARIO...]     durable fanout (default: all)
# Starts a house of its own (RUN_DIR below the build folder, free ports, no rate limits) and stops it again.
# HOUSE=path/to/house.env measures a running house instead; start that one with
#   RATE_LIMITS=off MAX_CONNECTIONS_PER_ADDRESS=20000
# BENCH_SECONDS=10 (durable), BENCH_MEMBERS=1000 and BENCH_MESSAGES=200 (fanout).
set -eu

top=$(cd "$(dirname "$0")/../.." && pwd -P)
cd "$top"
BUILD=${BUILD:-build}
export BUILD

[ $# -gt 0 ] || set -- ${SCENARIOS:-durable fanout}
for s in "$@"; do
	[ -x "$BUILD/bench/$s" ] || { echo "bench: no scenario $s (is it built? 'make benches')" >&2; exit 2; }
done

if [ -z "${HOUSE:-}" ]; then
	RUN_DIR=$BUILD/bench-run
	RELAY_PORT=0 WEB_PORT=0 RATE_LIMITS=off MAX_CONNECTIONS_PER_ADDRESS=20000 LOG_LEVEL=warn
	export RUN_DIR RELAY_PORT WEB_PORT RATE_LIMITS MAX_CONNECTIONS_PER_ADDRESS LOG_LEVEL
	HOUSE=$RUN_DIR/house.env
	trap 'sh tests/house/house.sh stop >/dev/null 2>&1 || :' EXIT
	trap 'exit 130' INT TERM
	sh tests/house/house.sh start
fi
case $HOUSE in /*) ;; *) HOUSE=$PWD/$HOUSE ;; esac
set -a
. "$HOUSE"
set +a

echo "on $(nproc) cores, $(uname -sr), database $(mariadbd --version 2>/dev/null | sed 's/.*Ver \([^ ]*\).*/\1/')"
failed=0
for s in "$@"; do
	"$BUILD/bench/$s" || failed=1
done
exit $failed
