#!/bin/sh
# Every shelf of tests, one after the other, and the closing line "N passed, N failed".
# Knocked at by "make test", which has built the programs, the tests and fetched the packages.
#   SHELVES="unit talk"   only these; shelves: unit lint fuzz store protocol talk rest guide browser faults house
#   FILES=receipts        only files whose name holds this word
# Each program prints "ok - name" / "not ok - name" (cmocka in its TAP form); whole outputs are in $BUILD/test-logs.
set -u

top=$(cd "$(dirname "$0")/.." && pwd -P)
cd "$top" || exit 1
BUILD=${BUILD:-build}
case $BUILD in /*) ;; *) BUILD=$top/$BUILD ;; esac
export BUILD
# (fuzz targets are under the sanitizers anyway, and lint does not run the programs)
[ "${SANITIZE:-}" = 1 ] && default='unit store protocol talk rest guide browser faults house' ||
	default='unit lint fuzz store protocol talk rest guide browser faults house'
shelves=${SHELVES:-$default}
logs=$BUILD/test-logs
passed=0 failed=0 skipped=0 current= lanes=
slow=1
[ "${SANITIZE:-}" != 1 ] || slow=3
export CMOCKA_MESSAGE_OUTPUT=TAP NODE_PATH="$top/tests/node_modules"
export UBSAN_OPTIONS="${UBSAN_OPTIONS:-print_stacktrace=1}" ASAN_OPTIONS="${ASAN_OPTIONS:-abort_on_error=0}"
# settings of the person who calls are not the tests'
unset HOUSE_ENV RUN_DIR RELAY_PORT WEB_PORT WEB WWW AUTH_MODE SECRET_KEY UPRED_ENV FLASK_ENV HOST PORT LOG_LEVEL SSL_KEY_FILE
rm -rf "$logs" "$BUILD/houses"
mkdir -p "$logs"

house() { RUN_DIR=$BUILD/houses/$1 RELAY_PORT=0 WEB_PORT=0 sh tests/house/house.sh "$2"; }

end_current() {
	[ -n "$current" ] || return 0
	kill "$current" 2>/dev/null
	wait "$current"
	kill -s KILL -- "-$current" 2>/dev/null
}

finish() {
	trap '' INT TERM HUP
	[ -z "$lanes" ] || { kill $lanes 2>/dev/null; wait; }
	end_current
	for d in "$BUILD"/houses/*/; do
		[ ! -d "$d/pids" ] || house "$(basename "$d")" stop >/dev/null 2>&1
	done
}
trap finish EXIT
trap 'exit 130' INT TERM HUP

# run NAME SECONDS COMMAND...: counts what it prints; a program that fails or says nothing is one failure
run() {
	name=$1 limit=$(($2 * slow)) log=$logs/$1.log
	shift 2
	began=$(date +%s)
	timeout -k 10 $limit "$@" >"$log" 2>&1 </dev/null &
	current=$!
	wait $current
	code=$?
	# children that outlived their test (timeout made a group for it)
	kill -s KILL -- "-$current" 2>/dev/null
	current=
	good=$(grep -cE '^ok( |$)' "$log")
	none=$(grep -cE '^ok( |$).*# (SKIP|skip)' "$log")
	bad=$(grep -cE '^not ok( |$)' "$log")
	good=$((good - none))
	if [ $code -eq 124 ] || [ $code -eq 137 ]; then
		echo "not ok - $name: not finished within $limit s" >>"$log"
		bad=$((bad + 1))
	elif [ $code -ne 0 ] && [ "$bad" -eq 0 ]; then
		echo "not ok - $name: ended with code $code" >>"$log"
		bad=1
	elif [ $((good + bad + none)) -eq 0 ]; then
		echo "not ok - $name: said nothing" >>"$log"
		bad=1
	fi
	passed=$((passed + good)) failed=$((failed + bad)) skipped=$((skipped + none))
	[ "$bad" -eq 0 ] || remember "$name" "$log"
	# in one piece: other lanes may be speaking
	said=$(printf '  %-44s %3d ok' "$name" "$good"
		[ "$bad" -eq 0 ] || printf ', %d FAILED' "$bad"
		[ "$none" -eq 0 ] || printf ', %d skipped' "$none"
		printf '  (%d s)\n' $(($(date +%s) - began))
		[ "$bad" -eq 0 ] || show "$log")
	printf '%s\n' "$said"
}

# remember NAME LOG: each failure in two lines for the end of the run, where one looks first
remember() { grep -E -A 1 '^not ok' "$2" | grep -v '^--$' | cut -c 1-180 | sed "s/^/  $1: /" >>"$logs/failures"; }

# the failures with their reasons; all of a log that has few lines
show() {
	if [ "$(wc -l <"$1")" -le 60 ]; then
		sed 's/^/      /' "$1"
	else
		{
			grep -nE -A 25 '^not ok' "$1" | head -n 120
			echo '...'
			tail -n 15 "$1"
		} | sed 's/^/      /'
	fi
}

# limit_of FILE DEFAULT: a test that needs long says so near its top: "// timeout: 600"
limit_of() {
	t=$(sed -n '1,10s,^// timeout: *\([0-9]*\).*,\1,p' "$1")
	echo "${t:-$2}"
}

chosen() { case $1 in *"${FILES:-}"*) return 0 ;; *) return 1 ;; esac; }

# what a house under the sanitizers has to say is in its logs
check_logs() {
	found=$(grep -lE 'ERROR: (Address|Leak)Sanitizer|runtime error:' "$1"/*.log 2>/dev/null)
	for f in $found; do
		failed=$((failed + 1))
		echo "not ok - sanitizer report in $f" | tee -a "$logs/failures"
		grep -E -A 20 'ERROR: (Address|Leak)Sanitizer|runtime error:' "$f" | head -n 60 | sed 's/^/      /'
	done
}

# with_house NAME COMMAND...: a house for the shelf, its house.env in HOUSE_ENV and its variables in the environment
with_house() {
	shelf=$1
	shift
	if ! RATE_LIMITS=off MAX_CONNECTIONS_PER_ADDRESS=20000 house "$shelf" start >"$logs/$shelf-house.log" 2>&1; then
		echo "not ok - the house of the shelf $shelf did not start" | tee -a "$logs/failures"
		sed 's/^/      /' "$logs/$shelf-house.log"
		failed=$((failed + 1))
		return
	fi
	HOUSE_ENV=$BUILD/houses/$shelf/house.env
	export HOUSE_ENV
	"$@"
	unset HOUSE_ENV
	house "$shelf" stop >>"$logs/$shelf-house.log" 2>&1
	rm -rf "$BUILD/houses/$shelf/db" "$BUILD/houses/$shelf/state"
}

# the houses that tests of the shelf started themselves
own_houses() {
	for d in "$BUILD"/houses/*/; do
		[ -d "$d/log" ] || continue
		[ ! -d "$d/pids" ] || house "$(basename "$d")" stop >/dev/null 2>&1
		check_logs "$d/log"
		mkdir -p "$logs/houses"
		mv "$d" "$logs/houses/"
	done
}

programs() {
	for f in "$1"/test_*.c; do
		[ -f "$f" ] && chosen "$f" || continue
		run "$(basename "$f" .c)" "$(limit_of "$f" 120)" "$2/$(basename "$f" .c)"
	done
}

scripts() {
	for f in tests/"$1"/*.test.js; do
		[ -f "$f" ] && chosen "$f" || continue
		run "$1-$(basename "$f" .test.js)" "$(limit_of "$f" 300)" node "$f"
	done
}

# the files of a shelf, those that may take longest first, so that no lane is left with one of them at the end
by_length() {
	for f in tests/"$1"/*.test.js; do
		[ ! -f "$f" ] || ! chosen "$f" || echo "$(limit_of "$f" 300) $f"
	done | sort -k 1,1nr -k 2 | cut -d ' ' -f 2
}

take_turns() {
	for f in $(by_length "$1"); do
		name=$1-$(basename "$f" .test.js)
		mkdir "$logs/$name.taken" 2>/dev/null || continue
		run "$name" "$(limit_of "$f" 300)" node "$f"
	done
}

# One of those that take the files of a shelf in turn; what it counted goes to a file. "housed": with a house of its own.
lane() {
	passed=0 failed=0 skipped=0 current=
	trap 'trap "" INT TERM HUP; end_current' EXIT
	trap 'exit 130' INT TERM HUP
	if [ "${3:-}" = housed ]; then
		with_house "$1$2" take_turns "$1"
	else
		take_turns "$1"
	fi
	echo "$passed $failed $skipped" >"$logs/$1.lane$2"
}

# in_lanes SHELF MOST [housed]: tests that do not disturb each other and mostly wait, up to so many at a time;
# under the sanitizers, where they do not wait, two.
in_lanes() {
	most=$2
	[ "${SANITIZE:-}" != 1 ] || most=2
	for n in $(seq "$most"); do
		lane "$1" "$n" "${3:-}" &
		lanes="$lanes $!"
	done
	wait
	lanes=
	for n in $(seq "$most"); do
		if read -r good bad none <"$logs/$1.lane$n"; then
			passed=$((passed + good)) failed=$((failed + bad)) skipped=$((skipped + none))
		else
			failed=$((failed + 1))
			echo "not ok - lane $n of $1 did not end" | tee -a "$logs/failures"
		fi
	done
	rm -rf "$logs"/*.taken "$logs"/*.lane[0-9]
}

shelf_unit() { programs tests/unit "$BUILD/tests"; }
shelf_lint() {
	run lint 120 sh tests/lint/lint.sh
	run lint-of-lint 300 sh tests/lint/test_lint.sh
	run compilers 600 sh tests/lint/compilers.sh
}
shelf_fuzz() { FUZZ_SECONDS=${FUZZ_SHORT:-3} run fuzz 900 sh tests/run-fuzz.sh; }
store_programs() {
	for f in tests/store/test_*.c; do
		[ -f "$f" ] && chosen "$f" || continue
		name=$(basename "$f" .c)
		run "store-${name#test_}" "$(limit_of "$f" 180)" sh -c 'set -a; . "$1"; set +a; exec "$2"' - \
			"$HOUSE_ENV" "$BUILD/tests/store/$name"
	done
}
shelf_store() { [ ! -d tests/store ] || with_house store store_programs; }
shelf_protocol() { in_lanes protocol 4; }
shelf_talk() { in_lanes talk 4 housed; }
shelf_rest() { in_lanes rest 3; }
shelf_guide() { with_house guide scripts guide; }
# (each with a house of its own: they are all Ana and Luis)
shelf_browser() { in_lanes browser 3; }
shelf_faults() {
	# (the tests do so too, but not several at a time)
	env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL make -s -j2 BUILD="$BUILD/hooked" FAULTS=1 all >"$logs/faults-build.log" 2>&1 ||
		echo "the programs with steps did not build"
	in_lanes faults 4
}
shelf_house() { in_lanes house 2; }

for s in $shelves; do
	case $s in
	unit | lint | fuzz | store | protocol | talk | rest | guide | browser | faults | house) ;;
	*) echo "no such shelf: $s"; exit 2 ;;
	esac
	echo "$s"
	shelf_began=$(date +%s)
	"shelf_$s"
	own_houses
	echo "  $s: $(($(date +%s) - shelf_began)) s"
done
[ ! -f "$logs/failures" ] || { echo "what failed"; cat "$logs/failures"; }
[ $skipped -eq 0 ] || echo "$skipped skipped"
echo "$passed passed, $failed failed"
[ $failed -eq 0 ] && [ $passed -gt 0 ]
