/*
 * Exit statuses, as timeout(1) and env(1) have them.
 */
#ifndef IMDSHIM_LAUNCHER_BASE_STATUS_H
#define IMDSHIM_LAUNCHER_BASE_STATUS_H

enum {
    STATUS_TIMED_OUT = 124,
    STATUS_FAILED = 125, /* imdshim itself, or a client that was asked for was never needed */
    STATUS_CANNOT_EXECUTE = 126,
    STATUS_NOT_FOUND = 127,
    STATUS_OF_SIGNAL = 128, /* added to the signal's number, as sh(1) does */
};

/* 126 or 127, from the errno of an exec that failed. */
int status_of_exec_error(int error);

/* A wait(2) status as a number that exit(3) can carry. */
int status_of_wait(int wait_status);

#endif
