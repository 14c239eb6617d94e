/*
 * Where the library writes events: the texts by which the launcher hands that over to it in the
 * environment, and the secret that an event by TCP begins with. Pure, safe in a signal handler.
 */
#ifndef IMDSHIM_SHIM_WIRE_HANDOVER_H
#define IMDSHIM_SHIM_WIRE_HANDOVER_H

#include <limits.h>
#include <stdbool.h>

#include "shim/wire/address.h"
#include "shim/wire/wire.h"

/* WIRE_FD, "N:DEV:INO:BIRTH": an inherited descriptor and the file that it must still be. */
struct handover_fd {
    int fd; /* -1: none */
    uint64_t device, inode;
    uint64_t birth; /* as sys_birth() has it; 0: not known */
};

void handover_put_fd(struct text *text, const struct handover_fd *file);
bool handover_parse_fd(struct handover_fd *file, const char *text);

/* WIRE_FIFO: a FIFO's path, absolute. */
bool handover_parse_fifo(char path[PATH_MAX], const char *text);

/* WIRE_TCP, "HOST:PORT:SECRET:ADDR[,ADDR...]", ADDR numeric: beside the FIFO, for other hosts. */
enum {
    HANDOVER_ADDRESSES = 8,
    HANDOVER_SECRET = 32, /* characters */
};

struct handover_tcp {
    char host[3 * HOST_SIZE]; /* the launcher's, escaped */
    char secret[HANDOVER_SECRET + 1];
    unsigned count;                              /* of addresses; 0: none */
    union address addresses[HANDOVER_ADDRESSES]; /* all with the one port */
};

/* There must be an address. Parsing leaves none if the text is not of its form. */
void handover_put_tcp(struct text *text, const struct handover_tcp *tcp);
bool handover_parse_tcp(struct handover_tcp *tcp, const char *text);

/*
 * What goes over that connection: "SECRET LINE". Signing puts the secret and a blank in front of
 * the line, for which there must be room. Checking returns the line; NULL if the secret is wrong.
 */
enum { HANDOVER_SIGNATURE = HANDOVER_SECRET + 1 };
char *handover_sign(char *line, const char secret[HANDOVER_SECRET + 1]);
char *handover_check_signed(char *text, const char secret[HANDOVER_SECRET + 1]);

#endif
