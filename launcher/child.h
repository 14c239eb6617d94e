/*
 * A program that we have started: the engine or the client.
 */
#ifndef IMDSHIM_LAUNCHER_CHILD_H
#define IMDSHIM_LAUNCHER_CHILD_H

#include <stdbool.h>
#include <sys/types.h>

#include "launcher/signals.h"
#include "shim/wire.h"

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
 * Start a program that gets SIGTERM if we die, however that happens. Returns 0, or the errno of
 * a failed fork(2) or exec(3): then nothing runs.
 */
int child_start(struct child *child, const struct child_plan *plan,
                const struct signals *signals);

/* Note what has become of it, without waiting. */
void child_look(struct child *child);

/*
 * What a process is named now, "" if there is none. A zombie still has the name that its last
 * exec(2) gave it, proc(5).
 */
void child_read_comm(pid_t pid, char comm[COMM_SIZE]);

/* Nothing is sent to a child that does not run: its number may be another's by now. */
void child_signal(const struct child *child, int signal);

#endif
