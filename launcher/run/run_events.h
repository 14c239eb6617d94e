/*
 * What happens to a run, and what is done about it in each of its phases.
 */
#ifndef IMDSHIM_LAUNCHER_RUN_RUN_EVENTS_H
#define IMDSHIM_LAUNCHER_RUN_RUN_EVENTS_H

#include "launcher/run/run.h"

enum happening {
    LISTENS,       /* the engine's port is known */
    WAITS,         /* it waits for a client */
    ACCEPTS,       /* it has accepted one */
    ENGINE_ENDS,   /* what it has reported before has been read */
    CLIENT_ENDS,   /* if both end at once: before ENGINE_ENDS */
    INTERRUPTED,   /* a signal that ends programs has come */
    TIME_IS_UP,    /* give_up_at */
    NO_WAIT_SEEN,  /* remark_at */
    GRACE_IS_OVER, /* kill_at */
    LOOK_IS_DUE,   /* run_look_at() */
    HAPPENINGS,
};

void run_happens(struct run *run, enum happening happening);

void run_on_event(struct run *run, const struct received *received);
void run_on_signal(struct run *run, const struct signalfd_siginfo *info);

#endif
