/*
 * run --relay: the launcher is the engine's client, and the run's clients are the relay's.
 *
 * The relay listens from the start, and connects to the engine once that waits for a client and
 * one of its own has come. All of these do nothing without --relay.
 */
#ifndef IMDSHIM_LAUNCHER_RUN_RUN_RELAY_H
#define IMDSHIM_LAUNCHER_RUN_RUN_RELAY_H

#include <stdbool.h>
#include <stdint.h>

#include "launcher/base/options.h"
#include "launcher/run/record.h"
#include "launcher/source/endpoint.h"

struct run_relay {
    const struct options *options;
    struct relay *relay; /* NULL: without --relay */
    int64_t limit;       /* if no more has been sent by then, it is ended; 0: never */
    uint64_t sent;       /* bytes, so far */
    bool published;
};

/* Listen. Dies with 125 if that cannot be. */
void run_relay_open(struct run_relay *served, const struct options *options);

/* The port from which it connects to the engine; 0: any, or there is no relay. */
unsigned run_relay_port(const struct run_relay *served);

/*
 * The engine listens. Clients connect to the relay, not to the engine: so does the record say from
 * now on. They wait until run_relay_begin().
 */
void run_relay_publish(struct run_relay *served, struct record *record);

/* The engine waits for a client. Returns where the run's client is to connect to. */
union address run_relay_begin(const struct run_relay *served, const struct listener *engine);

/* For the wait loop: a descriptor or -1, a deadline or 0, and false if there is more to do. */
int run_relay_fd(const struct run_relay *served);
int64_t run_relay_deadline(const struct run_relay *served);
bool run_relay_turn(const struct run_relay *served);

/* How many clients there are. */
unsigned run_relay_clients(const struct run_relay *served);

/* The engine has ended: there will be no other stream. */
void run_relay_refuse(const struct run_relay *served);

/*
 * Engine and client have ended: is another client still owed something? One that takes nothing
 * for 10 seconds is not; after an interrupt none is.
 */
bool run_relay_is_owed(struct run_relay *served, bool interrupted);

void run_relay_close(struct run_relay *served);

#endif
