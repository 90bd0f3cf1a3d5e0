#!/bin/sh
# The rules of the house that a command can check; the rules themselves are CONTRIBUTING's and the design's.
# Knocked at by "make lint" and tests/run.sh, after the objects were built.
#   lint.sh [TOP]     TOP: the tree to look at (tests/lint/test_lint.sh gives small broken ones)
# One line per rule, "ok - …" or "not ok - …" with the places; ends with 1 if any is broken.
set -u

here=$(cd "$(dirname "$0")" && pwd -P)
top=$(cd "${1:-$here/../..}" && pwd -P)
cd "$top" || exit 2
BUILD=${BUILD:-build}
CC=${CC:-gcc}
bad=0

# rule NAME COMMAND...: the command prints one line per place where the rule is broken
rule() {
	name=$1
	shift
	places=$("$@" 2>&1 | head -n 40)
	if [ -z "$places" ]; then
		echo "ok - $name"
	else
		echo "not ok - $name"
		printf '%s\n' "$places" | sed 's/^/# /'
		bad=1
	fi
}

rooms() {
	for d in shared relay fcgi-api; do
		[ ! -d $d ] || find $d -name '*.[ch]' "$@"
	done | sort
}
everything() {
	rooms
	[ ! -d tests ] || find tests -name node_modules -prune -o -name '*.[ch]' -print | sort
}

# ---- which header may be included where: header (extended regex), then the places --------------------

headers='libwebsockets\.h => relay/engineio/
ev\.h => relay/engineio/
openssl/(ssl|err|pem)\.h => relay/engineio/tls\.c
fcgiapp\.h => fcgi-api/door_fcgi[a-z_]*\.c fcgi-api/http[a-z_]*\.c
fcgi_stdio\.h => nowhere
nanomsg/[a-z]+\.h => shared/nano[a-z_]*\.c
(mysql|mariadb)[a-z_/]*\.h => fcgi-api/store/
(cjson/)?cJSON\.h => shared/json[a-z_]*\.c fcgi-api/
jwt\.h => shared/token\.c
uthash\.h => shared/map\.c
uuid(/uuid)?\.h => shared/ids\.c
engineio\.h => relay/
socketio\.h => relay/socketio/ relay/chat/ relay/main\.c
store\.h => fcgi-api/
router\.h => fcgi-api/router[a-z_]*\.[ch] fcgi-api/door_[a-z_]*\.[ch] fcgi-api/main\.c'

header_rooms() {
	printf '%s\n' "$headers" | while read -r header arrow places; do
		[ "$arrow" = '=>' ] || echo "a line of the table cannot be read: $header"
		allowed=$(printf '%s' "$places" | sed 's/ /|/g')
		rooms | xargs -r grep -nE "^[[:space:]]*#[[:space:]]*include[[:space:]]*[<\"]($header)[>\"]" /dev/null |
			grep -vE "^($allowed)"
	done
}

protocol_words() {
	for d in relay/engineio relay/socketio; do
		[ ! -d $d ] || grep -niE 'sala|mensaje|usuario|chat' -r $d
	done
}

long_files() { everything | xargs -r awk 'FNR == 401 { print FILENAME ": more than 400 lines" }'; }

long_functions() {
	everything | grep '\.c$' |
		ctags -x --c-kinds=f --fields=+ne --_xformat='%{input} %{name} %{line} %{end}' -L - |
		awk '$4 - $3 + 1 > 70 { print $1 ": " $2 " has " $4 - $3 + 1 " lines" }'
}

struct_typedefs() { rooms | xargs -r grep -nE '^[[:space:]]*typedef[[:space:]]+(struct|union|enum)' /dev/null; }

# (the words are put together here, or this file would be a place itself)
unfinished() {
	words='TO''DO|FIX''ME|XX''X|not implement''ed|st''ub'
	for d in shared relay fcgi-api sql www apache-conf tests; do
		[ ! -d $d ] || grep -rnwE "$words" $d --include='*.[ch]' --include='*.js' --include='*.sh' \
			--include='*.sql' --include='*.css' --include='*.html' --include='*.conf' --exclude-dir=node_modules
	done
}

manuals() { find relay fcgi-api -name '*.[38]' -exec mandoc -Tlint -Wwarning {} \; ; }

shell_syntax() {
	find tests .ci -name node_modules -prune -o -name '*.sh' -print | while read -r f; do
		sh -n "$f"
	done
	[ ! -f .ci/run ] || bash -n .ci/run
}

script_syntax() {
	find tests www -name node_modules -prune -o -name '*.js' -print 2>/dev/null |
		node --no-warnings --experimental-vm-modules "$here/syntax.js"
}

calls() { node "$here/calls.js" "$BUILD"; }

# the Socket.IO room is a library: every symbol in it, none missing but those of its third parties, none shown that is inside
links_alone() {
	[ -f "$BUILD/lib/libsocketio.a" ] || return 0
	flags=
	if nm "$BUILD/lib/libsocketio.a" 2>/dev/null | grep -q __asan_init; then
		flags=-fsanitize=address,undefined
	fi
	printf 'int main(void) { return 0; }\n' |
		$CC $flags -x c - -x none -Wl,--whole-archive "$BUILD/lib/libsocketio.a" -Wl,--no-whole-archive \
			-lwebsockets -lev -luuid -lssl -lcrypto -lm -o "$BUILD/lib/alone" 2>&1 | grep -i 'undefined' | sort -u
	nm -g --defined-only "$BUILD/lib/libsocketio.a" | awk 'NF == 3 && $3 !~ /^(sio|eio|buf|slice|mem|json|log)_/ { print "a name of none of its headers: " $3 }'
}

rule 'third-party and neighbours'"'"' headers stay in their rooms' header_rooms
rule 'engineio and socketio know no chat' protocol_words
rule 'files have at most 400 lines' long_files
rule 'functions have at most 70 lines' long_functions
rule 'structs, unions and enums have no typedef' struct_typedefs
rule 'nothing is left unfinished' unfinished
rule 'manual pages are clean (mandoc -Tlint)' manuals
rule 'shell scripts parse' shell_syntax
rule 'scripts parse' script_syntax
rule 'calls go down only, no files call each other, and headers name who calls them' calls
rule 'libsocketio.a links alone' links_alone
exit $bad
