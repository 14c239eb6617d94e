/*
 * What is remembered of this process's sockets. Lock-free, in static storage: bind() and
 * listen() stay async-signal-safe.
 *
 * A socket is known by its inode: unlike a descriptor's number it is not used again while it
 * matters, and it survives dup(2).
 */
#ifndef IMDSHIM_SHIM_STATE_SOCKETS_H
#define IMDSHIM_SHIM_STATE_SOCKETS_H

#include <stdbool.h>
#include <stdint.h>

/*
 * The port first asked for on a socket. First, because NAMD goes on to ask for 1025 to 4095 on
 * the same socket when its port is taken: the user asked for the first.
 */
void socket_remember_asked(uint64_t inode, unsigned port);
unsigned socket_asked(uint64_t inode); /* 0 if it was never bound */

/*
 * The IMD socket: the first one claimed. When this process has closed it and all duplicates, the
 * same module of it, by its base name, may claim another; a process that was forked from it may
 * not.
 */
bool imd_socket_claim(uint64_t inode, int fd, const char *object); /* false: there is another */
bool imd_socket_may_be_claimed(void);
bool imd_socket_may_be_of(const char *object); /* true too if there was none yet */
uint64_t imd_socket(void);                     /* its inode; 0: none yet */
int imd_socket_fd(void);                       /* a descriptor of it; -1: not known */

/*
 * Its port may be listened on in the other address family too, by a socket of its own: a client
 * may be awaited and accepted on either.
 */
void imd_socket_add_twin(uint64_t inode);
bool is_imd_socket_or_twin(uint64_t inode);

#endif
