#!/bin/sh
# The Debian packages of "make run" and "make test", or only those of "make" and "make install". Knocked at by the
# Makefile before the build.
#   packages.sh build|run|test     installs what is missing (root), or says the exact line and stops
#   packages.sh list build|run|test
# Only packages that start no service are taken; nginx, which would, is kept quiet. Nothing is ever removed for them:
# MySQL's own server and MariaDB's exclude each other, and "build" takes neither.
set -eu

build='gcc libc6-dev make pkg-config libwebsockets-dev libwebsockets-evlib-ev libev-dev libnanomsg-dev
	uuid-dev libssl-dev libfcgi-dev libmariadb-dev libjwt-dev uthash-dev'
house='mariadb-server-core mariadb-client-core curl ca-certificates'
tests='apache2-bin libapache2-mod-fcgid nginx clang libclang-rt-14-dev libcmocka-dev libcjson-dev mandoc
	universal-ctags chromium fonts-dejavu-core
	python3-socketio python3-websocket python3-requests python3-aiohttp'

installed() { dpkg-query -W -f='${db:Status-Abbrev}|' "$1" 2>/dev/null | grep -q '^.i'; }

list() {
	# Oracle's headers are as good, and the two exclude each other
	! installed libmysqlclient-dev || build=$(echo $build | sed 's/libmariadb-dev//')
	case $1 in
	build) echo $build ;;
	run)
		case ${WEB:-apache} in
		nginx) web=nginx ;;
		apache-fcgid) web='apache2-bin libapache2-mod-fcgid' ;;
		*) web=apache2-bin ;;
		esac
		echo $build $house $web ;;
	test) echo $build $house $tests ;;
	*) echo "usage: packages.sh build|run|test" >&2; exit 2 ;;
	esac
	# a node that did not come from Debian is as good
	command -v node >/dev/null 2>&1 || echo nodejs
	command -v npm >/dev/null 2>&1 || echo npm
}

missing() {
	have=" $(dpkg-query -W -f='${db:Status-Abbrev}|${Package} ' "$@" 2>/dev/null || :)"
	for p in "$@"; do
		# installed, whatever else is wanted with it: "hi" is one that is held back
		case $have in *" "?"i |$p "*) ;; *) printf '%s ' "$p" ;; esac
	done
}

install() {
	apt-get install -y --no-remove --no-install-recommends -o DPkg::Lock::Timeout=300 "$@" >"$log" 2>&1 </dev/null
}

if [ "$1" = list ]; then
	list "$2" | tr '\n' ' '
	echo
	exit 0
fi
want=$(list "$1")
if ! command -v dpkg-query >/dev/null 2>&1; then
	echo "not a Debian: these packages, or what is called so here, must be there:" $want
	exit 0
fi
need=$(missing $want)
[ -n "$need" ] || exit 0
if [ "$(id -u)" != 0 ]; then
	echo "Debian packages are missing. Install them, then try again:" >&2
	# the package starts its server, and at each boot; ours is a private one
	case " $need" in *" nginx "*) echo "  sudo systemctl mask nginx" >&2 ;; esac
	echo "  sudo apt-get install --no-remove --no-install-recommends $need" >&2
	exit 1
fi

began=$(date +%s)
echo "installing $need"
export DEBIAN_FRONTEND=noninteractive
log=$(mktemp) policy=
cleanup() {
	rm -f "$log"
	[ -z "$policy" ] || rm -f "$policy"
}
trap cleanup EXIT
trap 'exit 130' INT TERM HUP
case " $need" in *" nginx "*)
	if [ ! -e /usr/sbin/policy-rc.d ]; then
		policy=/usr/sbin/policy-rc.d
		printf '#!/bin/sh\nexit 101\n' >$policy
		chmod 755 $policy
	fi ;;
esac
if ! install $need; then
	apt-get update >>"$log" 2>&1 </dev/null || :
	if ! install $need; then
		tail -n 15 "$log" >&2
		echo "the packages could not be installed; by hand:" >&2
		echo "  apt-get update && apt-get install --no-remove --no-install-recommends $need" >&2
		exit 1
	fi
fi
# our nginx is a private one: the machine's must not come up at the next boot on our account
if [ -n "$policy" ]; then
	systemctl disable nginx >/dev/null 2>&1 || :
fi
echo "packages installed ($(($(date +%s) - began)) s)"
