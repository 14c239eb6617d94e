/*
 * Does a blocked thread wait for a client? Pure: from the text that proc(5) has in
 * /proc/PID/task/TID/syscall: "NUMBER ARGUMENT... STACK INSTRUCTION", or "running".
 *
 * GROMACS asks select(2) without a time and sleeps for a second, over and over: it is seen in
 * clock_nanosleep(2). LAMMPS waits in pselect6(2), NAMD asks between its steps, Go waits in
 * epoll_pwait(2).
 */
#ifndef IMDSHIM_LAUNCHER_NOTIFY_BLOCKED_CALL_H
#define IMDSHIM_LAUNCHER_NOTIFY_BLOCKED_CALL_H

#include <stdbool.h>
#include <stdint.h>

struct blocked_call {
    long number;
    uint64_t arguments[6];
    uint64_t stack;
};

/* What it waits on. */
struct wait {
    enum {
        WAIT_NONE,  /* it computes, or waits for something else */
        WAIT_FD,    /* accept(2) and its kin: fd */
        WAIT_SET,   /* select(2): the bits at `address`, of `count` descriptors */
        WAIT_ARRAY, /* poll(2): `count` struct pollfd at `address` */
        WAIT_EPOLL, /* epoll_wait(2): the epoll instance is fd */
        WAIT_SLEEP
    } kind;
    int fd;
    uint64_t address, count;
};

/* False if it is in no call. */
bool blocked_call_parse(const char *text, struct blocked_call *call);

struct wait blocked_call_wait(const struct blocked_call *call);

#endif
