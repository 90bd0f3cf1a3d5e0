/*
 * door_fcgi: REST for web servers, by FastCGI and by CGI.
 *
 * Room: fcgi-api. Called by main.
 */
#ifndef DOOR_FCGI_H
#define DOOR_FCGI_H

#include "settings.h"

/*
 * Master with its own listener on FCGI_SOCKET (or systemd's) and a pool of workers, until SIGTERM. The exit
 * code.
 */
int door_fcgi(const struct settings *s);
/* One worker on the listener that is descriptor 0. */
int door_fcgi_stdin(const struct settings *s);
/* One request by the environment, standard input and standard output. */
int door_cgi(const struct settings *s);

#endif
