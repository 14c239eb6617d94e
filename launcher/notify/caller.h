/*
 * The module that made a call which waits for its answer: MPI's own listeners are told by it,
 * shim/wire/match.h.
 *
 * On x86-64 the C libraries' bind() and listen() enter the kernel with their return address on
 * the top of the stack. On aarch64 it is in a register that proc(5) does not show.
 */
#ifndef IMDSHIM_LAUNCHER_NOTIFY_CALLER_H
#define IMDSHIM_LAUNCHER_NOTIFY_CALLER_H

#include <sys/types.h>

#include "shim/wire/wire.h"

/* Its base name; "" if it is not known. */
void caller_find(pid_t process, pid_t thread, char object[NAME_SIZE]);

#endif
