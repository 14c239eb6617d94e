/*
 * The analysis client of run: "sh -c CMD" with IMD_HOST, IMD_PORT and IMD_URL in its
 * environment.
 */
#ifndef IMDSHIM_LAUNCHER_CLIENT_H
#define IMDSHIM_LAUNCHER_CLIENT_H

#include "launcher/child.h"
#include "launcher/event.h"

/* As child_start(). Its input is /dev/null: the terminal is the engine's. */
int client_start(struct child *client, const char *command, const struct event *listener,
                 const struct signals *signals);

#endif
