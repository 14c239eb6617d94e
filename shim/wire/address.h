/*
 * Internet socket addresses as text. Pure, and safe in a signal handler, which inet_ntop(3) is
 * not said to be.
 */
#ifndef IMDSHIM_SHIM_WIRE_ADDRESS_H
#define IMDSHIM_SHIM_WIRE_ADDRESS_H

#include <stdbool.h>
#include <sys/socket.h>

#include "shim/wire/text.h"

bool address_is_internet(const struct sockaddr *address, socklen_t length);

/* The port in host order, 0 for what is no internet address. */
unsigned address_port(const struct sockaddr *address, socklen_t length);

void address_set_port(struct sockaddr_storage *address, unsigned port);

/* A port from 0 to 65535: the text behind it; NULL if there is none. */
const char *address_take_port(const char *text, unsigned *port);

/* Dotted decimal, or RFC 5952 for IPv6; the scope is left out. The family must be one of the
 * two. */
void address_put(struct text *text, const struct sockaddr *address);

#endif
