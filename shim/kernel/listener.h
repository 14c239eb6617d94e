/*
 * What the kernel says of a socket that becomes a listener, and of the module that makes it one.
 * Safe in a signal handler; errno is not kept.
 */
#ifndef IMDSHIM_SHIM_KERNEL_LISTENER_H
#define IMDSHIM_SHIM_KERNEL_LISTENER_H

#include <stdbool.h>
#include <stdint.h>

#include "shim/wire/event_text.h"
#include "shim/wire/match.h"

struct listener {
    int fd;
    uint64_t inode;
    unsigned asked;        /* the port that the engine asked for */
    union address address; /* where it is bound */
    char host[HOST_SIZE];
    char exe[NAME_SIZE];
    char object[NAME_SIZE]; /* the module that called bind() or listen() */
};

/* The inode of the socket behind a descriptor; 0 if it is no socket. */
uint64_t socket_inode(int fd);

/*
 * This process, and the module that holds the address `caller`. False if that module is another
 * copy of this library, which tells of the call itself.
 */
bool listener_read_caller(struct listener *listener, const void *caller);

struct listener_facts listener_facts(const struct listener *listener);

/* An event about it, with EVENT_OF_LISTENER; the texts are the listener's. */
struct event listener_event(const struct listener *listener, enum event_kind kind);

#endif
