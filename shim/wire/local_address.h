/*
 * This host's addresses, in this network namespace: what the kernel says of them.
 */
#ifndef IMDSHIM_SHIM_WIRE_LOCAL_ADDRESS_H
#define IMDSHIM_SHIM_WIRE_LOCAL_ADDRESS_H

#include <stdbool.h>

#include "shim/wire/address.h"

/* Where a socket is bound. False if that is no Internet address. Safe in a signal handler. */
bool address_of_socket(union address *address, int fd);

/*
 * Is it one of this host's? Loopback and wildcard are. Of others the kernel is asked for the route, rtnetlink(7): it is of
 * the type "local" then. bind(2) is no answer, because it takes any address where the sysctl
 * ip_nonlocal_bind is set. False if the kernel cannot be asked. Safe in a signal handler; errno
 * is not kept.
 */
bool address_is_local(const union address *address);

#endif
