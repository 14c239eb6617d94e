/*
 * Whose process is at the other end of a connection of this host?
 *
 * The kernel is asked for that end's socket: NETLINK_SOCK_DIAG, sock_diag(7), since Linux 3.3
 * and for every user. A socket belongs to the user who made it; one that its process has closed
 * belongs to nobody. Safe in a signal handler; errno is not kept.
 */
#ifndef IMDSHIM_SHIM_WIRE_PEER_H
#define IMDSHIM_SHIM_WIRE_PEER_H

#include <stdbool.h>
#include <sys/types.h>

#include "shim/wire/address.h"

enum peer {
    PEER_SAME_USER,  /* our effective user's */
    PEER_OTHER_USER, /* another one's: *uid */
    PEER_CLOSED,     /* it was of this host, and is closed by now */
    PEER_REMOTE,     /* on another host, or in another network namespace */
    PEER_UNKNOWN,    /* the kernel does not say: *error is errno */
};

/* Of a connected TCP socket. */
enum peer peer_lookup(int fd, uid_t *uid, int *error);

/*
 * Does a TCP socket of this host listen at an address of it? False and errno if not: ENOENT if
 * there is none, or if the kernel lacks its module tcp_diag; anything else if it does not say.
 */
bool peer_listens(const union address *address);

#endif
