/*
 * test_store_plan: every statement of the store uses an index. Each is explained, with the values it is run
 * with, just before it runs: the client library's calls are wrapped. With indexes.sql in place.
 */
// objects: shared/buf.o shared/arena.o shared/ids.o shared/log.o shared/json_write.o fcgi-api/store/*.o
// ldflags: -Wl,--wrap=mysql_stmt_prepare,--wrap=mysql_stmt_bind_param,--wrap=mysql_stmt_execute,--wrap=mysql_real_query,--wrap=mysql_init
#include "campus.h"

#define STATEMENTS 300

static struct seen {
	MYSQL_STMT *stmt;
	char *text;
	MYSQL_BIND *binds;
} seen[STATEMENTS];
static size_t seen_count;
static MYSQL *watched;      /* the store's own session, known from its first statement */
static unsigned explained, together, faults;  /* together: questions that went as text */
static bool watching;

int __real_mysql_stmt_prepare(MYSQL_STMT *s, const char *text, unsigned long len);
__typeof__(mysql_stmt_bind_param(NULL, NULL)) __real_mysql_stmt_bind_param(MYSQL_STMT *s, MYSQL_BIND *binds);
int __real_mysql_stmt_execute(MYSQL_STMT *s);
int __wrap_mysql_stmt_prepare(MYSQL_STMT *s, const char *text, unsigned long len);
__typeof__(mysql_stmt_bind_param(NULL, NULL)) __wrap_mysql_stmt_bind_param(MYSQL_STMT *s, MYSQL_BIND *binds);
int __wrap_mysql_stmt_execute(MYSQL_STMT *s);

int __wrap_mysql_stmt_prepare(MYSQL_STMT *s, const char *text, unsigned long len)
{
	if (seen_count < STATEMENTS)
		seen[seen_count++] = (struct seen){ s, strndup(text, len), NULL };
	return __real_mysql_stmt_prepare(s, text, len);
}

static struct seen *seen_of(MYSQL_STMT *s)
{
	size_t i;

	for (i = seen_count; i-- > 0;) {
		if (seen[i].stmt == s)
			return &seen[i];
	}
	return NULL;
}

__typeof__(mysql_stmt_bind_param(NULL, NULL)) __wrap_mysql_stmt_bind_param(MYSQL_STMT *s, MYSQL_BIND *binds)
{
	struct seen *w = seen_of(s);

	if (w)
		w->binds = binds;  /* they live in the store until the statement runs */
	return __real_mysql_stmt_bind_param(s, binds);
}

/*
 * What a plan must not have. Tables of a handful of rows, derived ones and INSERT's own target do not count;
 * a sort is allowed where the result is small whatever the tables hold (my rooms, my unread, the authors of a
 * room).
 */
static bool plan_row_is_bad(const char *text, const char *table, const char *type, const char *key,
			    const char *extra)
{
	bool sorts = strstr(extra, "filesort") && !strstr(text, "GROUP BY") && !strstr(text, "mine");

	if (!*table || *table == '<' || strstr(text, "INSERT INTO mensajes") || strstr(text, "VALUES ("))
		return false;
	return (!strcmp(type, "ALL") || !strcmp(type, "index") || !*key || sorts) &&
	       !strstr(extra, "Impossible") && !strstr(extra, "optimized away") &&
	       !strstr(extra, "no matching row");
}

static void explain(MYSQL *my, struct seen *w)
{
	char *text, col[12][4096];
	unsigned long len[12];
	__typeof__(*((MYSQL_BIND *)0)->is_null) null[12];
	MYSQL_BIND out[12];
	MYSQL_STMT *e = mysql_stmt_init(my);
	unsigned i, n;

	if (asprintf(&text, "EXPLAIN %s", w->text) < 0 || __real_mysql_stmt_prepare(e, text, strlen(text)) ||
	    (w->binds && __real_mysql_stmt_bind_param(e, w->binds)) || __real_mysql_stmt_execute(e)) {
		print_error("EXPLAIN: %s\n%s\n", mysql_stmt_error(e), w->text);
		faults++;
		return;
	}
	n = mysql_stmt_field_count(e);
	memset(out, 0, sizeof(out));
	for (i = 0; i < n && i < 12; i++) {
		out[i].buffer_type = MYSQL_TYPE_STRING;
		out[i].buffer = col[i];
		out[i].buffer_length = sizeof(col[i]) - 1;
		out[i].length = &len[i];
		out[i].is_null = &null[i];
	}
	mysql_stmt_bind_result(e, out);
	while (mysql_stmt_fetch(e) == 0) {
		for (i = 0; i < n && i < 12; i++)
			col[i][null[i] ? 0 : len[i]] = '\0';
		/* id select_type table type possible_keys key key_len ref rows Extra; MySQL has partitions
		 * and filtered too */
		if (plan_row_is_bad(w->text, col[2], col[n == 12 ? 4 : 3], col[n == 12 ? 6 : 5],
				    col[n - 1])) {
			print_error("table %s: type %s, key %s, rows %s, %s\n%.300s\n", col[2],
				    col[n == 12 ? 4 : 3], col[n == 12 ? 6 : 5], col[n == 12 ? 9 : 8],
				    col[n - 1], w->text);
			faults++;
		}
	}
	explained++;
	mysql_stmt_close(e);
	free(text);
}

int __wrap_mysql_stmt_execute(MYSQL_STMT *s)
{
	struct seen *w = seen_of(s);

	if (watching && w && watched)
		explain(watched, w);
	return __real_mysql_stmt_execute(s);
}

/* What goes as text: several statements of numbers, each ended by "; ". */
int __real_mysql_real_query(MYSQL *my, const char *text, unsigned long len);
int __wrap_mysql_real_query(MYSQL *my, const char *text, unsigned long len);
int __wrap_mysql_real_query(MYSQL *my, const char *text, unsigned long len)
{
	char *all = strndup(text, len), *rest = all, *end;

	while (watching && my == watched && (end = strstr(rest, "; ")) != NULL) {
		*end = '\0';
		explain(my, &(struct seen){ NULL, rest, NULL });
		together += !strncmp(rest, "SELECT", 6);
		rest = end + 2;
	}
	free(all);
	return __real_mysql_real_query(my, text, len);
}

/* The session that the store opens is needed to explain in it. */
MYSQL *__real_mysql_init(MYSQL *my);
MYSQL *__wrap_mysql_init(MYSQL *my);
MYSQL *__wrap_mysql_init(MYSQL *my)
{
	watched = __real_mysql_init(my);
	return watched;
}

static struct store_room direct, group;

static void fill(void)
{
	int i;

	for (i = 1; i <= 300; i++)
		campus_person(ID(100 + i), "activo");
	admin("INSERT INTO miembros_grupo (grupo_id, usuario_id) SELECT %lld, id FROM usuarios WHERE id"
	      " BETWEEN %lld AND %lld",
	      L(ID(10)), L(ID(101)), L(ID(190)));
	admin("INSERT INTO salas_chat (sala_uuid, tipo_sala, usuario_a_id, usuario_b_id) SELECT UUID(),"
	      " 'directo', a.id, b.id"
	      " FROM usuarios a JOIN usuarios b ON b.id = a.id + 1 WHERE a.id BETWEEN %lld AND"
	      " %lld",
	      L(ID(101)), L(ID(399)));
	direct = campus_direct(ID(1), ID(2));
	group = campus_group_room(ID(10), ID(1));
	admin("INSERT INTO mensajes (mensaje_uuid, sala_chat_id, remitente_id, contenido) SELECT UUID(),"
	      " s.id, %lld, 'x'"
	      " FROM salas_chat s JOIN usuarios u WHERE s.usuario_a_id BETWEEN %lld AND %lld"
	      " AND u.id BETWEEN %lld AND %lld",
	      L(ID(1)), L(ID(101)), L(ID(120)), L(ID(101)), L(ID(350)));
	admin("INSERT INTO mensajes (mensaje_uuid, sala_chat_id, remitente_id, contenido) SELECT UUID(),"
	      " s.id, %lld, 'x'"
	      " FROM salas_chat s JOIN usuarios u WHERE s.id IN (%lld, %lld)"
	      " AND u.id BETWEEN %lld AND %lld",
	      L(ID(1)), L(direct.id), L(group.id), L(ID(101)), L(ID(400)));
	/* a large group, not read for long */
	for (i = 0; i < 3; i++)
		admin("INSERT INTO mensajes (mensaje_uuid, sala_chat_id, remitente_id, contenido) SELECT UUID(),"
		      " sala_chat_id, remitente_id, 'x' FROM mensajes WHERE sala_chat_id = %lld", L(group.id));
	admin("INSERT INTO mensajes (id, mensaje_uuid, sala_chat_id, remitente_id, contenido) SELECT MAX(id) + 30000,"
	      " UUID(), %lld, %lld, 'x' FROM mensajes", L(direct.id), L(ID(1)));
	admin("INSERT INTO destinatarios_mensaje (mensaje_id, destinatario_id, leido_en) SELECT m.id,"
	      " %lld, CURRENT_TIMESTAMP"
	      " FROM mensajes m WHERE m.remitente_id = %lld",
	      L(ID(2)), L(ID(1)));
	admin("ANALYZE TABLE usuarios, grupos, miembros_grupo, salas_chat, mensajes, destinatarios_mensaje");
	mysql_free_result(mysql_store_result(campus_admin));
}

static void rooms_and_people(void)
{
	char correo[64];
	struct store_room_entry *rooms;
	struct store_person p;
	struct store_room room;
	bool flag;
	size_t n;

	snprintf(correo, sizeof(correo), "p%lld@upred.example", L(ID(150)));
	OK(store_person_by_id(st, ID(150), mem, &p));
	OK(store_person_by_correo(st, slice_of(correo), mem, &p));
	OK(store_room_direct(st, ID(150), ID(250), mem, &room, &flag));
	OK(store_room_direct(st, ID(250), ID(150), mem, &room, &flag));
	OK(store_room_group(st, ID(10), ID(101), mem, &room, &flag, NULL));
	OK(store_room_by_id(st, direct.id, ID(1), mem, &room, &flag));
	OK(store_room_by_uuid(st, group.uuid, ID(1), mem, &room, &flag));
	OK(store_room_list(st, ID(2), 100, mem, &rooms, &n));
}

static void messages_and_receipts(void)
{
	size_t sizes[] = { 1, 4, 16, 64 }, k, i;
	struct store_message m, *some;
	struct store_history h;
	struct store_read_all all;
	struct store_reader *readers;
	int64_t ids[STORE_SET_MAX], count;
	bool member, more;
	size_t n;

	for (k = 0; k < 4; k++) {
		struct store_send set[STORE_SET_MAX];
		struct store_receipt marks[STORE_SET_MAX];

		for (i = 0; i < sizes[k]; i++)
			set[i] = campus_send(i % 2 ? direct.uuid : group.uuid, ID(1), "x");
		OK(store_message_save(st, set, sizes[k], mem));
		for (i = 0; i < sizes[k]; i++) {
			ids[i] = set[i].message.id;
			marks[i] = (struct store_receipt){ .message_id = ids[i],
							   .person_id = i % 2 ? ID(2) : ID(101 + (int64_t)i),
							   .mark = STORE_READ };
		}
		OK(store_message_fetch(st, ids, sizes[k], mem, &some, &n));
		OK(store_room_twins(st, &(struct store_room *){ &group }, 1, mem));
		OK(store_receipt_mark(st, marks, sizes[k], mem));
		/* a group's message without a row: whether it had been read over */
		marks[0] = (struct store_receipt){ .message_id = ids[0], .person_id = ID(102), .mark = STORE_DELIVERED };
		OK(store_receipt_mark(st, marks, 1, mem));
		assert_int_equal(marks[0].verdict, STORE_RECEIPT_STORED);
	}
	OK(store_message_find(st, ids[0], ID(1), mem, &m, &member));
	OK(store_message_history(st, &(struct store_page){ direct.id, -1, -1, 0, 50, 0, false }, mem, &h));
	OK(store_message_history(st, &(struct store_page){ direct.id, ids[20], -1, 0, 50, 0, false }, mem, &h));
	OK(store_message_history(st, &(struct store_page){ group.id, -1, ids[20], 0, 50, 0, false }, mem, &h));
	OK(store_message_history(st, &(struct store_page){ direct.id, -1, -1, 200, 50, 0, false }, mem, &h));
	assert_int_equal(h.count, 50);
	OK(store_room_last(st, direct.id, mem, &m));
	OK(store_unread_count(st, ID(2), &count));
	OK(store_unread_count(st, ID(110), &count));
	OK(store_receipt_read_all(st, &direct, ID(2), mem, &all));
	OK(store_receipt_read_all(st, &group, ID(110), mem, &all));
	OK(store_receipt_readers(st, direct.id, ID(1), mem, &readers, &n, &more));
	assert_true(n == 1 && readers[0].person_id == ID(2) && readers[0].read_id > 0 && !more);
}

static void feed(void)
{
	struct store_range holes[5];
	struct store_member who = { .person_id = ID(1), .sala_uuid = group.uuid };
	struct store_swept s;
	int64_t cursor, i;

	for (i = 0; i < 5; i++)
		holes[i] = (struct store_range){ 10 * i + 2000, 10 * i + 2003 };
	OK(store_feed_sweep(st, &(struct store_sweep){ .first = true }, mem, &s));
	OK(store_feed_sweep(
		st, &(struct store_sweep){ .high = s.max_id - 5, .holes = holes, .hole_count = 5 }, mem, &s));
	OK(store_feed_cursor(st, 15, &cursor));
	OK(store_member_check(st, &who, 1, mem));
}

/* Near, far behind, and with nothing new: then it is one look-up, and thousands may ask. */
static void news(void)
{
	struct store_message m;
	struct store_history h;
	struct store_message *changed;
	struct store_swept s;
	size_t n;
	unsigned before;

	OK(store_feed_sweep(st, &(struct store_sweep){ .first = true }, mem, &s));
	OK(store_message_news(st, &(struct store_news){ ID(1), s.max_id - 50, 300, false }, mem, &h));
	assert_true(h.count > 0);
	OK(store_message_edit(st, h.messages[0].id, h.messages[0].sender.id, SLICE("y"), mem, &m));
	assert_true(m.edited_at > 0);
	OK(store_feed_changes(st, s.max_id, 5, mem, &changed, &n));
	assert_true(n == 1 && changed[0].id == m.id && !changed[0].deleted_at && slice_is(changed[0].contenido, "y"));
	OK(store_message_delete(st, h.messages[0].id, h.messages[0].sender.id, mem, &m));
	assert_true(m.deleted_at > 0);
	OK(store_feed_changes(st, s.max_id, 5, mem, &changed, &n));
	assert_true(n == 1 && changed[0].deleted_at == m.deleted_at);
	OK(store_feed_changes(st, s.max_id + STORE_CHANGES_WINDOW, 5, mem, &changed, &n));
	assert_int_equal(n, 0);
	OK(store_message_news(st, &(struct store_news){ ID(1), 0, 300, false }, mem, &h));
	assert_int_equal(h.count, 300);
	assert_true(h.truncated && h.last_id == h.messages[299].id);
	before = explained;
	OK(store_message_news(st, &(struct store_news){ ID(1), s.max_id, 300, false }, mem, &h));
	assert_int_equal(h.count, 0);
	assert_int_equal(explained, before + 1);
}

static void every_statement_uses_an_index(void **state)
{
	(void)state;
	fill();
	store_close(st);
	st = store_open(&campus_settings);
	campus_settings.recipient_rows_max = 100;
	BEGIN();
	watching = true;
	rooms_and_people();
	messages_and_receipts();
	feed();
	news();
	watching = false;
	store_rollback(st);
	print_message("%u explained\n", explained);
	assert_true(explained > 60);
	assert_true(together > 1);
	assert_int_equal(faults, 0);
}

static int setup(void **state)
{
	if (campus_setup(state))
		return -1;
	campus_group(ID(10), 5);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(every_statement_uses_an_index) };

	return cmocka_run_group_tests(tests, setup, campus_teardown);
}
