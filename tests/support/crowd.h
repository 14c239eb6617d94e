/*
 * Many runs of tests/doubles/gated at once, for tests and benchmarks.
 *
 *     crowd_start(&crowd, 1000, command)   all are started, and stop before they bind
 *     crowd_gather(&crowd)                 all are there
 *     crowd_open(&crowd)                   they go on, and stay until crowd_end()
 *     crowd_end(&crowd)
 */
#ifndef IMDSHIM_TESTS_CROWD_H
#define IMDSHIM_TESTS_CROWD_H

#include <stdbool.h>
#include <sys/types.h>

enum { CROWD_MOST = 1000 };

struct crowd {
    int count, gate, said;
    int at_door, answered;
    pid_t pids[CROWD_MOST];
    unsigned ports[CROWD_MOST]; /* as each engine says, 0: it could not listen */
    long memory;                /* kB, the most that one of the runs has had, at its end */
    char text[4096];
    size_t length;
};

/* Why this machine cannot run so many launchers with an engine each; NULL if it can. */
const char *crowd_obstacle(int count);

/*
 * Start a command `count` times. "{}" among its words stands for the run's number, from 0 on;
 * standard error is ours. False, with errno, if a process cannot be had.
 */
bool crowd_start(struct crowd *crowd, int count, const char *const *command);

/* False if half a minute goes by in which no engine says anything. */
bool crowd_gather(struct crowd *crowd);
bool crowd_open(struct crowd *crowd);

/* Wait for all. The number of runs whose status was not 0. */
int crowd_end(struct crowd *crowd);

#endif
