/*
 * A program that we have started: the engine or the client.
 */
#ifndef IMDSHIM_LAUNCHER_BASE_CHILD_H
#define IMDSHIM_LAUNCHER_BASE_CHILD_H

#include <stdbool.h>
#include <sys/types.h>

#include "launcher/base/signals.h"
#include "shim/wire/wire.h"

struct child {
    enum { CHILD_NONE, CHILD_RUNS, CHILD_ENDED } state;
    pid_t pid;
    int wait_status;      /* as wait(2) has it, once it has ended */
    bool stopped;         /* by SIGSTOP and its kin */
    char comm[COMM_SIZE]; /* what it was named at its end */
};

struct child_plan {
    const char *const *argv; /* argv[0] is looked for in PATH */
    char *const *environment;
    bool without_input; /* standard input is /dev/null */
};

/*
 * Start a program that gets SIGTERM if we die, however that happens. Returns 0; the errno of a
 * failed exec(3); or the errno, negative, of what kept us from coming so far. Then nothing
 * runs.
 */
int child_start(struct child *child, const struct child_plan *plan,
                const struct signals *signals);

/* Note what has become of it, without waiting. */
void child_look(struct child *child);

/*
 * What a process is named now, "" if there is none: the name that its last exec(2) gave it, or
 * one of its own, proc(5); '?' for what is not printable. A zombie still has it.
 */
void child_read_comm(pid_t pid, char comm[COMM_SIZE]);

/* Nothing is sent to a child that does not run: its number may be another's by now. */
void child_signal(const struct child *child, int signal);

#endif
