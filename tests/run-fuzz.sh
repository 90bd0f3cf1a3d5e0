#!/bin/sh
# Every fuzz target of tests/fuzz for FUZZ_SECONDS each, starting from its seeds and what earlier runs found.
# A crash leaves its input in $BUILD/fuzz/ and is one failure. Knocked at by "make fuzz" and by tests/run.sh.
set -u
cd "$(dirname "$0")/.." || exit 1
fuzz=${BUILD:-build}/fuzz
bad=0
for f in tests/fuzz/fuzz_*.c; do
	[ -f "$f" ] || continue
	name=$(basename "$f" .c)
	found=$fuzz/corpus/${name#fuzz_}
	mkdir -p "$found"
	set -- "$found"
	[ ! -d "tests/fuzz/corpus/${name#fuzz_}" ] || set -- "$@" "tests/fuzz/corpus/${name#fuzz_}"
	if "$fuzz/$name" -max_total_time="${FUZZ_SECONDS:-60}" -timeout=10 -rss_limit_mb=1500 -print_final_stats=1 \
		-artifact_prefix="$fuzz/$name-" "$@" >"$fuzz/$name.log" 2>&1; then
		echo "ok - $name ($(sed -n 's/^stat::number_of_executed_units: *//p' "$fuzz/$name.log") runs)"
	else
		echo "not ok - $name"
		tail -n 40 "$fuzz/$name.log" | sed 's/^/# /'
		bad=1
	fi
done
exit $bad
