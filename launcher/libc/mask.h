/*
 * The mask of blocked signals, as the kernel has it: sigprocmask(2) without a C library between.
 *
 * Signal 34 is the first real-time signal of programs for glibc. musl keeps it for itself, out of
 * every set, so that a launcher for musl would neither pass it on nor leave it blocked.
 */
#ifndef IMDSHIM_LAUNCHER_LIBC_MASK_H
#define IMDSHIM_LAUNCHER_LIBC_MASK_H

#include <signal.h>

/* All that programs may use: what the C library keeps for its threads is left out. */
void mask_fill(sigset_t *mask);

/* As sigaddset(3). */
void mask_add(sigset_t *mask, int signal);

/* As sigprocmask(2). */
void mask_change(int how, const sigset_t *mask, sigset_t *before);

#endif
