/*
 * The way events reach a launcher on another host: one TCP connection for each line.
 *
 * "SECRET LINE" is sent, and the launcher closes the connection when it has it. errno is not
 * kept here, and signals must be blocked: a handler that left by longjmp(3) would leave a
 * descriptor of ours open.
 */
#ifndef IMDSHIM_SHIM_EVENTS_TCP_H
#define IMDSHIM_SHIM_EVENTS_TCP_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

#include "shim/wire/wire.h"

enum {
    TCP_ADDRESSES = 8,
    TCP_SECRET = 32,     /* characters */
    TCP_PATIENCE = 1000, /* milliseconds that a line may cost */
    TCP_HASTE = 100,     /* the same, of a line without patience */
};

struct tcp {
    char host[3 * HOST_SIZE]; /* the launcher's, escaped */
    char secret[TCP_SECRET + 1];
    unsigned count; /* of addresses, 0: no launcher to be reached */
    struct sockaddr_storage addresses[TCP_ADDRESSES];
};

/* WIRE_TCP. False, and no address, if the text is not of its form. */
bool tcp_parse(struct tcp *tcp, const char *text);

void tcp_send(const struct tcp *tcp, const char *line, size_t length, bool patient);

#endif
