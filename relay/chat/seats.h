/*
 * seats: the chat's side of each socket.
 *
 * Room: relay/chat. Called by chat, arrival, dispatch, commands, effects.
 */
#ifndef CHAT_SEATS_H
#define CHAT_SEATS_H

#include "hall.h"

/* A seat for a pending socket; becomes the socket's data. */
struct seat *seat_new(struct hall *h, struct sio_socket *s);
/* The socket is accepted as this user, who counts as connected from now on. */
void seat_set_user(struct seat *seat, struct slice user);
/* The socket is gone. Frees the seat unless commands of it are unanswered. */
void seat_leave(struct seat *seat);
/* Frees a seat whose socket is gone and whose line is empty; else does nothing. */
void seat_release(struct seat *seat);
/*
 * Stops or resumes the socket's reading as its line is full or half empty; and keeps its next commands back while its send
 * queue is over half full: what they bring comes back to their sender, who must not be cut off as slow for it.
 */
void seat_check_bounds(struct seat *seat);
/* Lets those go whose send queue has room again. Once a loop pass. */
void seats_let_go(struct hall *h);
/* Closes those that took nothing of a full send queue for as long as a pong may take. */
void seats_close_stuck(struct hall *h);

#endif
