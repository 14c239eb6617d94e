/*
 * The calls as the next library after this one has them: another preloaded library's, or
 * glibc's.
 */
#ifndef IMDSHIM_SHIM_HOOKS_REAL_H
#define IMDSHIM_SHIM_HOOKS_REAL_H

#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/socket.h>

struct real_calls {
    unsigned (*sleep)(unsigned);
    int (*connect)(int, const struct sockaddr *, socklen_t);
    int (*bind)(int, const struct sockaddr *, socklen_t);
    int (*listen)(int, int);
    int (*accept)(int, struct sockaddr *, socklen_t *);
    int (*accept4)(int, struct sockaddr *, socklen_t *, int);
    int (*select)(int, fd_set *, fd_set *, fd_set *, struct timeval *);
    int (*pselect)(int, fd_set *, fd_set *, fd_set *, const struct timespec *,
                   const sigset_t *);
    int (*poll)(struct pollfd *, nfds_t, int);
    int (*ppoll)(struct pollfd *, nfds_t, const struct timespec *, const sigset_t *);
    int (*poll_chk)(struct pollfd *, nfds_t, int, size_t);
    int (*ppoll_chk)(struct pollfd *, nfds_t, const struct timespec *, const sigset_t *,
                     size_t);
    int (*epoll_ctl)(int, int, int, struct epoll_event *);
};

extern struct real_calls real;

/* Fill in `real`. Idempotent; needed before the first use of any member. */
void real_resolve(void);

#endif
