#include "launcher/commands/ending.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "launcher/base/say.h"
#include "launcher/libc/mask.h"

/* A signal that was ignored stays so: blocked, it would be queued and read. */
static void add_all(sigset_t *taken, const int *signals)
{
    struct sigaction action;

    for (; *signals != 0; signals++)
        if (sigaction(*signals, NULL, &action) == 0 && action.sa_handler != SIG_IGN)
            sigaddset(taken, *signals);
}

void ending_begin(struct ending *ending, const int *others)
{
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP, 0};
    sigset_t taken;

    sigemptyset(&taken);
    add_all(&taken, signals);
    add_all(&taken, others);
    mask_change(SIG_BLOCK, &taken, &ending->before);
    ending->fd = signalfd(-1, &taken, SFD_CLOEXEC | SFD_NONBLOCK);
    if (ending->fd < 0)
        die_error(EXIT_FAILURE, errno, "cannot receive signals");
}

int ending_next(const struct ending *ending)
{
    struct signalfd_siginfo info;

    return read(ending->fd, &info, sizeof info) == (ssize_t)sizeof info ? (int)info.ssi_signo
                                                                        : 0;
}

bool ending_asked(const struct ending *ending)
{
    bool any = false;

    while (ending_next(ending) != 0)
        any = true;
    return any;
}

/* Those that came meanwhile are read off, lest they kill us at the very end. */
void ending_end(struct ending *ending)
{
    ending_asked(ending);
    close(ending->fd);
    mask_change(SIG_SETMASK, &ending->before, NULL);
}
