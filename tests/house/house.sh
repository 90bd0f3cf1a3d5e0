#!/bin/sh
# The whole house on this machine: private database, FastCGI pool, bus workers, relay, web server.
#   house.sh run                     in the foreground; Ctrl-C stops everything
#   house.sh start|stop|status|logs  the same in the background; start writes $RUN_DIR/house.env, and brings back the parts
#                                    that ended by themselves
#   house.sh stop-part NAME [SIGNAL] | start-part NAME [SETTING=value...] | restart-part NAME
#                                    for tests of trouble; NAME: db fcgi bus relay web
#   house.sh token PERSON            with AUTH_MODE=token: one of that person (the id), good for an hour
# Environment: RUN_DIR, RELAY_PORT, WEB_PORT (0: a free one), WEB=apache|apache-fcgid|apache-cgid|nginx (start-part
# takes another one), and every setting of the programs. RELAY_BIN, API_BIN and WWW take installed programs and an
# installed page instead of the built ones.
set -eu

# what runs the house lies in sbin, which ordinary people do not have in theirs
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
export PATH

top=$(cd "$(dirname "$0")/../.." && pwd -P)
RUN_DIR=${RUN_DIR:-$top/build/run}
WEB=${WEB:-apache}
parts='db fcgi bus relay web'

. "$top/tests/house/lib.sh"
. "$top/tests/house/db.sh"
. "$top/tests/house/web.sh"

absolute() {
	case $1 in
	/*) echo "$1" ;;
	*) echo "$PWD/$1" ;;
	esac
}
build=$(absolute "${BUILD:-$top/build}")
relay_bin=$(absolute "${RELAY_BIN:-$build/bin/upred-relay}")
api_bin=$(absolute "${API_BIN:-$build/bin/upred-api}")

# ---- the programs --------------------------------------------------------------------------------

# in_program_env COMMAND...: the caller's settings, and what only the house can know
in_program_env() {
	(
		for name in SECRET_KEY_FILE SSL_CERT_FILE SSL_KEY_FILE METRICS_DIR; do
			eval "value=\${$name:-}"
			[ -z "$value" ] || export "$name=$(absolute "$value")"
		done
		cd "$bus"
		export RUN_DIR="$bus" FCGI_SOCKET="$web/api.sock" PORT="$relay_port"
		export DB_HOST=localhost DB_SOCKET="$db_socket" DB_PORT="$db_port" DB_NAME="$db_name"
		export DB_USER="$db_user" DB_PASSWORD="$(recall db_password '')"
		# root's web server runs as somebody else: he is let in by the folder (0750, his group)
		[ -z "$web_user" ] || export FCGI_SOCKET_MODE="${FCGI_SOCKET_MODE:-0666}"
		"$@"
	)
}

fcgi_ready() { [ -S "$web/api.sock" ]; }

fcgi_start() {
	step_begin
	rm -f "$web/api.sock"
	in_program_env launch fcgi "$api_bin" fcgi
	starting=fcgi
	wait_for 15 fcgi_ready || failed fcgi 'the FastCGI pool did not start'
	step_end 'FastCGI pool'
}

bus_start() {
	step_begin
	in_program_env launch bus "$api_bin" bus
	starting=bus
	alive bus || failed bus 'the bus workers did not start'
	step_end 'bus workers'
}

relay_launch() {
	unset DB_HOST DB_SOCKET DB_PORT DB_NAME DB_USER DB_PASSWORD
	launch relay "$relay_bin"
}

relay_bound() { [ -s "$bus/relay.port" ]; }
# (not SSL_CERT_FILE, which is also OpenSSL's own)
relay_url() { [ -n "${SSL_KEY_FILE:-}" ] && echo "https://127.0.0.1:$relay_port" || echo "http://127.0.0.1:$relay_port"; }
relay_ready() { answers "$(relay_url)/$1" 200; }

# ready means: a worker answered and the first sweep is done; without database or workers, alive must do
relay_start() {
	step_begin
	rm -f "$bus/relay.port"
	in_program_env relay_launch
	starting=relay
	wait_for 15 relay_bound || failed relay "the relay did not start; if its port is taken: RELAY_PORT=0 or another"
	relay_port=$(cat "$bus/relay.port")
	remember relay_port "$relay_port"
	probe=readyz
	{ alive db && alive bus; } || probe=healthz
	wait_for 20 relay_ready $probe || {
		alive bus || failed bus 'the bus workers ended'
		failed relay "the relay is not ready (/$probe)"
	}
	step_end "relay (port $relay_port)"
}

# ---- house.env -----------------------------------------------------------------------------------

write_env() {
	{
		while read -r name value; do
			printf '%s=%s\n' "$name" "$(quote "$value")"
		done <<-END
			RELAY_URL $(relay_url)
			WEB_URL http://127.0.0.1:$web_port
			DB_SOCKET $db_socket
			DB_HOST 127.0.0.1
			DB_PORT $(recall db_port 0)
			DB_USER $db_user
			DB_PASSWORD $(recall db_password '')
			DB_NAME $db_name
			DB_ADMIN_USER $db_admin
			DB_ADMIN_PASSWORD $(recall db_admin_password '')
			RELAY_PID $(pid_of relay)
			BUS_PID $(pid_of bus)
			FCGI_PID $(pid_of fcgi)
			DB_PID $(pid_of db)
			WEB_PID $(pid_of web)
			RUN_DIR $run
			BUS_DIR $bus
			API_SOCKET $web/api.sock
			LOG_DIR $run/log
		END
	} >"$env_file.new"
	mv "$env_file.new" "$env_file"
}

# ---- commands ------------------------------------------------------------------------------------

any_alive() {
	for p in $parts; do
		! alive $p || return 0
	done
	return 1
}

stop_all() {
	for p in web relay bus fcgi; do
		halt $p 35
	done
	db_halt
	[ -z "$short" ] || rm -rf "$short"
	forget short
	rm -f "$env_file"
}

# Once begun it goes to its end: whatever the signal (a second Ctrl-C), and though nobody reads what it says any more.
stop_whole() {
	trap '' INT TERM HUP PIPE
	set +e
	stop_all
}

known_web() {
	case $WEB in
	apache | apache-fcgid | apache-cgid | nginx) ;;
	*) die "WEB must be apache, apache-fcgid, apache-cgid or nginx, not '$WEB'" ;;
	esac
}

start_all() {
	known_web
	for p in "$relay_bin" "$api_bin"; do
		[ -x "$p" ] || die "$p is not there: run 'make' first"
	done
	! any_alive || { echo "house: already running in $run ('make stop' stops it; new settings: 'make restart')" >&2; return 1; }
	stop_all
	relay_port=$(port_wanted RELAY_PORT "${RELAY_PORT:-5000}") || exit 1
	web_port=$(port_wanted WEB_PORT "${WEB_PORT:-8080}") || exit 1
	finished=no
	trap '[ $finished = yes ] || stop_whole' EXIT
	rm -f "$run"/log/*
	house_places
	db_init
	mkdir -p "$bus"
	chmod 750 "$bus"
	web_folder
	export -p >"$run/state/environment"
	remember web_kind "$WEB"
	remember relay_bin "$relay_bin"
	remember api_bin "$api_bin"
	db_start
	fcgi_start
	bus_start
	relay_start
	web_start
	write_env
	finished=yes
}

welcome() {
	echo "The chat is running."
	echo "  page    http://localhost:$web_port/"
	echo "  relay   $(relay_url | sed s/127.0.0.1/localhost/)/"
	echo "  people  $(db_admin -N -e "SELECT id, nombre, apellido_paterno FROM usuarios WHERE estado = 'activo'
		ORDER BY id = 123 DESC, id = 456 DESC, id LIMIT 6" | tr '\t' ' ' | sed ':a; N; $!ba; s/\n/, /g')"
	if [ "${AUTH_MODE:-open}" = token ]; then
		echo "  try     the page in two windows, each with the token of another person; this prints one:"
		echo "          RUN_DIR=$(quote "$run") sh $(quote "$top/tests/house/house.sh") token 123"
	else
		echo "  try     http://localhost:$web_port/?usuario=123 in one window and ?usuario=456 in another: write to each other"
	fi
}

# in the foreground: ends with the first part that ends by itself, or when "stop" was said elsewhere
watch_parts() {
	while any=; do
		for p in $parts; do
			[ -f "$run/pids/$p" ] || continue
			any=yes
			! ended_alone $p || failed $p "$p ended by itself"
		done
		[ -n "$any" ] || return 0
		sleep 0.5
	done
}

run_house() {
	trap 'exit 130' INT TERM HUP PIPE
	start_all || exit 1
	exec 9>&-
	trap 'trap "" INT TERM HUP PIPE; printf "\nstopping\n" || :; stop_whole; echo stopped || :' EXIT
	trap 'exit 0' INT TERM HUP PIPE
	welcome
	echo 'Ctrl-C stops everything.'
	watch_parts
}

# what a part needs to know when it is started alone: the environment of the start, and the ports found then
part_init() {
	[ -f "$run/state/environment" ] || die "no house was started in $run"
	asked=$run
	. "$run/state/environment"
	run=$asked
	for setting in "$@"; do
		case $setting in
		[A-Z]*=*) export "${setting?}" ;;
		*) die "not a setting: $setting" ;;
		esac
	done
	case " $* " in
	*' WEB='*) known_web; remember web_kind "$WEB" ;;
	*) WEB=$(recall web_kind apache) ;;
	esac
	relay_bin=$(recall relay_bin '')
	api_bin=$(recall api_bin '')
	relay_port=$(recall relay_port 5000)
	web_port=$(recall web_port 8080)
	db_init
	db_port=$(recall db_port 3306)
}

known_part() {
	case " $parts " in *" $1 "*) ;; *) die "no such part: $1 (there are: $parts)" ;; esac
}

start_part() {
	known_part "$1"
	part=$1
	shift
	part_init "$@"
	! alive "$part" || die "$part is running"
	halt "$part" 1
	"${part}_start"
	write_env
}

stop_part() {
	known_part "$1"
	halt "$1" 35 "${2:-TERM}"
}

token() {
	case ${1:-} in '' | *[!0-9]*) die 'token needs the id of a person, such as 123' ;; esac
	part_init
	correo=$(db_admin -N -e "SELECT correo_institucional FROM usuarios WHERE id = $1")
	[ -n "$correo" ] || die "there is no person $1"
	in_program_env "$api_bin" make-token "$correo"
}

# What ended by itself is started again, as it was.
start_missing() {
	for p in $parts; do
		alive "$p" || start_part "$p"
	done
}

status() {
	bad=0
	for p in $parts; do
		if alive $p; then
			printf '%-6s running, pid %s\n' $p "$(pid_of $p)"
		else
			printf '%-6s stopped\n' $p
			bad=1
		fi
	done
	[ ! -f "$env_file" ] || grep _URL= "$env_file"
	return $bad
}

logs() {
	set -- "$run"/log/*.log
	[ -f "$1" ] || die "no logs in $run/log"
	for f in "$web"/apache-error.log "$web"/nginx-error.log; do
		[ ! -s "$f" ] || set -- "$@" "$f"
	done
	if [ -t 1 ]; then
		exec tail -n 20 -F "$@"
	fi
	tail -n 40 "$@"
}

command=${1:-}
[ $# -eq 0 ] || shift
case $command in
stop) [ -d "$RUN_DIR" ] || exit 0 ;;
status | logs | token) [ -d "$RUN_DIR" ] || die "no house in $RUN_DIR" ;;
esac
case $command in
run | start | stop | status | logs | token | start-part | stop-part | restart-part) house_init ;;
*) echo 'usage: house.sh run|start|stop|status|logs|token|start-part|stop-part|restart-part' >&2; exit 2 ;;
esac
case $command in
run | start | stop | *-part)
	exec 9>"$run/lock"
	flock 9 ;;
esac
case $command in
run) run_house ;;
start)
	if any_alive && [ -f "$env_file" ]; then
		status && { echo "already running in $run (new settings: 'make restart')"; exit 0; }
		start_missing
	else
		trap 'exit 130' INT TERM HUP PIPE
		start_all
	fi
	welcome ;;
stop) stop_all ;;
status) status ;;
token) token "$@" ;;
logs) logs ;;
start-part) start_part "$@" ;;
stop-part) stop_part "$@" ;;
restart-part)
	stop_part "$1"
	start_part "$@" ;;
esac
