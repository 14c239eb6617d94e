/*
 * bind(2) of the IMD socket, to another address or port than the engine asks for.
 *
 * Every other socket, and every socket where the environment asks for no such thing, is bound
 * with the engine's own arguments. The engine's memory is never written to: it is a copy that
 * is changed.
 */
#ifndef IMDSHIM_SHIM_HOOKS_REBIND_H
#define IMDSHIM_SHIM_HOOKS_REBIND_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

struct rebind {
    const struct sockaddr *address; /* for the real call */
    socklen_t length;
    /* The rest is for the functions below. */
    int fd;
    uint64_t inode;
    const void *caller;
    bool rewritten;
    unsigned attempt, attempts; /* of a range of ports */
    int error;                  /* errno before the first */
    bool reused_address, reused_port;
    struct sockaddr_storage copy;
};

/*
 * Before bind(); the caller is an address in the module that called. Remembers what was asked
 * for.
 */
void rebind_ask(struct rebind *rebind, int fd, const struct sockaddr *address, socklen_t length,
                const void *caller);

/*
 * Before listen(), which binds a socket that is not bound yet by itself: true if it is the IMD
 * socket and is to be bound first, as if the engine had asked for any port.
 */
bool rebind_ask_unbound(struct rebind *rebind, int fd, const void *caller);

/* After a bind(): true if another address is to be tried. */
bool rebind_again(struct rebind *rebind, int result);

/* After the last bind(). errno is as one bind(2) would have left it. */
void rebind_tell(struct rebind *rebind, int result);

#endif
