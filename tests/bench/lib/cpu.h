/*
 * cpu: what the parts of a house have used, in microseconds of user and system time.
 *
 * Called by the programs of tests/bench. Pids come from house.env by the environment: RELAY_PID, BUS_PID,
 * DB_PID.
 */
#ifndef BENCH_CPU_H
#define BENCH_CPU_H

#include <stdint.h>

struct cpu {
	uint64_t relay;
	uint64_t workers;  /* the master's children */
	uint64_t database;
};

struct cpu cpu_now(void);
/* What was used between two looks. */
struct cpu cpu_between(struct cpu before, struct cpu after);
void cpu_add(struct cpu *sum, struct cpu more);
/* CPU of the calling thread. */
uint64_t cpu_of_thread(void);

#endif
