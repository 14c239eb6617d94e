/*
 * The analysis client of run: "sh -c CMD" with IMD_HOST, IMD_PORT and IMD_URL in its
 * environment.
 */
#ifndef IMDSHIM_LAUNCHER_RUN_CLIENT_H
#define IMDSHIM_LAUNCHER_RUN_CLIENT_H

#include "launcher/base/child.h"

/* What the client is told of the engine. */
struct client_plan {
    const char *command;
    const char *host; /* for IMD_HOST */
    unsigned port;
    const char *gate;    /* WIRE_GATE, or NULL */
    const char *preload; /* the library, for the gate */
};

/* As child_start(). Its input is /dev/null: the terminal is the engine's. */
int client_start(struct child *client, const struct client_plan *plan,
                 const struct signals *signals);

#endif
