/*
 * select(2) and pselect(2) for the hooks of poll.h, which says what they do: the sets are those
 * of readable, writable and exceptional descriptors. Above FD_SETSIZE neither hook is in force.
 */
#ifndef IMDSHIM_SHIM_HOOKS_SELECT_H
#define IMDSHIM_SHIM_HOOKS_SELECT_H

#include <sys/select.h>

int hooked_select(int count, fd_set *const sets[3], struct timeval *timeout);
int hooked_pselect(int count, fd_set *const sets[3], const struct timespec *timeout,
                   const sigset_t *mask);

#endif
