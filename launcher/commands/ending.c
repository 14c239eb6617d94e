#include "launcher/commands/ending.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "launcher/base/say.h"
#include "launcher/libc/mask.h"

/* A signal that was ignored stays so: blocked, it would be queued and read. */
void ending_begin(struct ending *ending)
{
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
    struct sigaction action;
    sigset_t taken;

    sigemptyset(&taken);
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++)
        if (sigaction(signals[i], NULL, &action) == 0 && action.sa_handler != SIG_IGN)
            sigaddset(&taken, signals[i]);
    mask_change(SIG_BLOCK, &taken, &ending->before);
    ending->fd = signalfd(-1, &taken, SFD_CLOEXEC | SFD_NONBLOCK);
    if (ending->fd < 0)
        die_error(EXIT_FAILURE, errno, "cannot receive signals");
}

bool ending_asked(const struct ending *ending)
{
    struct signalfd_siginfo infos[8];
    bool any = false;

    while (read(ending->fd, infos, sizeof infos) > 0)
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
