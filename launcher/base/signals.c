#include "launcher/base/signals.h"

#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>
#include <unistd.h>

#include "launcher/base/say.h"
#include "launcher/base/status.h"

/* Not the two that stop a background job which touches the terminal: us with the engine. */
static const int left_alone[] = {SIGTTIN, SIGTTOU};

static void set_of_taken(sigset_t *set)
{
    sigfillset(set);
    for (size_t i = 0; i < sizeof left_alone / sizeof left_alone[0]; i++)
        sigdelset(set, left_alone[i]);
}

static void note_ignored(sigset_t *ignored)
{
    struct sigaction action;

    sigemptyset(ignored);
    for (int signal = 1; signal <= SIGRTMAX; signal++)
        if (sigaction(signal, NULL, &action) == 0 && action.sa_handler == SIG_IGN)
            sigaddset(ignored, signal);
}

/*
 * An ignored signal that is blocked is kept by the kernel for us to read: so what was ignored
 * when we were started (nohup) needs no care, but for SIGCHLD: ignored, it reaps our children
 * itself.
 */
void signals_take(struct signals *signals)
{
    struct sigaction action = {.sa_handler = SIG_DFL};
    sigset_t taken;

    set_of_taken(&taken);
    note_ignored(&signals->ignored);
    sigaction(SIGCHLD, &action, NULL);
    sigprocmask(SIG_BLOCK, &taken, &signals->inherited);
    signals->fd = signalfd(-1, &taken, SFD_CLOEXEC | SFD_NONBLOCK);
    if (signals->fd < 0)
        die_error(STATUS_FAILED, errno, "cannot receive signals");
}

void signals_restore(const struct signals *signals)
{
    struct sigaction action = {.sa_handler = SIG_IGN};

    if (sigismember(&signals->ignored, SIGCHLD) == 1)
        sigaction(SIGCHLD, &action, NULL);
    sigprocmask(SIG_SETMASK, &signals->inherited, NULL);
}

bool signals_next(const struct signals *signals, struct signalfd_siginfo *info)
{
    return read(signals->fd, info, sizeof *info) == (ssize_t)sizeof *info;
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

static void raise_unblocked(int signal)
{
    sigset_t only, mask;

    sigemptyset(&only);
    sigaddset(&only, signal);
    raise(signal);
    sigprocmask(SIG_UNBLOCK, &only, &mask);
    sigprocmask(SIG_SETMASK, &mask, NULL);
}

void signals_stop_self(int signal)
{
    raise_unblocked(signal);
}

/* Without a core: it would be ours, not the engine's, and might overwrite the engine's. */
void signals_end_self(int signal)
{
    const struct rlimit no_core = {0, 0};
    struct sigaction action = {.sa_handler = SIG_DFL};

    setrlimit(RLIMIT_CORE, &no_core);
    sigaction(signal, &action, NULL);
    raise_unblocked(signal);
}
