/*
 * A port for events, opened and closed around each test, and those who connect to it. The test
 * is the launcher too: nothing is read while it does something else.
 */
#ifndef IMDSHIM_TESTS_UNIT_TCP_SOURCE_H
#define IMDSHIM_TESTS_UNIT_TCP_SOURCE_H

#include "launcher/source/tcp.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "launcher/base/clock.h"
#include "shim/wire/handover.h"
#include "tests/support/suite.h"

enum {
    BOUND = 30000, /* milliseconds; a connection has two seconds */
    SECRET = HANDOVER_SECRET,
    HIGHEST_FD = 2048,
};

#define LINE "42165 ready pid=4711\n"

extern struct tcp_source *port;
extern struct handover_tcp address; /* as the library reads it */
extern int descriptors;             /* that were open before it */

int count_descriptors(void);
void open_port(void);
void close_port(void);
in_port_t offered_port(void);
void connect_socket(int fd);
int new_connection(void);

/* May be a part of it: the port does not read while we are here. */
ssize_t send_bytes(int fd, const char *bytes, size_t length);
void send_line(int fd, const char *line);
bool next_event(struct received *received);
bool is_closed(int fd);

/* Until the port has closed the connection, or all of its own end has been seen. */
void assert_dropped_without_event(int fd);
void assert_peer(const struct received *received, const char *host);
void assert_still_works(void);

/* Else it cannot but stay closed. */
bool has_event_port(void);

#define EVENT_PORT                                                                             \
    .setup = open_port, .teardown = close_port, .timeout = 120, .needs = has_event_port

#endif
