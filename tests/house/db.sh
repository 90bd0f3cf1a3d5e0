# shellcheck shell=sh
# The private database of a house: MariaDB with data, socket and port of its own, no system service touched.
# Read (".") by house.sh. Users: the programs' (SELECT, INSERT, UPDATE) and an admin of DB_NAME, both by
# socket and by TCP on 127.0.0.1; root comes in by its operating-system user alone.

db_init() {
	db=$run/db
	db_socket=$db/db.sock
	[ -z "$short" ] || db_socket=$short/db.sock
	db_name=$(recall db_name "${DB_NAME:-upred_db}")
	db_user=upred_push
	db_admin=upred_admin
	case $db_name in
	'' | *[!A-Za-z0-9_]*) die "DB_NAME may have letters, digits and _ only in a private house, not '$db_name'" ;;
	esac
}

db_make() {
	rm -rf "$db"
	mkdir -p "$db"
	# (from inside: the script cannot take a path with blanks; --force: this host need not resolve its own name;
	# TMPDIR: a server that starts removes what it finds of others' temporary tables)
	set -- --no-defaults --force --datadir=./data --skip-test-db --auth-root-authentication-method=socket \
		--auth-root-socket-user="$(id -un)"
	[ "$(id -u)" != 0 ] || set -- "$@" --user=root
	(cd "$db" && TMPDIR=$db mariadb-install-db "$@") >"$run/log/db-install.log" 2>&1 ||
		{ rm -rf "$db"; failed db-install "the database could not be created"; }
	remember db_name "$db_name"
	remember db_password "$(secret)"
	remember db_admin_password "$(secret)"
	forget db_loaded
}

db_launch() {
	set -- --no-defaults --datadir="$db/data" --socket="$db_socket" --port="$db_port" \
		--bind-address=127.0.0.1 --pid-file="$db/db.pid" --tmpdir="$db/data" --skip-name-resolve \
		--skip-log-bin --character-set-server=utf8mb4 --collation-server=utf8mb4_unicode_ci \
		--max-connections=500 --innodb-buffer-pool-size=192M --innodb-log-file-size=96M
	[ "$(id -u)" != 0 ] || set -- "$@" --user=root
	(cd "$db" && launch db mariadbd "$@")
	starting=db
}

# A server that has not answered yet may take no notice of TERM; InnoDB is made to be killed then.
db_halt() {
	halt db "$([ -z "$(recall db_answered '')" ] && echo 5 || echo 60)"
	rm -f "$run/db/db.sock"
}

db_root() { mariadb --no-defaults --socket="$db_socket" --user="$(id -un)" "$@"; }
db_admin() {
	MYSQL_PWD=$(recall db_admin_password '') mariadb --no-defaults --socket="$db_socket" --user=$db_admin \
		--default-character-set=utf8mb4 "$db_name" "$@"
}

db_start() {
	step_begin
	if [ ! -f "$run/state/db_password" ] || [ ! -d "$db/data/mysql" ]; then
		db_make
		step_end 'database created'
		step_begin
	fi
	db_port=$(recall db_port '')
	{ [ -n "$db_port" ] && ! port_taken "$db_port"; } || db_port=$(free_port)
	remember db_port "$db_port"
	forget db_answered
	db_launch
	wait_for 60 db_root -e 'SELECT 1' || failed db "the database did not start"
	remember db_answered yes
	step_end "database (port $db_port, own socket)"
	db_load
}

# users and tables; again only when one of the files has changed (each may run twice without harm)
db_load() {
	stamp=$(cat "$top"/sql/*.sql "$top/tests/house/db.sh" | cksum)
	[ "$(recall db_loaded '')" != "$stamp" ] || return 0
	step_begin
	{
		echo "CREATE DATABASE IF NOT EXISTS \`$db_name\` CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci;"
		for host in localhost 127.0.0.1; do
			echo "CREATE OR REPLACE USER '$db_user'@'$host' IDENTIFIED BY '$(recall db_password '')';"
			echo "GRANT SELECT, INSERT, UPDATE ON \`$db_name\`.* TO '$db_user'@'$host';"
			echo "CREATE OR REPLACE USER '$db_admin'@'$host' IDENTIFIED BY '$(recall db_admin_password '')';"
			echo "GRANT ALL ON \`$db_name\`.* TO '$db_admin'@'$host';"
		done
	} | db_root >"$run/log/db-load.log" 2>&1 || failed db-load "the database's users could not be made"
	for f in setup_database indexes demo; do
		[ -f "$top/sql/$f.sql" ] || continue
		db_admin <"$top/sql/$f.sql" >"$run/log/db-load.log" 2>&1 || failed db-load "sql/$f.sql was refused"
	done
	remember db_loaded "$stamp"
	step_end 'tables and demo campus'
}
