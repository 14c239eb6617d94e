/*
 * What the interposed calls tell. Each function keeps errno, takes no lock, allocates nothing
 * and is safe in a signal handler.
 *
 * `attention` says which calls still matter. It is the one branch that an interposed call costs
 * once the port is known and the engine has been seen to wait on it.
 */
#ifndef IMDSHIM_SHIM_HOOKS_REPORT_H
#define IMDSHIM_SHIM_HOOKS_REPORT_H

#include <stdatomic.h>
#include <stdbool.h>

enum {
    ATTEND_START = 1,     /* nothing is initialised */
    ATTEND_BINDS = 2,     /* bind matters */
    ATTEND_LISTENS = 4,   /* listen matters */
    ATTEND_WAITS = 8,     /* the first wait on the IMD socket matters */
    ATTEND_ACCEPTS = 16,  /* the first client matters */
    ATTEND_SLEEPS = 32,   /* sleep matters */
    ATTEND_CONNECTS = 64, /* connect matters */
    ATTEND_PEERS = 128,   /* who connects to the IMD socket matters */
    ATTEND_EVERYTHING = 255,
};

extern _Atomic unsigned attention;

static inline bool attends(unsigned what)
{
    unsigned now = atomic_load_explicit(&attention, memory_order_acquire);

    return __builtin_expect((now & what) != 0, false);
}

/*
 * Before anything else, if attends(ATTEND_START): `real` can be used afterwards. Idempotent.
 * Cold, as all that is called behind that branch: else registers are saved for it before it.
 */
__attribute__((cold)) void report_start(void);

/* After listen(). The caller is an address in the module that called. */
void report_listen(int fd, int result, const void *caller);

#endif
