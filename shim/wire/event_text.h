/*
 * Events as lines of text; the grammar is in wire.h. Pure, and safe in a signal handler.
 */
#ifndef IMDSHIM_SHIM_WIRE_EVENT_TEXT_H
#define IMDSHIM_SHIM_WIRE_EVENT_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/types.h>

#include "shim/wire/wire.h"

/* A socket on which listen() has succeeded, or that was to become one. */
struct listener {
    struct sockaddr_storage address; /* of AF_INET or AF_INET6 */
    unsigned asked;                  /* the port that the engine asked for */
    int fd;
    pid_t pid;
    char host[HOST_SIZE];
    char exe[NAME_SIZE];    /* the program */
    char object[NAME_SIZE]; /* the module that called bind() or listen() */
};

/* A connection that was closed; a client that was gone already has neither of the two. */
struct denied {
    bool has_uid;
    uid_t uid; /* whose it was */
    int error; /* errno, why the kernel does not say whose; or 0 */
};

struct event_line {
    char bytes[EVENT_MAX];
    size_t length;
};

/* reason is NULL for the IMD socket, else one of wire.h's. */
void event_format_listener(struct event_line *line, const struct listener *listener,
                           const char *reason);
void event_format_refused(struct event_line *line, const struct listener *listener, int error);
void event_format_ready(struct event_line *line, unsigned port, pid_t pid);
void event_format_connected(struct event_line *line, unsigned port, pid_t pid);
void event_format_denied(struct event_line *line, unsigned port, pid_t pid,
                         const struct denied *denied);
void event_format_loaded(struct event_line *line, pid_t pid, const char *exe, const char *comm);
void event_format_ended(struct event_line *line, pid_t pid);

#endif
