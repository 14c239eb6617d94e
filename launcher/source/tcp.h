/*
 * Where events arrive from other hosts: a TCP port of one run, and a secret that only its
 * engine knows.
 *
 * The library sends "SECRET LINE" by a connection of its own for each event. Anyone may
 * connect: a connection has two seconds and one line, and when there are too many the oldest
 * is dropped. What comes without the secret is no event.
 */
#ifndef IMDSHIM_LAUNCHER_SOURCE_TCP_H
#define IMDSHIM_LAUNCHER_SOURCE_TCP_H

#include <stdbool.h>

#include "launcher/source/event.h"

enum { EVENT_PORT_TEXT = 1024 };

struct event_port {
    int fd; /* for poll(2); -1: closed */
    unsigned number;
    unsigned junk; /* connections without an event */
    struct event_port_state *state;
    char text[EVENT_PORT_TEXT]; /* for the engine's environment, as shim/wire/wire.h has it */
};

/*
 * On every address of this host, and a free port. The port stays closed if that cannot be:
 * false, and errno.
 */
bool event_port_open(struct event_port *port);

/* The next event that has arrived; false if there is none now. Never blocks. */
bool event_port_next(struct event_port *port, struct event *event);

void event_port_close(struct event_port *port);

#endif
