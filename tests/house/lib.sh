# shellcheck shell=sh
# What the parts of a house have in common: folders, steps, waiting, processes, ports.
# Read (".") by house.sh; knows no part by name.
#
# A house lives in $RUN_DIR:
#   house.env   what it is and where it answers (shell syntax)      state/   what it remembers between commands
#   log/        one file per part                                   pids/    NAME: "pid starttime boot"
#   db/         the database's data and socket
#   bus/        RUN_DIR of the programs (private: 0750)             web/     api.sock, the web server's files
# bus/ and web/ move to a short folder of their own ($short) where the path is too long for a
# socket, or where the web server's user could not come in.

die() {
	echo "house: $*" >&2
	exit 1
}

house_init() {
	# the folder itself lets the web server's user pass through; what is in it is private
	umask 022
	mkdir -p "$RUN_DIR" || die "RUN_DIR $RUN_DIR cannot be made"
	[ ! -d "$RUN_DIR/state" ] || [ -O "$RUN_DIR/state" ] ||
		die "the house in $RUN_DIR was made by somebody else: remove it, or take another RUN_DIR=…"
	umask 077
	run=$(cd "$RUN_DIR" && pwd -P)
	mkdir -p "$run/log" "$run/pids" "$run/state"
	env_file=$run/house.env
	starting=
	web_user=
	[ "$(id -u)" != 0 ] || web_user=www-data
	short=$(recall short '')
	[ -z "$short" ] || [ -d "$short" ] || short=
	bus=${short:-$run}/bus
	web=${short:-$run}/web
}

# Before the first start: may sockets live below RUN_DIR? If not, in a short folder that stop removes.
house_places() {
	[ -z "$short" ] || return 0
	if [ ${#run} -gt 80 ]; then
		why='its path is too long for a socket'
	elif [ "$WEB" = nginx ] && [ "$run" != "$(printf %s "$run" | tr -d ' ')" ]; then
		why='its path has blanks'
	elif [ "$run" != "$(printf %s "$run" | tr -d '"\\')" ]; then
		why='its path has quotation marks or backslashes'
	elif [ -n "$web_user" ] && ! as_web_user test -x "$run"; then
		why="$web_user, whom the web server runs as, cannot enter it"
	else
		return 0
	fi
	short=$(TMPDIR=/tmp mktemp -d)
	chmod 711 "$short"
	remember short "$short"
	bus=$short/bus
	web=$short/web
	echo "  sockets in $short instead of $run: $why"
}

as_web_user() { setpriv --reuid="$web_user" --regid="$web_user" --clear-groups "$@"; }

# remember NAME VALUE; recall NAME DEFAULT
remember() { printf '%s\n' "$2" >"$run/state/$1"; }
recall() { cat "$run/state/$1" 2>/dev/null || printf '%s\n' "$2"; }
forget() { rm -f "$run/state/$1"; }

# shell quoting, so that house.env can be read back whatever a value holds
quote() { printf "'%s'" "$(printf '%s' "$1" | sed "s/'/'\\\\''/g")"; }

secret() { od -An -N18 -tx1 /dev/urandom | tr -d ' \n'; }

# ---- steps: one line each, with its time ---------------------------------------------------------

now_ms() { echo $(($(date +%s%N) / 1000000)); }
step_begin() { step_at=$(now_ms); }
step_end() {
	set -- "$1" $(($(now_ms) - step_at))
	printf '  %-46s %3d.%d s\n' "$1" $(($2 / 1000)) $(($2 % 1000 / 100))
}

# wait_for SECONDS COMMAND...: asks until it holds; 1 when the time is over or the part being started is gone
wait_for() {
	until_ms=$(($(now_ms) + $1 * 1000))
	shift
	while ! "$@" >/dev/null 2>&1; do
		[ -z "$starting" ] || alive "$starting" || return 1
		[ "$(now_ms)" -lt "$until_ms" ] || return 1
		sleep 0.05
	done
}

# ---- processes -----------------------------------------------------------------------------------
# Each part runs in a session of its own: Ctrl-C reaches the house alone, which stops them in order, and
# the whole part (masters' children too) can be ended by its group.

# the start time tells our process from a later one with its number
start_time() { sed 's/.*) //' "/proc/$1/stat" 2>/dev/null | cut -d' ' -f20; }

# the machine's present run: numbers and start times begin anew with the next
boot() { cat /proc/sys/kernel/random/boot_id 2>/dev/null || echo unknown; }

# launch NAME COMMAND...: in the current environment and folder, output to log/NAME.log
launch() {
	part=$1
	shift
	forget "halting_$part"
	setsid "$@" </dev/null >>"$run/log/$part.log" 2>&1 9>&- &
	echo "$! $(start_time $!) $(boot)" >"$run/pids/$part"
	starting=$part
}

pid_of() { cut -d' ' -f1 "$run/pids/$1" 2>/dev/null || :; }

alive() {
	[ -f "$run/pids/$1" ] || return 1
	read -r pid started booted <"$run/pids/$1" || return 1
	[ -n "$started" ] && [ "$booted" = "$(boot)" ] && [ "$(start_time "$pid")" = "$started" ] &&
		! grep -q '^State:.[ZX]' "/proc/$pid/status" 2>/dev/null
}

# group_left PGID: someone of this group still lives (zombies waiting for their parent do not count)
group_left() {
	cat /proc/[0-9]*/stat 2>/dev/null |
		awk -v g="$1" '{ sub(/^.*\) /, "") } $3 == g && $1 !~ /[ZX]/ { f = 1 } END { exit !f }'
}
group_gone() { ! group_left "$1"; }

# group_ours NAME: its master is there, or gone in this run of the machine: while one of a group is left, its number is nobody
# else's. A process that has the number now and began at another time is a stranger.
group_ours() {
	read -r pid started booted <"$run/pids/$1" || return 1
	[ -n "$started" ] && [ "$booted" = "$(boot)" ] || return 1
	case $(start_time "$pid") in '' | "$started") return 0 ;; esac
	return 1
}

# halt NAME SECONDS [SIGNAL]: TERM to the master, KILL to its whole group when the time is over
halt() {
	[ -f "$run/pids/$1" ] || return 0
	pid=$(pid_of "$1")
	starting=
	remember "halting_$1" yes
	if alive "$1"; then
		kill -s "${3:-TERM}" "$pid" 2>/dev/null || :
		wait_for "$2" part_gone "$1" || echo "  $1 did not end within $2 s: killed" >&2
		kill -s KILL "$pid" 2>/dev/null || :
	fi
	# children of a master that was killed end by themselves; those that do not are ended here
	if group_ours "$1" && ! wait_for 3 group_gone "$pid"; then
		kill -s KILL -- "-$pid" 2>/dev/null || :
		wait_for 3 group_gone "$pid" || :
	fi
	rm -f "$run/pids/$1"
	forget "halting_$1"
}
# ended_alone NAME: it was started, is gone, and nobody halts it or has, or has started it anew meanwhile
ended_alone() {
	was=$(cat "$run/pids/$1" 2>/dev/null) || return 1
	! alive "$1" && [ ! -f "$run/state/halting_$1" ] && [ "$(cat "$run/pids/$1" 2>/dev/null)" = "$was" ]
}
part_gone() { ! alive "$1"; }

# failed NAME WHAT: what its log calls errors (a database that crashes writes a long report behind them), its end, then out
failed() {
	{
		head -n -12 "$run/log/$1.log" | grep -aE '\[ERROR\]|got signal|[Aa]ssertion' | tail -n 6
		tail -n 12 "$run/log/$1.log"
	} | sed 's/^/    /' >&2
	die "$2 (whole log: $run/log/$1.log)"
}

# ---- ports ---------------------------------------------------------------------------------------

# port_taken PORT: somebody listens there (either family), or this house has chosen it for another part
port_taken() {
	case " ${relay_port:-} ${web_port:-} " in *" $1 "*) return 0 ;; esac
	awk -v p="$(printf '%04X' "$1")" '$4 == "0A" && substr($2, length($2) - 3) == p { f = 1 } END { exit !f }' \
		/proc/net/tcp /proc/net/tcp6 2>/dev/null
}

# a port below the range that the kernel gives to outgoing connections, so that none of those takes it
free_port() {
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		p=$((20000 + $(od -An -N2 -tu2 /dev/urandom) % 12000))
		port_taken $p || { echo $p; return 0; }
	done
	die "no free port found"
}

# port_wanted VARIABLE VALUE: VALUE, or a free one for 0; stops with the way out if it is taken
port_wanted() {
	case $2 in
	0) free_port; return ;;
	'' | *[!0-9]* | ??????*) die "$1 must be a port number, not '$2'" ;;
	esac
	! port_taken "$2" || die "port $2 is taken. Try another one: $1=0 (any free one) or $1=$(free_port)"
	echo "$2"
}

# http_status URL; whose certificate it is does not matter here
http_status() { curl -sk -o /dev/null -w '%{http_code}' --noproxy '*' --max-time 2 "$1"; }
answers() { [ "$(http_status "$1")" = "$2" ]; }
