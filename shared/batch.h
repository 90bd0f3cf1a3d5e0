/*
 * batch: threads that do not push aside whoever wakes them.
 *
 * Room: shared (foundation). Called by nano and by fcgi-api's door_bus; calls libc. The kernel lets a thread that is woken
 * take the processor from the one that woke it. Where the waker is not done (it still holds a lock that the woken
 * needs, or writes the rest of an answer) both only change places, some times for each message. sched(7): SCHED_BATCH.
 */
#ifndef BATCH_H
#define BATCH_H

/*
 * Makes the calling thread, and those that it creates from now on, such a thread. Returns what batch_end wants. Where it
 * is not permitted, or an administrator chose another policy, all stays as it is.
 */
int batch_begin(void);
/* The calling thread is again what it was; those created meanwhile stay. Keeps errno. */
void batch_end(int before);

#endif
