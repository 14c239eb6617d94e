/*
 * How a run has ended, and the exit status that it has for that. Pure.
 */
#ifndef IMDSHIM_LAUNCHER_RUN_EXIT_STATUS_H
#define IMDSHIM_LAUNCHER_RUN_EXIT_STATUS_H

#include <stdbool.h>

enum ending {
    BY_ITSELF, /* the engine was left to end */
    TIMED_OUT, /* it was ended because the client could not be started in time */
    BY_CLIENT, /* it was ended because the client failed, or by --stop-with-client */
    CUT_OFF,   /* it was ended because the client could not reach it */
};

struct outcome {
    enum ending ending;
    bool interrupted;  /* a signal that ends programs came in: then nobody's failure is news */
    bool client_asked; /* --client */
    bool client_started;
    int engine, client; /* wait(2) statuses; client: 0 if it was not started */
};

/*
 * The exit status, 0 to 255: 124 if it timed out; 125 if the client was never started; the
 * client's, if it decided the end; the engine's; the client's, if it failed after the engine.
 * If the engine's status is a signal's, *signal is its number, else 0.
 */
int exit_status_of(const struct outcome *outcome, int *signal);

/*
 * Of an engine and a client that are both seen to have ended: not even the end of its client has
 * ended the engine. By a signal, also as a script or mpirun returns it (128 and its number), but
 * SIGPIPE, which is of a client that is gone; by a status the engine may say just that.
 */
bool engine_was_killed(int wait_status);

#endif
