/*
 * The calls as the next library after this one has them: another preloaded library's, or the C
 * library's.
 */
#ifndef IMDSHIM_SHIM_HOOKS_REAL_H
#define IMDSHIM_SHIM_HOOKS_REAL_H

#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/socket.h>

/* CALL(result, member, symbol, parameters) */
#define REAL_CALLS(CALL)                                                                       \
    CALL(int, bind, "bind", (int, const struct sockaddr *, socklen_t))                         \
    CALL(int, listen, "listen", (int, int))                                                    \
    CALL(int, connect, "connect", (int, const struct sockaddr *, socklen_t))                   \
    CALL(unsigned, sleep, "sleep", (unsigned))                                                 \
    CALL(int, accept, "accept", (int, struct sockaddr *, socklen_t *))                         \
    CALL(int, accept4, "accept4", (int, struct sockaddr *, socklen_t *, int))                  \
    CALL(int, select, "select", (int, fd_set *, fd_set *, fd_set *, struct timeval *))         \
    CALL(int, pselect, "pselect",                                                              \
         (int, fd_set *, fd_set *, fd_set *, const struct timespec *, const sigset_t *))       \
    CALL(int, poll, "poll", (struct pollfd *, nfds_t, int))                                    \
    CALL(int, ppoll, "ppoll",                                                                  \
         (struct pollfd *, nfds_t, const struct timespec *, const sigset_t *))                 \
    CALL(int, poll_chk, "__poll_chk", (struct pollfd *, nfds_t, int, size_t))                  \
    CALL(int, ppoll_chk, "__ppoll_chk",                                                        \
         (struct pollfd *, nfds_t, const struct timespec *, const sigset_t *, size_t))         \
    CALL(int, epoll_ctl, "epoll_ctl", (int, int, int, struct epoll_event *))

/* NOLINTNEXTLINE(bugprone-macro-parentheses): types are not put in any */
#define REAL_MEMBER(result, member, symbol, parameters) result(*member) parameters;
extern struct real_calls {
    REAL_CALLS(REAL_MEMBER)
} real;

/* Fill in `real`. Idempotent; needed before the first use of any member. */
void real_resolve(void);

#endif
