/*
 * The epoll descriptors of this process, because an engine may put its socket into one before it
 * calls listen(2). Lock-free, in static storage; safe in a signal handler, errno is not kept.
 */
#ifndef IMDSHIM_SHIM_STATE_EPOLLS_H
#define IMDSHIM_SHIM_STATE_EPOLLS_H

#include <stdbool.h>
#include <stdint.h>

/* Makes no system call. The first few are remembered. */
void epolls_note(int epoll);

/*
 * Is the socket in one of them? Asked of proc(5), fdinfo, because a descriptor's number may be
 * another file's by now. False before Linux 4.12, where the inode is not said.
 */
bool epolls_hold(uint64_t inode);

#endif
