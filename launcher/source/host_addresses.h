/*
 * The addresses by which other hosts can reach this one, as text.
 */
#ifndef IMDSHIM_LAUNCHER_SOURCE_HOST_ADDRESSES_H
#define IMDSHIM_LAUNCHER_SOURCE_HOST_ADDRESSES_H

#include <netinet/in.h>
#include <sys/socket.h>

#include "shim/wire/text.h"

/* Numeric; an IPv4 address that is mapped into IPv6 as IPv4. Returns text. */
const char *host_address_text(const struct sockaddr *address, char text[INET6_ADDRSTRLEN]);

/* ":ADDR,ADDR...", IPv4 first, at most that many. Returns their number. */
int host_addresses_put(struct text *text, int most);

#endif
