/*
 * A relay as it stands: relay.h says what it is.
 */
#ifndef IMDSHIM_LAUNCHER_RELAY_STATE_H
#define IMDSHIM_LAUNCHER_RELAY_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include "launcher/base/acceptor.h"
#include "launcher/imd/command.h"
#include "launcher/imd/session.h"
#include "launcher/imd/translation.h"
#include "launcher/relay/backlog.h"
#include "launcher/relay/client.h"
#include "shim/wire/address.h"

enum { RELAY_SCRATCH = 1 << 18 };

struct relay_plan {
    const char *listen; /* [ADDR][:PORTS], NULL: a free port of 127.0.0.1 */
    int version;        /* that clients get */
    double time_step;   /* ps, 0: not known */
    int step_ahead;     /* imd/translation.h */
    bool sends_energies;
    bool others_skip, others_steer, only_me;
    bool has_own_port; /* the relay's connections to the engine come from one port */
    bool is_told;      /* the owner says when the engine listens again, and when it has ended */
    int timeout;       /* seconds for the engine's greeting, 0: the usual */
};

struct relay {
    /* For the owner to read. */
    struct relay_plan plan;
    int fd;              /* for poll(2): epoll(7) */
    union address where; /* clients connect there */
    unsigned own_port;   /* from which it connects to the engine; 0: from any */
    unsigned clients;    /* that are there */
    unsigned ended;      /* streams that the engine has ended, or that broke */
    uint64_t sent;       /* bytes, to all clients: who waits for them sees that they go on */
    unsigned denied;     /* connections of other users */
    uint64_t left_out;   /* frames, translation.h */
    unsigned held;       /* times that the engine did not listen, and clients wait for it */
    unsigned unserved;   /* clients that left, or waited, while energies alone came */
    unsigned presumed;   /* streams whose first frame did not come in time, translation.h */
    char failure[SESSION_FAILURE_SIZE]; /* of the last stream; "" = none */

    /* The relay's own. */
    struct acceptor listener;
    int own_port_fd; /* keeps that port for us, or -1 */
    bool arrivals;   /* there may be some to be accepted */
    struct client *first_arrived;
    uint64_t turns; /* GOs that have come */

    bool has_engine; /* session is a stream's, from the connecting to its end */
    bool knows_engine;
    struct connection engine; /* where it is; never open */
    bool engine_readable, engine_writable;
    bool engine_closes; /* its end can be read behind what it has sent */
    bool wants_go;      /* a client has said it */
    bool streamed;      /* a client has got something of this stream */
    bool leaving;       /* we have ended it, for no client is left */
    bool finishing;     /* the engine has ended it: clients get what is left */
    int64_t go_due;     /* milliseconds of CLOCK_MONOTONIC, 0: not */
    int64_t first_frame_due;
    struct session session;
    struct translation translation;
    struct steering steering;
    struct outbox to_engine;
    struct backlog backlog;
    unsigned char scratch[RELAY_SCRATCH];
};

/* May clients be greeted now? When the stream has ended, only for what nobody has got of it. */
static inline bool relay_greets(const struct relay *relay)
{
    bool has_stream = relay->has_engine || (relay->finishing && !relay->streamed);

    return has_stream && relay->translation.known && !relay->leaving;
}

#endif
