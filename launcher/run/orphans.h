/*
 * What an engine that is a wrapper script leaves behind when we end it: sh(1) dies of SIGTERM
 * at once, the engine that it started would run on and wait for its client for ever.
 *
 * From orphans_adopt() on, such processes become our children (prctl(2)
 * PR_SET_CHILD_SUBREAPER). So may others: the children of a process that a script had started
 * before it became us by exec(2), or of the client. Only what descends from the engine is ended:
 * what was seen below it, or has our FIFO in its environment. Without others that may come to
 * us, whatever comes is the engine's.
 */
#ifndef IMDSHIM_LAUNCHER_RUN_ORPHANS_H
#define IMDSHIM_LAUNCHER_RUN_ORPHANS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "launcher/base/child.h"

/* A process below the engine. Its number may be another's later, with another start. */
struct descendant {
    pid_t pid;
    uint64_t start;  /* clock ticks since boot */
    bool terminated; /* got its SIGTERM; GROMACS takes a second one amiss */
};

struct orphans {
    const struct child *engine, *client;
    const struct child *spared; /* another that is not the engine's; NULL: none */
    const char *fifo;           /* its path */
    bool others; /* processes that are not the engine's may become our children too */
    bool kill;   /* their grace is over: SIGKILL, also for those that come yet */
    struct descendant *descendants;
    size_t count, room;
};

/* Before the engine is started: have we children already? */
void orphans_begin(struct orphans *orphans, bool with_client);

/* The engine is to be ended. What the pointers lead to must last as long as the orphans. */
void orphans_adopt(struct orphans *orphans, const struct child *engine,
                   const struct child *client, const char *fifo);

/* Note what is below the engine now: before it is sent a signal. */
void orphans_look(struct orphans *orphans);

/* The engine has ended: end what it has left; true if there is any that can be ended. */
bool orphans_end(struct orphans *orphans);

void orphans_close(struct orphans *orphans);

#endif
