#!/bin/sh
# Every fuzz target of tests/fuzz for FUZZ_SECONDS each, one on each core, starting from its seeds and what earlier runs
# found. A crash leaves its input in $BUILD/fuzz/ and is one failure. Knocked at by "make fuzz" and by tests/run.sh.
#   run-fuzz.sh                        all of them
#   run-fuzz.sh tests/fuzz/fuzz_x.c    this one
set -u
cd "$(dirname "$0")/.." || exit 1
fuzz=${BUILD:-build}/fuzz

if [ $# -eq 0 ]; then
	printf '%s\n' tests/fuzz/fuzz_*.c | xargs -n 1 -P "$(nproc)" sh tests/run-fuzz.sh
	exit
fi

name=$(basename "$1" .c)
found=$fuzz/corpus/${name#fuzz_}
seeds=tests/fuzz/corpus/${name#fuzz_}
mkdir -p "$found"
set -- "$found"
[ ! -d "$seeds" ] || set -- "$@" "$seeds"
if "$fuzz/$name" -max_total_time="${FUZZ_SECONDS:-60}" -timeout=10 -rss_limit_mb=1500 -print_final_stats=1 \
	-artifact_prefix="$fuzz/$name-" "$@" >"$fuzz/$name.log" 2>&1; then
	echo "ok - $name ($(sed -n 's/^stat::number_of_executed_units: *//p' "$fuzz/$name.log") runs)"
else
	# in one piece: another target may be speaking
	said=$(tail -n 40 "$fuzz/$name.log" | sed 's/^/# /')
	printf 'not ok - %s\n%s\n' "$name" "$said"
	exit 1
fi
