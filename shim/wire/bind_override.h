/*
 * Where the IMD socket is bound, whatever the engine asked for: pure decisions.
 *
 * "[ADDR][:PORTS]": ADDR is numeric, IPv6 in brackets; PORTS is one port, 0 for any that is
 * free, or LOW-HIGH. What is not given stays as the engine asks for it.
 */
#ifndef IMDSHIM_SHIM_WIRE_BIND_OVERRIDE_H
#define IMDSHIM_SHIM_WIRE_BIND_OVERRIDE_H

#include <netinet/in.h>
#include <stdbool.h>
#include <sys/socket.h>

struct binding {
    sa_family_t family; /* of the address; AF_UNSPEC: as the engine asks */
    union {
        struct in_addr ipv4;
        struct in6_addr ipv6;
    } address;
    bool has_ports;
    unsigned low, high; /* 0 and 0: any free port */
};

/* NULL, or what is wrong with the text. */
const char *binding_parse(struct binding *binding, const char *text);

/* Whether more than one port may be tried. */
bool binding_is_range(const struct binding *binding);

/* The port of attempt 0, 1, ... of a range; which comes first depends on the seed. */
unsigned binding_port(const struct binding *binding, unsigned seed, unsigned attempt);

/*
 * Put the binding's address in the place of the one that the engine asked for; the port stays.
 * The socket's domain is AF_INET or AF_INET6. An address that does not fit it is put there all
 * the same: the kernel then says EAFNOSUPPORT.
 */
void binding_apply(const struct binding *binding, int domain, bool v6_only,
                   struct sockaddr_storage *address, socklen_t *length);

#endif
