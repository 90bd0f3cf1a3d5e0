#!/bin/sh
# Shows that lint.sh sees each rule broken: a small sound tree, then the same with one thing wrong at a time.
set -u
here=$(cd "$(dirname "$0")" && pwd -P)
top=$(cd "$here/../.." && pwd -P)
case ${BUILD:=build} in /*) ;; *) BUILD=$top/$BUILD ;; esac
work=$BUILD/lint-test
code=0

# the sound tree: one small file per room, each calling downward
sound() {
	rm -rf "$work"
	mkdir -p "$work/shared" "$work/relay/engineio" "$work/relay/socketio" "$work/relay/chat" \
		"$work/fcgi-api/handlers" "$work/fcgi-api/store" "$work/tests" "$work/.ci"
	cp "$top/Makefile" "$work/"
	cd "$work" || exit 2
	unit shared/buf.c 'int buf_a(void); int buf_a(void) { return 1; }'
	unit shared/map.c 'int buf_a(void); int map_a(void); int map_a(void) { return buf_a(); }'
	unit relay/engineio/session.c 'int map_a(void); int eio_a(void); int eio_a(void) { return map_a(); }'
	unit relay/socketio/socket.c 'int eio_a(void); int sio_a(void); int sio_a(void) { return eio_a(); }'
	unit relay/chat/feed.c 'int sio_a(void); int chat_a(void); int chat_a(void) { return sio_a(); }'
	unit fcgi-api/store/users.c 'int buf_a(void); int store_a(void); int store_a(void) { return buf_a(); }'
	unit fcgi-api/handlers/connect.c 'int store_a(void); int handle_a(void); int handle_a(void) { return store_a(); }'
	unit fcgi-api/router.c 'int handle_a(void); int router_a(void); int router_a(void) { return handle_a(); }'
	cp "$top/relay/upred-relay.8" relay/ 2>/dev/null || :
	echo 'true' >tests/run.sh
	echo 'true' >.ci/run
	echo "'use strict';" >tests/one.js
}
unit() { printf '%s\n' "$2" >"$1"; }

# lint [build]: what is read from objects needs them
lint() {
	[ "${1:-}" != build ] || env -u MAKEFLAGS -u MAKELEVEL make -s BUILD=build SANITIZE= objs build/lib/libsocketio.a >make.log 2>&1 ||
		{ echo "# the tree does not compile"; sed 's/^/# /' make.log; }
	BUILD=build sh "$here/lint.sh" "$work"
}

# broken RULE CHANGE...: after the change exactly this rule must be said to be broken
broken() {
	text=$1 how=$2
	shift
	sound
	"$@"
	case $text in
	calls* | libsocketio*) found=$(lint build | grep '^not ok - ') ;;
	*) found=$(lint | grep '^not ok - ') ;;
	esac
	if [ "$found" = "not ok - $text" ]; then
		echo "ok - seen when broken: $text ($how${3:+ in $2})"
	else
		echo "not ok - lint said '$found' instead of '$text'"
		code=1
	fi
}

append() { printf '%s\n' "$2" >>"$1"; }
lines() { awk -v n="$2" 'BEGIN { for (i = 0; i < n; i++) print "/* line */" }' >>"$1"; }
long_function() {
	{
		echo 'int map_b(int x); int map_b(int x) {'
		awk 'BEGIN { for (i = 0; i < 70; i++) print "x++;" }'
		echo 'return x; }'
	} >>shared/map.c
}
circle() {
	append shared/buf.c 'int map_a(void); int buf_b(void); int buf_b(void) { return map_a(); }'
}
ring() {
	unit shared/ids.c 'int map_c(void); int ids_a(void); int ids_a(void) { return map_c(); }'
	append shared/map.c 'int buf_c(void); int map_c(void); int map_c(void) { return buf_c(); }'
	append shared/buf.c 'int ids_a(void); int buf_c(void); int buf_c(void) { return ids_a(); }'
}

sound
if lint build >sound.log; then
	echo 'ok - the sound tree passes'
else
	echo 'not ok - the sound tree passes'
	sed 's/^/# /' sound.log
	code=1
fi
headers="third-party and neighbours' headers stay in their rooms"
calls='calls go down only, no files call each other, and headers name who calls them'
broken "$headers" append relay/chat/feed.c '#include <libwebsockets.h>'
broken "$headers" append shared/map.c '#include <nanomsg/nn.h>'
broken "$headers" append fcgi-api/handlers/connect.c '#include <mysql.h>'
broken "$headers" append shared/buf.c '#include <cjson/cJSON.h>'
broken "$headers" append relay/socketio/socket.c '#include <ev.h>'
broken 'engineio and socketio know no chat' append relay/socketio/socket.c '/* the sala of a mensaje */'
broken 'files have at most 400 lines' lines shared/map.c 400
broken 'functions have at most 70 lines' long_function
broken 'structs, unions and enums have no typedef' append shared/map.c 'typedef struct map { int a; } map;'
broken 'nothing is left unfinished' append shared/map.c '/* TO''DO */'
broken 'shell scripts parse' append tests/run.sh 'if true; then'
broken 'scripts parse' append tests/one.js 'const a = ;'
broken 'manual pages are clean (mandoc -Tlint)' append relay/broken.8 '.Xx'
broken "$calls" circle
broken "$calls" ring
broken "$calls" append relay/bus.c 'int sio_a(void); int bus_a(void); int bus_a(void) { return sio_a(); }'
broken "$calls" append shared/wire.c 'int store_a(void); int wire_a(void); int wire_a(void) { return store_a(); }'
broken "$calls" append fcgi-api/store/users.c 'int handle_b(void); int store_b(void); int store_b(void) { return handle_b(); }
int router_a(void); int handle_c(void); int handle_c(void) { return router_a(); }'
broken "$calls" unit shared/map.h '/*
 * map: a small one.
 *
 * Room: shared. Called by buf and session.
 */'
broken 'libsocketio.a links alone' append relay/socketio/socket.c 'int nowhere_a(void); int sio_b(void); int sio_b(void) { return nowhere_a(); }'
rm -rf "$work"
exit $code
