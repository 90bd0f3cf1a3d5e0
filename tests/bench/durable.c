// objects: shared/buf.o tests/bench/lib/ws.o tests/bench/lib/cpu.o tests/bench/lib/db.o
/*
 * durable: what a message costs that is stored before it is acknowledged.
 *
 * 32 clients in 16 direct chats each send, wait for the ack, send again, against the whole house
 * (authorization, room, message and recipient rows, pushes to both sides). Beside it, in turns within the
 * same run, 32 plain connections each insert one bare row per commit into the same database, as fast as they
 * can: the message row alone, or a row of the plainest table that could hold one; with INSERT and COMMIT, or with
 * autocommit, where the row and its commit are one round trip; prepared, or once as text, which is how the server that
 * we replace talks to its database.
 */
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "lib/cpu.h"
#include "lib/db.h"
#include "lib/ws.h"

#define CLIENTS 32
#define TURNS 8            /* house, rows, house, rows: so that slow moments of the machine meet all */
#define LATENCIES 4000000
#define TEXT "¿Nos vemos a las 5 en la biblioteca? Llevo los apuntes de Bases de Datos."

struct client {
	struct ws ws;
	char *room;
	uint64_t sent_us;
	bool waiting;
	unsigned number;
	uint64_t last_id;  /* of the pushes heard: each room is heard once and in id order */
};

struct figures {
	uint64_t count;
	uint64_t us;
	struct cpu cpu;
};

static struct client clients[CLIENTS];
static int events;
static uint64_t until_us;
static unsigned waiting;
static uint64_t acked, pushed, misheard;
static uint32_t *latencies;

/* ---- the house ---- */

static void send_next(struct client *c)
{
	struct buf b = BUF_INIT;

	buf_putf(&b, "42[\"send_message\",{\"sala_uuid\":\"%s\",\"message\":\"" TEXT " (%u)\",\"sender_id\":\"%u\","
		 "\"timestamp\":\"2025-11-03T10:00:00.000Z\",\"type\":\"directo\",\"message_type\":\"texto\"}]",
		 c->room, c->number++, c->ws.user);
	c->sent_us = bench_now_us();
	c->waiting = true;
	waiting++;
	ws_send(&c->ws, buf_slice(&b));
	buf_fini(&b);
}

static void on_push(struct client *c, struct slice message)
{
	static const char mark[] = "\"mensaje_id\":\"";
	const char *at = memmem(message.p, message.n, mark, sizeof(mark) - 1);
	uint64_t id = at ? strtoull(at + sizeof(mark) - 1, NULL, 10) : 0;

	if (id <= c->last_id)
		misheard++;
	if (id <= c->last_id && misheard <= 4)
		fprintf(stderr, "bench: user %u heard message %llu after %llu\n", c->ws.user,
			(unsigned long long)id, (unsigned long long)c->last_id);
	if (id > c->last_id)
		c->last_id = id;
	pushed++;
}

static void on_message(void *ctx, struct ws *w, struct slice message)
{
	static const char ack[] = "42[\"ack\",{", push[] = "42[\"receive_message\",";
	struct client *c = w->owner;
	uint64_t now;

	(void)ctx;
	if (message.n > sizeof(push) && memcmp(message.p, push, sizeof(push) - 1) == 0) {
		on_push(c, message);
		return;
	}
	if (message.n < sizeof(ack) || memcmp(message.p, ack, sizeof(ack) - 1) != 0)
		return;
	if (!memmem(message.p, message.n, "\"status\":\"sent\"", 15))
		bench_die("a message was refused: %.*s", (int)message.n, message.p);
	now = bench_now_us();
	if (acked < LATENCIES)
		latencies[acked] = (uint32_t)(now - c->sent_us);
	acked++;
	waiting--;
	c->waiting = false;
	if (now < until_us)
		send_next(c);
}

static void open_clients(void)
{
	struct epoll_event e = { .events = EPOLLIN };
	char join[96], *joined;

	events = epoll_create1(EPOLL_CLOEXEC);
	for (unsigned i = 0; i < CLIENTS; i++) {
		struct client *c = &clients[i];

		ws_open(&c->ws, BENCH_FIRST_USER + i);
		c->ws.owner = c;
		snprintf(join, sizeof(join), "42[\"join_direct_chat\",{\"other_user_id\":\"%u\"}]",
			 BENCH_FIRST_USER + (i ^ 1));
		ws_send(&c->ws, slice_of(join));
		joined = ws_await(&c->ws, "42[\"direct_chat_joined\",");
		c->room = ws_text_of(joined, "sala_uuid");
		free(joined);
		e.data.ptr = c;
		epoll_ctl(events, EPOLL_CTL_ADD, c->ws.fd, &e);
	}
}

/* Answers what comes for so long; with `all` until nobody waits any more. */
static void serve(uint64_t end_us, bool all)
{
	struct epoll_event ready[CLIENTS];
	uint64_t now;
	int n;

	while ((now = bench_now_us()) < end_us && !(all && waiting == 0)) {
		n = epoll_wait(events, ready, CLIENTS, (int)((end_us - now) / 1000) + 1);
		for (int i = 0; i < n; i++)
			ws_read(&((struct client *)ready[i].data.ptr)->ws, on_message, NULL);
	}
}

static void house_turn(struct figures *f, uint64_t us)
{
	struct cpu before = cpu_now();
	uint64_t start = bench_now_us(), acked_before = acked;

	until_us = start + us;
	for (int i = 0; i < CLIENTS; i++)
		send_next(&clients[i]);
	serve(until_us + 10000000, true);
	if (waiting)
		bench_die("%u acks did not come within 10 s", waiting);
	f->count += acked - acked_before;
	f->us += bench_now_us() - start;
	cpu_add(&f->cpu, cpu_between(before, cpu_now()));
}

/* ---- the bare rows ---- */

/*
 * What a connection inserts: a row of the message table alone (its columns, keys and foreign keys, each writer in a
 * room of its own, as each client is its own person), or one of the plainest table that could hold a message.
 */
struct rival {
	const char *name;
	bool message, text;
	bool commits;        /* by a COMMIT of its own behind each row, as programs do that keep transactions */
	struct figures figures;
};

static struct rival rivals[] = {
	{ "message row, INSERT as text, COMMIT", true, true, true, { 0 } },
	{ "message row, INSERT prepared, COMMIT", true, false, true, { 0 } },
	{ "message row, prepared, autocommit", true, false, false, { 0 } },
	{ "uuid and text, INSERT prepared, COMMIT", false, false, true, { 0 } },
	{ "uuid and text, prepared, autocommit", false, false, false, { 0 } },
};
#define RIVALS (sizeof(rivals) / sizeof(rivals[0]))

#define PLAIN_ROW "INSERT INTO bench_filas (uuid, contenido) VALUES (?, ?)"
#define MESSAGE_ROW(uuid, text, room, person) \
	"INSERT INTO bench_mensajes (mensaje_uuid, contenido, sala_chat_id, remitente_id, tipo_mensaje, metadatos," \
	" enviado_en) VALUES (" uuid ", " text ", " room ", " person ", 'texto'," \
	" '{\"client_timestamp\":\"2025-11-03T10:00:00.000Z\",\"tipo\":\"directo\"}', CURRENT_TIMESTAMP)"

struct writer {
	pthread_t thread;
	MYSQL *db;
	MYSQL_STMT *stmt;
	const struct rival *rival;
	unsigned number;
	char uuid[37];
	uint64_t room, person;
	uint64_t count;
};

static void prepare(struct writer *w)
{
	static char text[] = TEXT;
	const char *sql = w->rival->message ? MESSAGE_ROW("?", "?", "?", "?") : PLAIN_ROW;
	MYSQL_BIND in[] = {
		{ .buffer_type = MYSQL_TYPE_STRING, .buffer = w->uuid, .buffer_length = sizeof(w->uuid) - 1 },
		{ .buffer_type = MYSQL_TYPE_STRING, .buffer = text, .buffer_length = sizeof(text) - 1 },
		{ .buffer_type = MYSQL_TYPE_LONGLONG, .buffer = &w->room },
		{ .buffer_type = MYSQL_TYPE_LONGLONG, .buffer = &w->person },
	};

	w->stmt = mysql_stmt_init(w->db);
	if (mysql_stmt_prepare(w->stmt, sql, strlen(sql)) != 0 || mysql_stmt_bind_param(w->stmt, in) != 0)
		bench_die("database: %s", mysql_stmt_error(w->stmt));
}

static void *write_rows(void *arg)
{
	struct writer *w = arg;

	while (bench_now_us() < until_us) {
		/* random, as programs draw them */
		snprintf(w->uuid, sizeof(w->uuid), "%08x-%04x-5000-8000-%012llx", (unsigned)random(), w->number,
			 (unsigned long long)bench_now_us() & 0xffffffffffffull);
		if (w->rival->text)
			db_run(w->db, MESSAGE_ROW("'%s'", "'" TEXT "'", "%llu", "%llu"), w->uuid,
			       (unsigned long long)w->room, (unsigned long long)w->person);
		else if (mysql_stmt_execute(w->stmt) != 0)
			bench_die("database: %s", mysql_stmt_error(w->stmt));
		if (w->rival->commits && mysql_commit(w->db) != 0)
			bench_die("database: %s", mysql_error(w->db));
		w->count++;
	}
	return NULL;
}

static void rows_turn(struct writer writers[CLIENTS], struct rival *r, uint64_t us)
{
	struct cpu before = cpu_now();
	uint64_t start;

	for (int i = 0; i < CLIENTS; i++) {
		writers[i].rival = r;
		mysql_autocommit(writers[i].db, !r->commits);
		prepare(&writers[i]);
	}
	start = bench_now_us();
	until_us = start + us;
	for (int i = 0; i < CLIENTS; i++) {
		writers[i].count = 0;
		if (pthread_create(&writers[i].thread, NULL, write_rows, &writers[i]) != 0)
			bench_die("no more threads");
	}
	for (int i = 0; i < CLIENTS; i++) {
		pthread_join(writers[i].thread, NULL);
		mysql_stmt_close(writers[i].stmt);
		r->figures.count += writers[i].count;
	}
	r->figures.us += bench_now_us() - start;
	cpu_add(&r->figures.cpu, cpu_between(before, cpu_now()));
}

static void drop_tables(MYSQL *db)
{
	db_run(db, "DROP TABLE IF EXISTS bench_filas, bench_mensajes");
}

static void open_writers(MYSQL *db, struct writer writers[CLIENTS])
{
	char sql[160];

	drop_tables(db);
	db_run(db, "CREATE TABLE bench_filas (id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY, uuid VARCHAR(36) NOT NULL, "
	       "contenido TEXT, UNIQUE KEY (uuid)) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci");
	db_run(db, "CREATE TABLE bench_mensajes LIKE mensajes");
	db_run(db, "ALTER TABLE bench_mensajes ADD FOREIGN KEY (sala_chat_id) REFERENCES salas_chat (id), "
	       "ADD FOREIGN KEY (remitente_id) REFERENCES usuarios (id)");
	for (unsigned i = 0; i < CLIENTS; i++) {
		/* 32 rooms of their own: no two writers lock the same row */
		db_run(db, "INSERT IGNORE INTO salas_chat (sala_uuid, tipo_sala) VALUES (CONCAT('bench-', %u), 'grupal')", i);
		snprintf(sql, sizeof(sql), "SELECT id FROM salas_chat WHERE sala_uuid = CONCAT('bench-', %u)", i);
		writers[i] = (struct writer){ .db = db_open(), .number = i, .room = db_number(db, sql),
					      .person = BENCH_FIRST_USER + i };
	}
}

/* ---- the result ---- */

static int by_size(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

static double a_second(const struct figures *f)
{
	return (double)f->count * 1e6 / (double)f->us;
}

static void print_rival(const struct rival *r, const struct figures *house)
{
	const struct figures *f = &r->figures;

	printf("  bare rows     %8.0f commits/s    ratio %5.2f    %s; database %.0f us of CPU a row\n", a_second(f),
	       a_second(house) / a_second(f), r->name, (double)f->cpu.database / (f->count ? (double)f->count : 1));
}

static void print(const struct figures *house)
{
	uint64_t n = acked < LATENCIES ? acked : LATENCIES;
	double h = house->count ? (double)house->count : 1;

	qsort(latencies, n, sizeof(*latencies), by_size);
	printf("durable: %d clients that send, wait for the ack, send again; beside them %d plain connections\n", CLIENTS,
	       CLIENTS);
	printf("  whole house   %8.0f messages acked/s   (%llu in %.1f s, ack p50 %.1f ms, p99 %.1f ms)\n",
	       a_second(house), (unsigned long long)house->count, (double)house->us / 1e6,
	       n ? latencies[n / 2] / 1e3 : 0, n ? latencies[n * 99 / 100] / 1e3 : 0);
	printf("  CPU a message %8.0f us: relay %.0f, workers %.0f, database %.0f\n",
	       (double)(house->cpu.relay + house->cpu.workers + house->cpu.database) / h, (double)house->cpu.relay / h,
	       (double)house->cpu.workers / h, (double)house->cpu.database / h);
	for (size_t i = 0; i < RIVALS; i++)
		print_rival(&rivals[i], house);
}

int main(void)
{
	struct figures house = { 0 };
	struct writer writers[CLIENTS];
	uint64_t turn_us = bench_number("BENCH_SECONDS", 10) * 1000000ull / TURNS, stored;
	MYSQL *db = db_open();
	char sql[160];

	latencies = mem_alloc(LATENCIES * sizeof(*latencies));
	db_people(db, CLIENTS);
	open_writers(db, writers);
	open_clients();
	snprintf(sql, sizeof(sql), "SELECT COUNT(*) FROM mensajes WHERE remitente_id >= %u AND remitente_id < %u",
		 BENCH_FIRST_USER, BENCH_FIRST_USER + CLIENTS);
	stored = db_number(db, sql);
	for (int i = 0; i < TURNS; i++) {
		house_turn(&house, turn_us);
		for (size_t k = 0; k < RIVALS; k++)
			rows_turn(writers, &rivals[k], turn_us);
		serve(bench_now_us() + 200000, false); /* pings and late pushes of the turn */
	}
	print(&house);
	stored = db_number(db, sql) - stored;
	printf("  checked       %8llu rows stored, %llu pushes heard\n", (unsigned long long)stored,
	       (unsigned long long)pushed);
	drop_tables(db);
	if (stored != acked)
		bench_die("%llu acked but %llu stored", (unsigned long long)acked, (unsigned long long)stored);
	if (pushed != 2 * acked || misheard)
		bench_die("%llu acked but %llu pushes heard instead of two each, %llu of them twice or out of order",
			  (unsigned long long)acked, (unsigned long long)pushed, (unsigned long long)misheard);
	return 0;
}
