/*
 * Bytes that wait until a socket takes them. Grows as is needed: who adds to it has a bound.
 */
#ifndef IMDSHIM_LAUNCHER_RELAY_OUTBOX_H
#define IMDSHIM_LAUNCHER_RELAY_OUTBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* All zero: empty. */
struct outbox {
    unsigned char *bytes;
    size_t sent, length, size;
};

bool outbox_is_empty(const struct outbox *outbox);

/* False if there is no memory; nothing is added then. */
bool outbox_add(struct outbox *outbox, const void *bytes, size_t length);

/* What send(2) returns for what is left, which does not block and raises no SIGPIPE. */
ssize_t outbox_send(struct outbox *outbox, int fd);

void outbox_free(struct outbox *outbox);

#endif
