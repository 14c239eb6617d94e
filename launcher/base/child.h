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
    int pidfd;            /* while it runs: child_fd() */
    int received;         /* the descriptor that enter() has sent, or -1 */
    int wait_status;      /* as wait(2) has it, once it has ended */
    char comm[COMM_SIZE]; /* what it was named at its end */
};

struct child_plan {
    const char *const *argv; /* argv[0] is looked for in PATH */
    char *const *environment;
    bool without_input;  /* standard input is /dev/null */
    bool without_output; /* so are standard output and standard error */
    /*
     * If not NULL, called in the child before exec: system calls only, for our memory is the
     * child's. Returns a descriptor to be sent to us, or -1 and errno.
     */
    int (*enter)(void *context);
    void *context;
};

/*
 * Start a program that gets SIGTERM if we die, however that happens. Returns 0; the errno of a
 * failed exec(3); or the errno, negative, of what kept us from coming so far. Then nothing
 * runs.
 */
int child_start(struct child *child, const struct child_plan *plan,
                const struct signals *signals);

/*
 * For poll(2): readable once a child that runs has ended. -1 if there is none, or the kernel
 * has no pidfd_open(2) (Linux before 5.3): SIGCHLD alone tells of the end then.
 */
int child_fd(const struct child *child);

/* True if it has been found to have ended now. Never waits. */
bool child_poll(struct child *child);

/* Is it stopped, by SIGSTOP and its kin? */
bool child_is_stopped(const struct child *child);

/*
 * Reap all other children that have ended: those left to process 1 of a container, and those of
 * a script that became us by exec(2).
 */
void child_reap_others(const struct child *engine, const struct child *client);

/*
 * What a process is named now, "" if there is none: the name that its last exec(2) gave it, or
 * one of its own, proc(5); '?' for what is not printable. A zombie still has it.
 */
void child_read_comm(pid_t pid, char comm[COMM_SIZE]);

/* Nothing is sent to a child that does not run: its number may be another's by now. */
void child_signal(const struct child *child, int signal);

#endif
