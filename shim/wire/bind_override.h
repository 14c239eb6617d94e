/*
 * Where the IMD socket is bound, whatever the engine asked for: pure decisions, and bind(2) as they
 * say, by the library in the engine or by the launcher in its place.
 *
 * "[ADDR][:PORTS]": ADDR is numeric, IPv6 in brackets; PORTS is one port, 0 for any that is
 * free, or LOW-HIGH. What is not given stays as the engine asks for it.
 */
#ifndef IMDSHIM_SHIM_WIRE_BIND_OVERRIDE_H
#define IMDSHIM_SHIM_WIRE_BIND_OVERRIDE_H

#include <stdatomic.h>
#include <stdbool.h>

#include "shim/wire/address.h"

struct bind_override {
    union address host; /* its family is 0: as the engine asks */
    bool has_ports;
    unsigned low, high; /* 0 and 0: any free port */
};

/* NULL, or what is wrong with the text. */
const char *bind_override_parse(struct bind_override *override, const char *text);

/* How many ports may be tried, at least 1. */
unsigned bind_override_attempts(const struct bind_override *override);

/* The port of attempt 0, 1, ...; which of a range comes first depends on the seed. */
unsigned bind_override_port(const struct bind_override *override, unsigned seed,
                            unsigned attempt);

/*
 * The address that bind(2) is asked for, if the kernel would take it for a socket of this domain.
 * One that it would reject is not rewritten: the engine must see that error.
 */
bool bind_override_may_change(int domain, const void *raw, socklen_t length,
                              union address *address);

/*
 * The host takes the place of the one that the engine asked for; the port stays. The domain is
 * the socket's, AF_INET or AF_INET6. A host that does not fit the socket is put there all the
 * same, so that the kernel says EAFNOSUPPORT.
 */
void bind_override_apply(const struct bind_override *override, int domain, bool v6_only,
                         union address *address);

struct bind_call {
    int fd;
    int (*bind)(int fd, const struct sockaddr *address, socklen_t length);
    socklen_t length; /* of the engine's address */
    bool once;        /* of a range no second port is tried */
    unsigned seed;    /* which port of a range comes first */
    /*
     * The port that the process's last socket got so, with its address family above; 0: none yet.
     * An engine that asks for one port in both families is to have one.
     */
    _Atomic unsigned *given;
};

/*
 * As bind(2), for the address that the engine asks for: where it was bound, or last tried, is in
 * its place then. Only a failure changes errno.
 */
int bind_override_bind(const struct bind_override *override, struct bind_call call,
                       union address *address);

#endif
