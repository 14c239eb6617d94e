/*
 * For the tests of the library's half of the gate. The test is the launcher too: the kernel
 * holds what a client asks until it is taken, and what it is answered. The real connect() is one
 * of our own, which notes where it was sent.
 */
#ifndef IMDSHIM_TESTS_UNIT_GATE_H
#define IMDSHIM_TESTS_UNIT_GATE_H

#include <signal.h>

#include "shim/wire/address.h"

enum { GATE = 8888, SOON = 30, LONG = 20000 /* milliseconds */ };

/* The calls of the real connect(), the last one's arguments, and what it is to return. */
struct gate_connected {
    int calls, fd, result, error;
    union address address;
};
extern struct gate_connected connected;

/* Before each test. */
void gate_begin(void);

/* ---- the launcher ---- */

extern int launcher; /* what it listens on */
int listen_as_launcher(void);
int next_client(void);   /* that waits */
int count_clients(void); /* that wait and have not been taken: takes them */
void answer(int client, const char *line);

/* ---- a client ---- */

int make_socket(int domain);
int connect_to(int fd, const char *host, unsigned port);
int connect_here(int fd);

/* SIGALRM soon, and every moment thereafter: one may come before the wait has begun. */
extern volatile sig_atomic_t handled;
void send_signals(int flags);
void send_no_more_signals(void);

/* A connect that a signal has interrupted; the launcher's end of it. */
int interrupted_connect(int fd);

/* By hooked_ppoll(); a negative limit is none. */
int wait_writable(int fd, int milliseconds, short *revents);

#endif
