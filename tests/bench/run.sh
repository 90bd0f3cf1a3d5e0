#!/bin/sh
# make bench: figures of the house beside plain counterparts on this machine, in the same run.
#   run.sh [SCENARIO...]     idle durable fanout (default: all)
# Starts a house of its own (RUN_DIR below the build folder, free ports, no rate limits) and stops it again.
# HOUSE=path/to/house.env measures a running house instead; start that one with
#   RATE_LIMITS=off MAX_CONNECTIONS_PER_ADDRESS=20000
# BENCH_CLIENTS=10000 and BENCH_IDLE_SECONDS=50 (idle, which comes first: it wants a relay nobody was at),
# BENCH_SECONDS=10 (durable), BENCH_MEMBERS=1000, BENCH_MESSAGES=200 and BENCH_ROUNDS=3 (fanout).
set -eu

top=$(cd "$(dirname "$0")/../.." && pwd -P)
cd "$top"
BUILD=${BUILD:-build}
export BUILD

[ $# -gt 0 ] || set -- ${SCENARIOS:-idle durable fanout}
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
	rm -f "$RUN_DIR/bus/relay.handover"   # those who were cut when the last run ended
	sh tests/house/house.sh start
fi
case $HOUSE in /*) ;; *) HOUSE=$PWD/$HOUSE ;; esac
set -a
. "$HOUSE"
set +a

# header FILE MACRO.MACRO: the version of a library as its header says it
header() { printf '#include <%s>\n%s\n' "$1" "$2" | ${CC:-gcc} -E -P -x c - 2>/dev/null | tail -n 1 | tr -d '" '; }

echo "on $(nproc) cores, $(uname -sr), libwebsockets" \
	"$(header lws_config.h LWS_LIBRARY_VERSION_MAJOR.LWS_LIBRARY_VERSION_MINOR.LWS_LIBRARY_VERSION_PATCH)," \
	"libev $(header ev.h EV_VERSION_MAJOR.EV_VERSION_MINOR), $(${CC:-gcc} --version | head -n 1)," \
	"database $(mariadbd --version 2>/dev/null | sed 's/.*Ver \([^ ]*\).*/\1/')"
failed=0
for s in "$@"; do
	"$BUILD/bench/$s" || failed=1
done
exit $failed
