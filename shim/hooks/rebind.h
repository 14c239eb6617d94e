/*
 * bind(2) of the IMD socket to another address or port than the engine asks for.
 *
 * Every other socket, and every socket if the environment asks for no such thing, is bound with
 * the engine's own arguments. The engine's memory is never written to: a copy is changed. A
 * bind that fails is told, because an engine whose port is in use often says nothing.
 *
 * Safe in a signal handler; errno is as one bind(2) would have left it. The caller is an address
 * in the module that called.
 */
#ifndef IMDSHIM_SHIM_HOOKS_REBIND_H
#define IMDSHIM_SHIM_HOOKS_REBIND_H

#include <stdbool.h>
#include <sys/socket.h>

/* In place of bind(). */
int rebind_bind(int fd, const struct sockaddr *address, socklen_t length, const void *caller);

/*
 * Before listen(), which binds a socket that is not bound yet by itself: the IMD socket is bound
 * first, as if the engine had asked for any port. False and errno if that fails.
 */
bool rebind_before_listen(int fd, const void *caller);

#endif
