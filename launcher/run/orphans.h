/*
 * What an engine that is a wrapper script leaves behind when we end it: sh(1) dies of SIGTERM
 * at once, the engine that it started would run on and wait for its client for ever.
 *
 * From orphans_adopt() on, such processes become our children (prctl(2)
 * PR_SET_CHILD_SUBREAPER).
 */
#ifndef IMDSHIM_LAUNCHER_RUN_ORPHANS_H
#define IMDSHIM_LAUNCHER_RUN_ORPHANS_H

#include <stdbool.h>
#include <sys/types.h>

enum { ORPHANS_MOST = 64 };

struct orphans {
    pid_t known[2];                 /* children of our own, which are none: engine and client */
    pid_t terminated[ORPHANS_MOST]; /* got their SIGTERM; GROMACS takes a second one amiss */
    int terminated_count;
    bool kill; /* their grace is over: SIGKILL, also for those that come yet */
};

void orphans_adopt(struct orphans *orphans, pid_t engine, pid_t client);

/* Reap those that have ended, end the others; true if there are any left. */
bool orphans_end(struct orphans *orphans);

#endif
