/*
 * connect(2) of a client that was started together with its engine: to the run's own name for
 * the IMD port, on this host, it waits until the engine is ready and then goes to where the
 * engine really listens.
 *
 * The launcher is asked by a Unix socket; it answers when it knows, and its end is an answer
 * too. No signal handler ends the wait: connect(2) that fails with EINTR goes on by itself, and
 * this would not. A socket that is non-blocking waits too: for it the engine's start is a part
 * of looking for the host.
 */
#ifndef IMDSHIM_SHIM_HOOKS_GATE_H
#define IMDSHIM_SHIM_HOOKS_GATE_H

#include <stdbool.h>
#include <sys/socket.h>

enum { GATE_NAME = 64 };

struct gate {
    unsigned port; /* 0: there is no gate */
    char name[GATE_NAME];
};

/* "PORT:NAME", as wire.h has it. */
bool gate_parse(struct gate *gate, const char *text);

/* "ADDR PORT", the launcher's answer: where to go from a socket of the domain. */
bool gate_parse_answer(const char *text, int domain, struct sockaddr_storage *address,
                       socklen_t *length);

struct passage {
    const struct sockaddr *address; /* for the real call */
    socklen_t length;
    struct sockaddr_storage copy;
};

/* Before connect(). False: it fails, with errno. Every other connection passes untouched. */
bool gate_pass(struct passage *passage, int fd, const struct sockaddr *address,
               socklen_t length);

#endif
