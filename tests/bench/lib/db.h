/*
 * db: the bench's own connections to the house's database, as its admin, by socket.
 *
 * Called by the programs of tests/bench; calls libmariadb. Trouble ends the program with a line.
 */
#ifndef BENCH_DB_H
#define BENCH_DB_H

#include <stdint.h>
#include <mysql.h>

#define BENCH_FIRST_USER 900001u
#define BENCH_GROUP 900001u

MYSQL *db_open(void);
void db_run(MYSQL *db, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The first number of the first row. */
uint64_t db_number(MYSQL *db, const char *sql);
/* People BENCH_FIRST_USER and on, `count` of them. They stay; a second run finds them. */
void db_people(MYSQL *db, unsigned count);
/* The group BENCH_GROUP with all of them as members. */
void db_group(MYSQL *db, unsigned count);

#endif
