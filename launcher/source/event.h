/*
 * Events read back: the launcher's half of shim/wire/wire.h. Pure.
 *
 * What comes out of the channel is untrusted, for every program that the engine starts can
 * write to it: the parser takes any bytes, and what it accepts is safe to print and to put into
 * an environment. Values are kept as they were sent, escaped.
 */
#ifndef IMDSHIM_LAUNCHER_SOURCE_EVENT_H
#define IMDSHIM_LAUNCHER_SOURCE_EVENT_H

#include <netinet/in.h>
#include <stdbool.h>
#include <sys/types.h>

#include "shim/wire/wire.h"

enum event_kind {
    KIND_LISTENING,
    KIND_READY,
    KIND_LOADED,
    KIND_ENDED,
    KIND_PASSED,
    KIND_REFUSED,
    KIND_CONNECTED,
    KIND_DENIED
};

struct event {
    enum event_kind kind;
    char peer[INET6_ADDRSTRLEN]; /* the address that it came from by TCP, "" by the FIFO */
    unsigned port, asked;
    pid_t pid;
    int error; /* errno */
    bool has_uid;
    uid_t uid;
    char address[INET6_ADDRSTRLEN];
    char host[3 * HOST_SIZE]; /* every byte may be escaped */
    char exe[3 * NAME_SIZE];
    char object[3 * NAME_SIZE];
    char comm[3 * COMM_SIZE];
    char reason[16];
};

/*
 * A line without its newline; it is taken apart in place. False if it is not an event of the
 * grammar, or lacks a field that the kind must have. Keys that are not known are passed over.
 */
bool event_parse(char *line, struct event *event);

#endif
