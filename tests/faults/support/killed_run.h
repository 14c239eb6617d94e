/*
 * One run in which one process is killed with SIGKILL, and what the contract says of the rest:
 * who is left ends soon, the status is the victim's, and nothing is left; what a launcher that
 * was killed has left is gone after the next run.
 *
 * The working directory is TMPDIR and has the run's files. leftover_watch() has been called.
 */
#ifndef IMDSHIM_TESTS_FAULTS_KILLED_RUN_H
#define IMDSHIM_TESTS_FAULTS_KILLED_RUN_H

#include <stdbool.h>

#include "tests/faults/support/victim.h"

struct kind_of_run {
    const char *name;
    const char *words[20]; /* behind the launcher's path */
    int seconds; /* that the rest may take to end; 0: less than the launcher's own grace */
    bool has_client;
    bool stops; /* --stop-with-client */
    bool reads; /* exec: we start who reads the file "fifo", and the status is always 4 */
};

struct killing {
    const struct kind_of_run *run;
    enum victim victim;
    long step;     /* before this system call of the victim's; 0: after so many ms */
    double moment; /* < 0: nobody is killed */
};

struct verdict {
    enum kill_phase phase;
    bool killed; /* else it had ended by then */
    bool failed;
    bool engine_first; /* it failed for want of its client before that one's end was known */
    bool temporary;    /* the port file's was left, where there are no files without a name */
    bool half;         /* the client was left connected to nobody, leftover.h */
    bool daemon;       /* Open MPI's, which LAMMPS starts, was left; it is killed here */
    double length;     /* ms of an undisturbed run; or from the kill to the last one's end */
    long calls;
    char why[512];
};

void killed_run(const struct killing *killing, struct verdict *verdict);

#endif
