/*
 * The source of events from other hosts: a TCP port of one run, and a secret that only its
 * engine knows.
 *
 * The library sends "SECRET LINE" by a connection of its own for each event. Anyone may
 * connect: a connection has two seconds and one line, and when there are too many the oldest
 * is dropped. What comes without the secret is malformed.
 */
#ifndef IMDSHIM_LAUNCHER_SOURCE_TCP_H
#define IMDSHIM_LAUNCHER_SOURCE_TCP_H

#include "launcher/base/acceptor.h"
#include "launcher/source/source.h"
#include "launcher/source/tcp_offer.h"

enum { TCP_CONNECTIONS = 64 };

struct tcp_connection {
    int fd;          /* -1: free */
    uint64_t number; /* in the order in which they came: many come in one millisecond */
    int64_t end;     /* of its life, milliseconds of CLOCK_MONOTONIC */
    size_t length;
    union address peer;
    char bytes[HANDOVER_SIGNATURE + EVENT_MAX + 1]; /* and a NUL */
};

struct tcp_source {
    struct source source; /* its fd is an epoll(7) of the listener and the connections */
    struct acceptor listener;
    uint64_t accepted; /* so many so far */
    char secret[HANDOVER_SECRET + 1];
    struct tcp_connection connections[TCP_CONNECTIONS];
};

/*
 * The port that was offered listens from now on; its descriptor is then the source's. NULL and
 * errno if that cannot be.
 */
struct tcp_source *tcp_source_open(struct tcp_offer *offer);

#endif
