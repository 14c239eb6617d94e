/*
 * Signals: read from a signalfd(2), passed on to the engine once, and restored as they were for
 * the programs that we start.
 *
 * We need not be alone in our process: a library that somebody preloads into every program may
 * have started a thread. The kernel gives a signal to any thread that does not block it, and
 * that one blocks none; by default it would be lost there (SIGCHLD), or end us (SIGTERM). So
 * each signal has a handler, which only sends it on to the main thread.
 */
#ifndef IMDSHIM_LAUNCHER_BASE_SIGNALS_H
#define IMDSHIM_LAUNCHER_BASE_SIGNALS_H

#include <signal.h>
#include <stdbool.h>
#include <sys/signalfd.h>

struct signals {
    int fd;             /* for poll(2) */
    sigset_t inherited; /* the mask that we were started with */
    sigset_t ignored;   /* the signals that were ignored then, and are by what we start */
};

/*
 * To be called by the main thread: block the signals that we read, and make children reapable.
 * Dies with 125 if there is no descriptor left.
 */
void signals_take(struct signals *signals);

/* In a child between fork and exec: mask and dispositions as they were inherited. */
void signals_restore(const struct signals *signals);

/* The next signal that has arrived; false if there is none now. */
bool signals_next(const struct signals *signals, struct signalfd_siginfo *info);

/*
 * Must it be passed on? What the terminal sends (Ctrl-C) comes from the kernel and goes to the
 * engine, in our process group, by itself; but a hang-up goes to the session's leader alone
 * (drivers/tty/tty_jobctrl.c), and that may be us: xterm -e, ssh -t.
 */
bool signals_must_pass_on(const struct signalfd_siginfo *info);

/* INT, TERM, HUP, QUIT: those with which users and batch systems end programs. */
bool signals_ends_programs(int signal);

/* A signal that is blocked does to us what it does. */
void signals_raise_unblocked(int signal);

/* Stop as the signal would have stopped us: not at all in an orphaned process group. */
void signals_stop_self(const struct signals *signals, int signal);

/* End as a signal would have ended us; a return means that it does not. */
void signals_end_self(int signal);

#endif
