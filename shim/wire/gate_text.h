/*
 * The texts of the gate, where a client's connections to the run's own name for the IMD port
 * wait until the engine is ready: what the client has in its environment, and the launcher's
 * answer. Pure, safe in a signal handler.
 */
#ifndef IMDSHIM_SHIM_WIRE_GATE_TEXT_H
#define IMDSHIM_SHIM_WIRE_GATE_TEXT_H

#include <stdbool.h>

#include "shim/wire/address.h"

enum {
    GATE_NAME_SIZE = 64,                     /* with its NUL */
    GATE_TEXT_SIZE = GATE_NAME_SIZE + 8,     /* of PORT:NAME */
    GATE_ANSWER_SIZE = INET6_ADDRSTRLEN + 8, /* of ADDR PORT, a newline and a NUL */
};

struct gate_address {
    unsigned port;             /* 1 to 65535; 0: there is no gate */
    char name[GATE_NAME_SIZE]; /* of a Unix socket in the abstract namespace, unix(7) */
};

/* "PORT:NAME", the value of WIRE_GATE. Parsing leaves port 0 if the text is not of its form. */
void gate_text_put(struct text *text, const struct gate_address *gate);
bool gate_text_parse(struct gate_address *gate, const char *text);

/* "ADDR PORT" and a newline: where the engine listens. It hangs up if it will not. */
void gate_text_put_answer(struct text *text, const union address *engine);
bool gate_text_parse_answer(union address *engine, const char *line);

#endif
