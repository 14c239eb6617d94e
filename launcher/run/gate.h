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

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

enum { GATE_WAITING = 64, GATE_TEXT = 128 };

struct gate {
    int fd; /* for poll(2); -1: there is none, or no more can wait */
    int listener;
    enum { GATE_CLOSED, GATE_OPEN, GATE_SHUT } state;
    unsigned asked; /* connections that have come here */
    unsigned count; /* of those that wait */
    int waiting[GATE_WAITING];
    int64_t rest; /* till then nobody is taken in or answered, for want of something; or 0 */
    char answer[INET6_ADDRSTRLEN + 8]; /* once it is open */
    char text[GATE_TEXT]; /* for the client's environment, as shim/wire/wire.h has it */
};

/* A gate that is none: its fd is -1. */
void gate_init(struct gate *gate);

/* For connections to the port. Dies with 125 if there can be none. */
void gate_make(struct gate *gate, unsigned port);

/* Take those who have come, and answer them if the answer is known. */
void gate_admit(struct gate *gate);

/* Milliseconds until gate_admit() is to be called though nobody has come; -1 if it is not. */
int gate_rest(const struct gate *gate);

/* Who waits, and who comes later, is sent to a numeric address; or refused. */
void gate_open(struct gate *gate, const char *address, unsigned port);
void gate_shut(struct gate *gate);

void gate_close(struct gate *gate);

#endif
