/*
 * Does the engine wait for its client? Looked at from outside, between "listening" and "ready",
 * so that a call of the engine costs nothing.
 *
 * It waits if a thread of the process that listens, or of one below it, is blocked on that
 * socket; or if the thread that listened is found asleep in two looks. Times are milliseconds of
 * CLOCK_MONOTONIC.
 */
#ifndef IMDSHIM_LAUNCHER_NOTIFY_READY_LOOK_H
#define IMDSHIM_LAUNCHER_NOTIFY_READY_LOOK_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct ready_look {
    pid_t process, thread; /* that listened; 0: nothing is to be looked for */
    uint64_t socket;       /* its inode */
    bool slept;            /* in the last look */
    int64_t since;
    int64_t next; /* 0: never */
};

void ready_look_begin(struct ready_look *look, pid_t process, pid_t thread, uint64_t socket);

/* Look now, and set the next time. The process that waits, or 0. */
pid_t ready_look_now(struct ready_look *look);

/* When to look once more: the longer it has taken, the later, but within a second. Pure. */
int64_t ready_look_after(int64_t since, int64_t now);

#endif
