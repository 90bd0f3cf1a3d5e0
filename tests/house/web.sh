# shellcheck shell=sh
# The private web server of a house: Apache or nginx with the shipped files of apache-conf/, included as they
# are by a complete configuration that is made from a template. Read (".") by house.sh.

# can_read PATH: the user whom the web server's children run as
can_read() {
	if [ -z "$web_user" ]; then
		[ -r "$1" ]
	else
		as_web_user test -r "$1"
	fi
}

# visible SOURCE PROBE NAME: prints a folder that the web server can serve: SOURCE itself, or a copy of it
visible() {
	if can_read "$1/$2"; then
		echo "$1"
		return 0
	fi
	rm -rf "${web:?}/$3"
	cp -R "$1" "$web/$3"
	chmod -R a+rX "$web/$3"
	echo "$web/$3"
}

web_folder() {
	mkdir -p "$web"
	[ -z "$web_user" ] || chgrp "$web_user" "$web"
	chmod 750 "$web"
}

# for the doors that Apache starts by itself: the program with its settings beside it
web_api_folder() {
	mkdir -p "$web/api"
	cp "$api_bin" "$web/api/upred-api"
	{
		in_program_env env |
			grep -E '^(RUN_DIR|DB_(PORT|NAME|USER|PASSWORD)|AUTH_MODE|SECRET_KEY|SECRET_KEY_FILE|RECIPIENT_ROWS_MAX|UPRED_ENV|FLASK_ENV|RATE_LIMITS|CORS_ALLOWED_ORIGINS|LOG_LEVEL|FEED_HOLE_S)=' |
			sed "s/[\\\\']/\\\\&/g; s/=/='/; s/\$/'/"   # in quotes: a blank with # ends a bare value
		echo DB_HOST=127.0.0.1
	} >"$web/api/.env"
	[ -z "$web_user" ] || chown -R "root:$web_user" "$web/api"
	# they signal the relay by themselves
	[ -z "$web_user" ] || { chgrp -R "$web_user" "$bus" && chmod g+s "$bus"; }
	chmod 750 "$web/api" "$web/api/upred-api"
	chmod 640 "$web/api/.env"
}

# a relay that speaks TLS (SSL_KEY_FILE) is for clients that come straight to it; here the shipped files are told so as the
# README says
web_conf_tls() {
	rm -rf "$web/conf"
	mkdir -p "$web/conf"
	cp -R "${CONF:-$top}/apache-conf" "$web/conf/"
	sed -i 's|http://upred_relay|https://upred_relay|' "$web/conf/apache-conf/nginx.conf"
	cat >>"$web/conf/apache-conf/mpm.conf" <<-END
		LoadModule ssl_module /usr/lib/apache2/modules/mod_ssl.so
		Define UPRED_RELAY_TLS
	END
	CONF=$web/conf
}

web_conf() {
	[ -z "${SSL_KEY_FILE:-}" ] || web_conf_tls
	www=$(visible "${WWW:-$top/www}" index.html www)
	npm=$top/tests/node_modules/socket.io-client-4/dist
	if [ -n "${WWW:-}" ] && [ -d "$WWW/vendor/socket.io" ]; then
		npm=$www/vendor/socket.io
	else
		npm=$(visible "$npm" socket.io.esm.min.js npm)
	fi
	sed -e "s|@PORT@|$web_port|g" -e "s|@RUN@|$web|g" -e "s|@TOP@|${CONF:-$top}|g" \
		-e "s|@RELAY_PORT@|$relay_port|g" -e "s|@API_SOCKET@|$web/api.sock|g" \
		-e "s|@WWW@|$www|g" -e "s|@NPM@|$npm|g" -e "s|@API_FOLDER@|$web/api|g" \
		"$top/apache-conf/private-${WEB%%-*}.conf" >"$web/${WEB%%-*}.conf"
}

web_launch() {
	web_conf
	rm -f "$web/nginx-token.conf" "$web/apache.pid"
	case $WEB in
	apache*)
		set -- apache2 -f "$web/apache.conf" -D FOREGROUND
		[ "${UPRED_ENV:-${FLASK_ENV:-development}}" = production ] || set -- "$@" -D UPRED_DEVELOPMENT
		case $WEB in
		*-fcgid) set -- "$@" -D UPRED_FCGID ;;
		*-cgid) set -- "$@" -D UPRED_CGID ;;
		esac
		[ "$WEB" = apache ] || web_api_folder
		[ "${AUTH_MODE:-open}" != token ] || set -- "$@" -D UPRED_AUTH_TOKEN ;;
	nginx)
		set -- nginx -e "$web/nginx-error.log" -c "$web/nginx.conf"
		[ "${AUTH_MODE:-open}" != token ] || cp "$top/apache-conf/nginx-token.conf" "$web/" ;;
	esac
	(cd "$web" && launch web "$@")
	starting=web
}

web_ready() {
	answers "http://127.0.0.1:$web_port/" 200 && answers "http://127.0.0.1:$web_port/estado" 200 &&
		answers "http://127.0.0.1:$web_port/api/mensajes/salas" 401
}

web_log() {
	for f in "$web/${WEB%%-*}"-error.log; do
		[ ! -f "$f" ] || tail -n 12 "$f" >>"$run/log/web.log"
	done
}

web_start() {
	step_begin
	remember web_port "$web_port"
	web_launch
	wait_for 20 web_ready || { web_log; failed web "the web server did not answer as it should"; }
	step_end "web server ($WEB, port $web_port)"
}
