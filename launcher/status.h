/*
 * Exit statuses, as timeout(1) and env(1) have them, and the engine's end turned into ours.
 */
#ifndef IMDSHIM_LAUNCHER_STATUS_H
#define IMDSHIM_LAUNCHER_STATUS_H

enum {
    STATUS_TIMED_OUT = 124,
    STATUS_FAILED = 125, /* imdshim itself, or a client that was never needed */
    STATUS_CANNOT_EXECUTE = 126,
    STATUS_NOT_FOUND = 127,
};

#endif
