/*
 * Is an address one of this host's?
 */
#ifndef IMDSHIM_SHIM_WIRE_LOCAL_ADDRESS_H
#define IMDSHIM_SHIM_WIRE_LOCAL_ADDRESS_H

#include <stdbool.h>
#include <sys/socket.h>

/*
 * Of AF_INET or AF_INET6; loopback and wildcard are. Of others the kernel is asked: bind(2)
 * fails with EADDRNOTAVAIL if not, and if it cannot be asked it is taken for none. Safe in a
 * signal handler; errno is not kept.
 */
bool own_address(const struct sockaddr *address, socklen_t length);

#endif
