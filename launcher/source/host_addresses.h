/*
 * The addresses by which other hosts can reach this one.
 */
#ifndef IMDSHIM_LAUNCHER_SOURCE_HOST_ADDRESSES_H
#define IMDSHIM_LAUNCHER_SOURCE_HOST_ADDRESSES_H

#include "shim/wire/address.h"

/* IPv4 first, at most that many. Returns their number. */
unsigned host_addresses(union address *addresses, unsigned most);

#endif
