/*
 * Internet socket addresses: one type for all that needs one, and their text. Pure, and safe in
 * a signal handler: inet_pton(3) is, but glibc's inet_ntop(3) formats by sprintf(3), which needs
 * two kilobytes of a stack that may be small.
 */
#ifndef IMDSHIM_SHIM_WIRE_ADDRESS_H
#define IMDSHIM_SHIM_WIRE_ADDRESS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <sys/socket.h>

#include "shim/wire/text.h"

union address {
    struct sockaddr any; /* its family is AF_INET or AF_INET6; 0: no address */
    struct sockaddr_in ipv4;
    struct sockaddr_in6 ipv6;
};

/*
 * Copy what the kernel or an engine has. False if it is no Internet address. AF_UNSPEC counts
 * as AF_INET: so does Linux in bind(2), if the host is INADDR_ANY (inet_bind, af_inet.c).
 */
bool address_copy(union address *address, const void *from, socklen_t length);

socklen_t address_length(const union address *address);

/* In host order, 0 to 65535. */
unsigned address_port(const union address *address);
void address_set_port(union address *address, unsigned port);

/* An IPv4 address that is mapped into IPv6 (RFC 4291, 2.5.5.2) counts as IPv4 in both. */
bool address_is_wildcard(const union address *address);
bool address_is_loopback(const union address *address);

/* An IPv4 address in its IPv6 form, and back. Others stay as they are. */
void address_map(union address *address);
void address_unmap(union address *address);

/*
 * A wildcard becomes a loopback, with the same port: where a client of that address family reaches
 * who listens there. Others stay as they are, but that an IPv4 address is unmapped.
 */
void address_reach(union address *address, int family);

/* Numeric, without brackets; port 0. False if it is none. */
bool address_parse(union address *address, const char *text);
bool address_parse_part(union address *address, const char *text, size_t length);

/* Dotted decimal, or RFC 5952; port and scope are left out. */
void address_put(struct text *text, const union address *address);

#endif
