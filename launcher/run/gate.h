/*
 * Where the client's connections wait until the engine is ready: a Unix socket of one run, in
 * the abstract namespace, so that no file is left of it.
 *
 * The library in the client connects when the client does, and waits for the answer: where the
 * engine listens, or the end of the connection, which is "refused". Only processes of the same
 * user, or root's, are answered.
 */
#ifndef IMDSHIM_LAUNCHER_RUN_GATE_H
#define IMDSHIM_LAUNCHER_RUN_GATE_H

#include <stdbool.h>
#include <stdint.h>

#include "launcher/base/acceptor.h"
#include "shim/wire/gate_text.h"

enum { GATE_WAITING = 64 };

struct gate {
    struct acceptor listener;
    enum { GATE_CLOSED, GATE_OPEN, GATE_SHUT } state;
    unsigned asked; /* connections that have come here */
    unsigned count; /* of those that wait */
    int waiting[GATE_WAITING];
    char answer[GATE_ANSWER_SIZE]; /* once it is open */
    char text[GATE_TEXT_SIZE];     /* for the client's environment */
};

/* A gate that is none. */
void gate_init(struct gate *gate);

/* For connections to the port. Dies with 125 if there can be none. */
void gate_make(struct gate *gate, unsigned port);

/* For poll(2): -1 if there is no gate, no more can wait, or it backs off. */
int gate_fd(const struct gate *gate);

/* When to call gate_admit() though nobody has come: CLOCK_MONOTONIC; 0: never. */
int64_t gate_deadline(const struct gate *gate);

/* Has a connection come that is not accepted yet? */
bool gate_is_asked(const struct gate *gate);

/* Accept the connections that have come, and answer them if the answer is known. */
void gate_admit(struct gate *gate);

/* Connections that come from now on wait, as at the beginning. */
void gate_hold(struct gate *gate);

/* Connections that wait, and those that come later, are sent to the engine; or refused. */
void gate_open(struct gate *gate, const union address *engine);
void gate_shut(struct gate *gate);

void gate_close(struct gate *gate);

/*
 * The client's side, for what has no library: wait for the answer. False if the client is
 * refused.
 */
bool gate_ask(const struct gate_address *gate, union address *engine);

#endif
