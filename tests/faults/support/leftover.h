/*
 * What a run leaves behind: processes, names in directories, sockets of the abstract namespace.
 *
 * For a program that starts runs by itself. It has called leftover_watch() before: then what
 * loses its parent comes to us, prctl(2) PR_SET_CHILD_SUBREAPER, and SIGCHLD is blocked.
 */
#ifndef IMDSHIM_TESTS_FAULTS_LEFTOVER_H
#define IMDSHIM_TESTS_FAULTS_LEFTOVER_H

#include <stdbool.h>
#include <sys/types.h>

enum { LEFTOVER_SOCKETS = 64 };

/* A child whose status is asked for. */
struct leftover_child {
    pid_t pid;
    bool ended;
    int wait_status;
};

struct leftover_sockets {
    int count;
    unsigned long inodes[LEFTOVER_SOCKETS];
};

void leftover_watch(void);

/* Milliseconds of CLOCK_MONOTONIC. */
double leftover_now(void);

/*
 * The next change of a child, as waitpid(2) tells it, traced ones too; 0 if there was none for
 * a moment, -1 if there is no child. The end of `child` is noted in it.
 */
pid_t leftover_next(struct leftover_child *child, int *wait_status);

/* Wait until the child has ended; false if it has not after so many seconds. */
bool leftover_wait(struct leftover_child *child, int seconds);

/* Wait until no child is left; false if one is still there after so many seconds. */
bool leftover_end(struct leftover_child *child, int seconds);

/* The same. What is still there after so many seconds is killed, counted and named. */
int leftover_processes(struct leftover_child *child, int seconds, char *names, size_t size);

/* The number of names in a directory that begin so; 0 if there is no such directory. */
int leftover_entries(const char *directory, const char *prefix);

/* The same in the working directory, from which they are then removed. */
int leftover_clear(const char *prefix);

/* The sockets that a process has now; how many of them still have a name of imdshim's. */
void leftover_note_sockets(pid_t pid, struct leftover_sockets *sockets);
int leftover_named_sockets(const struct leftover_sockets *sockets);

/*
 * Is one of them a connection whose other end is not there? If a listener's process is killed
 * as somebody connects, Linux now and then leaves that one connected to nobody, and does not
 * tell: about one in ten thousand, measured without imdshim.
 */
bool leftover_half_connection(const struct leftover_sockets *sockets);

/* Remove a directory with all that is in it. */
void leftover_remove(const char *directory);

#endif
