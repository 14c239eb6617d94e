#include "launcher/base/signals.h"

#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "launcher/base/say.h"
#include "launcher/base/status.h"
#include "launcher/libc/mask.h"
#include "shim/wire/sys.h"

/* These stop a background job that touches the terminal: us together with the engine. */
static const int left_alone[] = {SIGTTIN, SIGTTOU};

/* A thread's own mistakes: after a handler that returns it would make the same one again. */
static const int faults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS};

enum { DISGUISE = 0x10000 }; /* codes are -60 (SI_ASYNCNL) to 128 (SI_KERNEL) */

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static bool is_one_of(const int *signals, size_t count, int signal)
{
    for (size_t i = 0; i < count; i++)
        if (signals[i] == signal)
            return true;
    return false;
}

static void set_of_taken(sigset_t *set)
{
    mask_fill(set);
    for (size_t i = 0; i < COUNT(left_alone); i++)
        sigdelset(set, left_alone[i]);
}

static bool has_handler(int signal)
{
    return !is_one_of(left_alone, COUNT(left_alone), signal) &&
           !is_one_of(faults, COUNT(faults), signal);
}

/* The process's number is the main thread's too, gettid(2). */
static pid_t main_thread;

/* In a child just before exec(2): what the signal does by default, as soon as we return. */
static void act_by_default(int signal)
{
    const struct sigaction action = {.sa_handler = SIG_DFL};

    sigaction(signal, &action, NULL);
    syscall(SYS_tgkill, sys_getpid(), sys_gettid(), signal);
}

/*
 * In another thread than the main one, which blocks all of them: with who sent it and why, in a
 * disguise, because the kernel takes only negative codes from one thread for another,
 * rt_tgsigqueueinfo(2).
 */
static void send_to_main_thread(int signal, siginfo_t *info, void *context)
{
    KEEP_ERRNO;
    siginfo_t sent = {.si_signo = signal, .si_code = info->si_code - DISGUISE};

    (void)context;
    sent.si_pid = info->si_pid;
    sent.si_uid = info->si_uid;
    if (sys_getpid() == main_thread)
        syscall(SYS_rt_tgsigqueueinfo, main_thread, main_thread, signal, &sent);
    else
        act_by_default(signal);
}

/* False for what cannot have a handler: SIGKILL, SIGSTOP, and the two of glibc's threads. */
static bool set_handler(int signal, struct sigaction *before)
{
    struct sigaction action = {.sa_sigaction = send_to_main_thread,
                               .sa_flags = SA_SIGINFO | SA_RESTART | SA_ONSTACK};

    sigfillset(&action.sa_mask);
    return sigaction(signal, &action, before) == 0;
}

/* As it was when we were started. A handler, be it a library's, does not survive exec(2). */
static void restore_disposition(const struct signals *signals, int signal)
{
    const struct sigaction action = {
        .sa_handler = sigismember(&signals->ignored, signal) == 1 ? SIG_IGN : SIG_DFL};

    sigaction(signal, &action, NULL);
}

/*
 * Blocked first, so that no handler runs in this thread. A signal that was ignored when we were
 * started (nohup) is read like the others.
 */
void signals_take(struct signals *signals)
{
    struct sigaction before;
    sigset_t taken;

    main_thread = sys_getpid();
    set_of_taken(&taken);
    sigemptyset(&signals->ignored);
    mask_change(SIG_BLOCK, &taken, &signals->inherited);
    for (int signal = 1; signal <= SIGRTMAX; signal++)
        if ((has_handler(signal) ? set_handler(signal, &before)
                                 : sigaction(signal, NULL, &before) == 0) &&
            before.sa_handler == SIG_IGN)
            sigaddset(&signals->ignored, signal);
    signals->fd = signalfd(-1, &taken, SFD_CLOEXEC | SFD_NONBLOCK);
    if (signals->fd < 0)
        die_error(STATUS_FAILED, errno, "cannot receive signals");
}

/* exec(2) replaces handlers by the default: only what was ignored is left to be restored. */
void signals_restore(const struct signals *signals)
{
    for (int signal = 1; signal <= SIGRTMAX; signal++)
        if (has_handler(signal) && sigismember(&signals->ignored, signal) == 1)
            restore_disposition(signals, signal);
    mask_change(SIG_SETMASK, &signals->inherited, NULL);
}

bool signals_next(const struct signals *signals, struct signalfd_siginfo *info)
{
    if (read(signals->fd, info, sizeof *info) != (ssize_t)sizeof *info)
        return false;
    if (info->ssi_code < -DISGUISE / 2)
        info->ssi_code += DISGUISE;
    return true;
}

bool signals_must_pass_on(const struct signalfd_siginfo *info)
{
    if (info->ssi_signo == SIGHUP && getsid(0) == getpid())
        return true;
    if (info->ssi_pid == (uint32_t)getpid())
        return false;           /* SIGPIPE of our own write to stderr */
    return info->ssi_code <= 0; /* SI_USER, SI_QUEUE, SI_TKILL and their kin, sigaction(2) */
}

bool signals_ends_programs(int signal)
{
    return signal == SIGINT || signal == SIGTERM || signal == SIGHUP || signal == SIGQUIT;
}

void signals_raise_unblocked(int signal)
{
    sigset_t only, mask;

    sigemptyset(&only);
    mask_add(&only, signal);
    raise(signal);
    mask_change(SIG_UNBLOCK, &only, &mask);
    mask_change(SIG_SETMASK, &mask, NULL);
}

void signals_stop_self(const struct signals *signals, int signal)
{
    restore_disposition(signals, signal);
    signals_raise_unblocked(signal);
    set_handler(signal, NULL);
}

/* Without a core: it would be ours, not the engine's, and might overwrite the engine's. */
void signals_end_self(int signal)
{
    const struct rlimit no_core = {0, 0};
    struct sigaction action = {.sa_handler = SIG_DFL};

    setrlimit(RLIMIT_CORE, &no_core);
    sigaction(signal, &action, NULL);
    signals_raise_unblocked(signal);
}
