/*
 * Which interposed calls still have something to do. It is the one branch that a call costs once
 * the port is known and the engine has been seen to wait on it.
 */
#ifndef IMDSHIM_SHIM_STATE_ACTIVE_HOOKS_H
#define IMDSHIM_SHIM_STATE_ACTIVE_HOOKS_H

#include <stdatomic.h>
#include <stdbool.h>

enum {
    HOOK_START = 1,     /* nothing is initialised */
    HOOK_BIND = 2,      /* bind */
    HOOK_LISTEN = 4,    /* listen */
    HOOK_EPOLL = 8,     /* epoll_ctl: its epoll may hold the IMD socket before that listens */
    HOOK_WAIT = 16,     /* the first wait on the IMD socket */
    HOOK_ACCEPT = 32,   /* its first client */
    HOOK_SLEEP = 64,    /* sleep */
    HOOK_FILTER = 128,  /* who connects to the IMD socket */
    HOOK_CONNECT = 256, /* connect, of a client */
    HOOK_RESUME = 512,  /* a wait for a connect that a signal has interrupted */
    HOOK_ALL = 1023,
};

extern _Atomic unsigned active_hooks;

static inline bool hook_active(unsigned hooks)
{
    unsigned now = atomic_load_explicit(&active_hooks, memory_order_acquire);

    return __builtin_expect((now & hooks) != 0, false);
}

#endif
