/*
 * The way events reach a launcher on another host: one TCP connection for each line, which the
 * launcher closes when it has read it.
 */
#ifndef IMDSHIM_SHIM_EVENTS_TCP_H
#define IMDSHIM_SHIM_EVENTS_TCP_H

#include <stdbool.h>

#include "shim/wire/handover.h"

enum {
    TCP_TIMEOUT_MS = 1000,         /* what a required line may cost */
    TCP_OPTIONAL_TIMEOUT_MS = 100, /* the same, of an optional one */
};

/*
 * The line must have room for HANDOVER_SIGNATURE bytes before it. A launcher that once could not
 * be reached in time is sent no more optional lines. Signals must be blocked; errno is not kept.
 */
void tcp_send(const struct handover_tcp *tcp, char *line, size_t length, bool required);

#endif
