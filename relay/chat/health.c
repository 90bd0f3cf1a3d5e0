/*
 * health: figures for people and machines.
 *
 * Room: relay/chat. Calls bus, socketio, presence.
 */
#include "health.h"

#include "presence.h"

#define AWAY_MS 3000               /* longer than a worker that dies with a question is missed */

bool health_ready(const struct hall *h)
{
	return h->feed_ready && !h->draining && bus_alive(h->bus);
}

/* What /readyz says. A handshake does not ask for so much: a session can wait for the database. */
static bool serves(const struct hall *h)
{
	bool away = h->feed_told_ms && eio_loop_now_ms(h->loop) - h->feed_swept_ms > AWAY_MS;

	return health_ready(h) && !away;
}

static void metric(struct buf *b, const char *type, const char *name, const char *help, uint64_t value)
{
	buf_putf(b, "# HELP upred_relay_%s %s\n# TYPE upred_relay_%s %s\nupred_relay_%s %llu\n",
		name, help, name, type, name, (unsigned long long)value);
}

#define GAUGE(name, help, value) metric(b, "gauge", name, help, value)
#define COUNTER(name, help, value) metric(b, "counter", name, help, value)

/* One family for each layer, by the names of the table in socketio.3. */
static void put_refused(struct buf *b, const struct sio_stats *s)
{
	buf_puts(b, "# HELP upred_relay_transport_refused_total Refused by the transport, by reason.\n"
		"# TYPE upred_relay_transport_refused_total counter\n");
	for (int i = 0; i < EIO_REFUSALS; i++)
		buf_putf(b, "upred_relay_transport_refused_total{reason=\"%s\"} %llu\n", eio_refusal_name(i),
			(unsigned long long)s->transport.refused[i]);
	buf_puts(b, "# HELP upred_relay_socketio_refused_total Refused by Socket.IO, by reason.\n"
		"# TYPE upred_relay_socketio_refused_total counter\n");
	for (int i = 0; i < SIO_REFUSALS; i++)
		buf_putf(b, "upred_relay_socketio_refused_total{reason=\"%s\"} %llu\n", sio_refusal_name(i),
			(unsigned long long)s->refused[i]);
}

static void put_transport(const struct hall *h, struct buf *b)
{
	struct sio_stats s;
	const struct eio_stats *t = &s.transport;

	sio_server_stats(h->server, &s);
	GAUGE("sessions", "Engine.IO sessions open.", t->sessions);
	GAUGE("connections", "TCP connections open.", t->connections);
	GAUGE("connections_capacity", "TCP connections this process can hold.", t->capacity);
	GAUGE("send_queues_bytes", "Bytes that wait for clients to read.", t->bytes_waiting);
	GAUGE("sockets", "Socket.IO sockets, those included that wait to be accepted.", s.sockets);
	GAUGE("rooms", "Rooms with somebody in them, or with somebody who was cut and may come back.", s.rooms);
	GAUGE("recovery_waiting", "Sessions that were cut and may come back.", s.away);
	COUNTER("recovered_total", "Sessions that came back and were recovered.", s.recovered);
	COUNTER("sessions_opened_total", "Engine.IO sessions opened.", t->sessions_opened);
	COUNTER("connections_accepted_total", "TCP connections accepted.", t->connections_accepted);
	COUNTER("requests_total", "HTTP requests.", t->requests);
	COUNTER("bad_requests_total", "HTTP requests refused as malformed.", t->bad_requests);
	COUNTER("refused_full_total", "Connections refused because the server was full.",
		t->refused[EIO_REFUSED_CONNECTIONS] + t->refused[EIO_REFUSED_SESSIONS]);
	COUNTER("refused_address_total", "Refused: too many of one address.",
		t->refused[EIO_REFUSED_CONNECTIONS_ADDRESS] + t->refused[EIO_REFUSED_SESSIONS_ADDRESS]);
	COUNTER("refused_handshake_total", "Handshakes refused with 503.", t->refused[EIO_REFUSED_BUSY]);
	COUNTER("refused_origin_total", "Handshakes of origins that are not allowed.", t->refused[EIO_REFUSED_ORIGIN]);
	COUNTER("messages_in_total", "Engine.IO messages received.", t->messages_in);
	COUNTER("messages_out_total", "Engine.IO messages sent.", t->messages_out);
	COUNTER("bytes_in_total", "Bytes received.", t->bytes_in);
	COUNTER("bytes_out_total", "Bytes sent.", t->bytes_out);
	COUNTER("frames_encoded_total", "Frames encoded.", t->frames_encoded);
	COUNTER("frames_queued_total", "References to frames put into queues.", t->frames_queued);
	COUNTER("upgrades_total", "Upgrades from polling to WebSocket.", t->upgrades);
	COUNTER("upgrade_failures_total", "Upgrades that failed.", t->upgrade_failures);
	COUNTER("ping_timeouts_total", "Sessions ended by a missing pong.", t->refused[EIO_REFUSED_PONG]);
	COUNTER("parse_errors_total", "Sessions ended by a malformed packet.", t->parse_errors);
	COUNTER("slow_closed_total", "Sessions ended because their queue was full.", t->refused[EIO_REFUSED_QUEUE]);
	COUNTER("body_timeouts_total", "Request bodies that came too slowly.", t->refused[EIO_REFUSED_BODY_SLOW]);
	COUNTER("header_timeouts_total", "Request headers that came too slowly.", t->refused[EIO_REFUSED_HEAD_SLOW]);
	COUNTER("tls_handshakes_begun_total", "TLS handshakes begun.", t->tls_begun);
	COUNTER("tls_handshakes_total", "TLS handshakes completed.", t->tls_completed);
	COUNTER("tls_clear_total", "Peers who did not speak TLS to a port that does.", t->tls_clear);
	COUNTER("connects_total", "Socket.IO sockets accepted.", s.connects);
	COUNTER("connect_errors_total", "Socket.IO sockets refused.", s.connect_errors);
	COUNTER("events_in_total", "Events received.", s.events_in);
	COUNTER("packets_bad_total", "Socket.IO packets refused.", s.packets_bad);
	COUNTER("broadcasts_total", "Pushes to rooms.", s.pushes);
	COUNTER("broadcasts_encoded_total", "Encodings made for pushes to rooms.", s.broadcasts_encoded);
	COUNTER("deliveries_total", "Sockets reached by pushes to rooms.", s.deliveries);
	put_refused(b, &s);
}

static void put_bus(const struct hall *h, struct buf *b)
{
	struct bus_stats s;

	bus_stats(h->bus, &s);
	GAUGE("workers", "Workers known.", s.workers);
	GAUGE("workers_idle", "Workers waiting for a job.", s.idle);
	GAUGE("workers_no_database", "Workers that met no database within the last seconds.", s.resting);
	GAUGE("jobs_out", "Jobs given and not answered.", s.jobs_out);
	COUNTER("jobs_total", "Jobs given.", s.jobs);
	COUNTER("jobs_again_total", "Jobs given again because they never arrived.", s.jobs_again);
	COUNTER("jobs_lost_total", "Jobs without an answer in time.", s.jobs_lost);
	COUNTER("job_commands_total", "Commands in jobs.", s.commands);
	COUNTER("answers_total", "Answers to commands.", s.answers);
	COUNTER("answers_late_total", "Answers of jobs that were lost before.", s.answers_late);
	COUNTER("answers_foreign_total", "Answers meant for an earlier relay.", s.answers_foreign);
	COUNTER("signals_total", "Signals received.", s.signals);
	COUNTER("bus_malformed_total", "Bus messages dropped as malformed.", s.malformed);
	COUNTER("workers_died_total", "Workers that ended.", s.workers_died);
}

static void put_chat(const struct hall *h, struct buf *b)
{
	const struct hall_stats *s = &h->stats;

	GAUGE("up_seconds", "Seconds since the start.", (eio_loop_now_ms(h->loop) - h->started_ms) / 1000);
	GAUGE("ready", "1 when new clients are served.", serves(h));
	GAUGE("users", "People with at least one socket.", presence_connected(h));
	GAUGE("commands_waiting", "Commands not answered yet.", h->lines.count);
	GAUGE("commands_waiting_bytes", "The same in bytes, without CONNECTs.", h->lines.bytes);
	GAUGE("connects_waiting_bytes", "Bytes of the CONNECTs not answered yet.", h->lines.arriving);
	GAUGE("feed_high_id", "Greatest message id seen.", holes_high(h->holes));
	GAUGE("feed_holes", "Ranges of ids that may still appear.", holes_count(h->holes));
	COUNTER("feed_holes_dropped_total", "Ranges forgotten, the list was full.", holes_dropped(h->holes));
	COUNTER("commands_total", "Commands taken.", s->commands);
	COUNTER("refused_total", "Events refused by the relay itself.", s->refused);
	COUNTER("refused_by_handlers_total", "Events refused by the handlers.", s->refused_answers);
	COUNTER("refused_fast_total", "Events refused as too fast.", s->refused_fast);
	COUNTER("refused_full_waiting_total", "Events refused, too much waiting.", s->refused_full);
	COUNTER("unavailable_total", "Events answered as unavailable.", s->unavailable);
	COUNTER("unknown_events_total", "Events that are none of ours.", s->unknown_events);
	COUNTER("commands_retried_total", "Second attempts.", s->retried);
	COUNTER("commands_lost_total", "Commands that a worker had and did not answer.", s->lost);
	COUNTER("arrivals_total", "Clients that asked to connect.", s->arrivals);
	COUNTER("arrivals_accepted_total", "Of them accepted.", s->arrivals_accepted);
	COUNTER("arrivals_refused_total", "Of them refused for good.", s->arrivals_refused);
	COUNTER("arrivals_closed_total", "Of them sent away for a while.", s->arrivals_closed);
	COUNTER("expired_total", "Sockets whose token expired.", s->expired);
	COUNTER("dismissed_total", "People who may no longer connect.", s->dismissed);
	COUNTER("removed_total", "Sockets taken out of a group they are no longer in.", s->removed);
	COUNTER("pushes_total", "Pushes applied.", s->pushes);
	COUNTER("pushes_known_total", "Message pushes dropped as pushed before.", s->pushes_known);
	COUNTER("pushes_late_total", "Message pushes of answers that came late.", s->pushes_late);
	COUNTER("answers_held_total", "Times that answers waited for an older job.", s->held);
	COUNTER("answers_doubtful_total", "Answers that waited for the feed, behind a send whose outcome nobody knew.", s->doubtful);
	COUNTER("jobs_slow_total", "Send jobs that were no longer waited for.", s->slow_jobs);
	COUNTER("feed_sweeps_total", "Sweeps over new rows.", s->sweeps);
	COUNTER("feed_sweeps_failed_total", "Sweeps and fetches without an answer.", s->sweeps_failed);
	COUNTER("feed_marks_failed_total", "Times that feed.mark could not be written.", s->marks_failed);
	COUNTER("handovers_bad_total", "Handovers that could not be used.", s->handovers_bad);
	COUNTER("feed_rows_total", "Rows that sweeps brought.", s->rows);
	COUNTER("feed_fetched_total", "Rows that the feed had to fetch.", s->fetched);
	COUNTER("feed_rests_total", "Times that the feed waited for a room's slow hearers.", s->rested);
	COUNTER("feed_went_back_total", "Times that the table went back.", s->went_back);
	GAUGE("online", "People who are online, grace included.", presence_online(h));
	COUNTER("typing_total", "Words about who is writing that were passed on.", s->typing);
	COUNTER("presence_notices_total", "Rooms told that somebody is online, or no more.", s->notices);
	COUNTER("stuck_closed_total", "Sockets closed because they took nothing of what waited.", s->stuck);
	COUNTER("members_asked_total", "Memberships checked.", s->members_asked);
}

void health_request(struct hall *h, const struct eio_request *q, struct eio_response *r)
{
	r->status = 200;
	r->content_type = "application/json; charset=utf-8";
	/* the guide's object is for everybody; the rest for whoever runs this */
	r->same_origin = !slice_is(q->path, "/");
	if (q->method.n == 0) {
		buf_puts(&r->body, "{\"detail\":\"Método no permitido\",\"code\":\"method_not_allowed\"}");
	} else if (slice_is(q->path, "/")) {
		buf_putf(&r->body, "{\"status\":\"ok\",\"service\":\"websocket_upred\","
			"\"database\":\"MySQL\",\"connected_users\":%zu}", presence_connected(h));
	} else if (slice_is(q->path, "/healthz")) {
		buf_puts(&r->body, "{\"status\":\"ok\"}");
	} else if (slice_is(q->path, "/readyz")) {
		bool ready = serves(h);

		r->status = ready ? 200 : 503;
		r->retry_after = ready ? NULL : "2";
		buf_puts(&r->body, ready ? "{\"status\":\"ready\"}" : "{\"status\":\"waiting\"}");
	} else if (slice_is(q->path, "/metrics") && (q->aside || !h->config.metrics_aside)) {
		r->content_type = "text/plain; version=0.0.4; charset=utf-8";
		put_transport(h, &r->body);
		put_bus(h, &r->body);
		put_chat(h, &r->body);
	} else {
		r->status = 404;
		buf_puts(&r->body, "{\"detail\":\"No encontrado\",\"code\":\"not_found\"}");
	}
}
