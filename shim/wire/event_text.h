/*
 * Events as lines of text, wire.h, and back: one table of kinds and keys serves both. Pure; the
 * formatter is safe in a signal handler.
 *
 * The parser takes any bytes, because every program that an engine starts can write to the
 * launcher's FIFO. What it accepts is printable ASCII: values stay escaped as they were sent.
 */
#ifndef IMDSHIM_SHIM_WIRE_EVENT_TEXT_H
#define IMDSHIM_SHIM_WIRE_EVENT_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "shim/wire/address.h"
#include "shim/wire/wire.h"

enum event_kind {
    KIND_LISTENING,
    KIND_READY,
    KIND_LOADED,
    KIND_PASSED,
    KIND_REFUSED,
    KIND_CONNECTED,
    KIND_DENIED,
    EVENT_KINDS,
};

/* In the order in which they stand in a line. */
enum event_key {
    KEY_HOST,
    KEY_ADDR,
    KEY_ASKED,
    KEY_PID,
    KEY_FD,
    KEY_UID,
    KEY_REASON,
    KEY_ERROR,
    KEY_NETNS,
    KEY_EXE,
    KEY_OBJECT,
    KEY_COMM,
    EVENT_KEYS,
};

#define EVENT_HAS(key) (1U << (key))

struct event {
    enum event_kind kind;
    unsigned port; /* 0: none */
    unsigned
        has; /* EVENT_HAS() of each key that is there; the others are 0, "" or no address */

    union address address; /* of the socket, with the port */
    unsigned asked;        /* the port that the engine asked for */
    unsigned pid;
    unsigned fd;
    unsigned uid;   /* whose a connection was */
    unsigned error; /* errno */
    unsigned netns; /* inode of the process's network namespace, namespaces(7) */

    /* Texts are the caller's; the parser's point into the line. */
    const char *host;
    const char *reason; /* REASON_... */
    const char *exe;    /* the program's base name */
    const char *object; /* the module that called bind() or listen() */
    const char *comm;   /* the thread's name */
};

/* The keys of a listener, whatever is said of it. */
#define EVENT_OF_LISTENER                                                                      \
    (EVENT_HAS(KEY_HOST) | EVENT_HAS(KEY_ADDR) | EVENT_HAS(KEY_ASKED) | EVENT_HAS(KEY_PID) |   \
     EVENT_HAS(KEY_FD) | EVENT_HAS(KEY_EXE) | EVENT_HAS(KEY_OBJECT))

/* A line with its newline, and a NUL behind it. Returns its length without the NUL. */
size_t event_text_format(const struct event *event, char line[EVENT_MAX + 1]);

/*
 * A line without its newline, which is taken apart in place. False if it is not of the grammar,
 * or lacks what its kind must have. Unknown keys are passed over.
 */
bool event_text_parse(char *line, struct event *event);

#endif
