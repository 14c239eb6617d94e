/*
 * connect(2) of a client that was started together with its engine. A connection to the run's
 * own name for the IMD port, on this host, waits until the engine is ready and then goes to
 * where the engine really listens. Every other connection passes untouched.
 *
 * The launcher is asked by a Unix socket; it answers when it knows, and EOF means refused. A
 * non-blocking socket waits too, because its owner expects a server that is there.
 *
 * Signals, SO_SNDTIMEO and cancellation act as in connect(2): a handler with SA_RESTART does not
 * end the wait, another one ends it with EINTR, a time limit with EINPROGRESS. The connection is
 * still being made then, and goes on when the client connects again or waits: poll.h.
 */
#ifndef IMDSHIM_SHIM_HOOKS_GATE_H
#define IMDSHIM_SHIM_HOOKS_GATE_H

#include <sys/socket.h>

#include "shim/state/pending_connects.h"

/* In place of connect(). A cancellation point. */
int gate_connect(int fd, const struct sockaddr *address, socklen_t length);

/*
 * For a connect that went on: wait for the launcher's answer, and connect as it says. FAILED
 * leaves errno. That of a non-blocking socket goes on, for a moment: it is to this host.
 */
enum gate_result { GATE_FAILED, GATE_MADE, GATE_GOES_ON };
enum gate_result gate_finish(int fd, struct pending_connect *pending);

/* Before epoll_ctl(): waits until the connect is made. False and errno, EINTR included. */
bool gate_before_epoll(int fd);

#endif
