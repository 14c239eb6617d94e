/*
 * What the kernel says of a socket that becomes a listener, and of the module that made it one.
 * Every function is safe in a signal handler; none keeps errno.
 */
#ifndef IMDSHIM_SHIM_KERNEL_LISTENER_H
#define IMDSHIM_SHIM_KERNEL_LISTENER_H

#include <stdbool.h>

#include "shim/wire/event_text.h"
#include "shim/wire/match.h"

/* MPTCP is TCP here. */
bool listener_is_tcp(int fd);

/* Its address; false if that is none of the internet. */
bool listener_read_address(struct listener *listener, int fd);

/* This process, and the module that holds the address `caller`. */
void listener_read_caller(struct listener *listener, const void *caller);

/* What match.h needs to know of it. */
struct candidate listener_as_candidate(const struct listener *listener);

#endif
