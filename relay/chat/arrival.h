/*
 * arrival: who knocks, and who leaves.
 *
 * Room: relay/chat. Called by chat.
 */
#ifndef CHAT_ARRIVAL_H
#define CHAT_ARRIVAL_H

#include "hall.h"

/* A client asks to connect: its CONNECT becomes a command, the handler's answer accepts or refuses. */
void arrival_connect(struct hall *h, struct sio_socket *s, struct slice auth);
/* A socket is gone, accepted or not. */
void arrival_leave(struct hall *h, struct sio_socket *s, const char *reason);

#endif
