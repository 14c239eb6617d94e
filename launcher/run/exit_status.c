#include "launcher/run/exit_status.h"

#include <signal.h>
#include <sys/wait.h>

#include "launcher/base/status.h"

int exit_status_of(const struct outcome *outcome, int *signal)
{
    *signal = 0;
    if (outcome->ending == TIMED_OUT)
        return STATUS_TIMED_OUT;
    if (outcome->client_asked && !outcome->client_started && !outcome->interrupted)
        return STATUS_FAILED;
    if (outcome->ending == BY_CLIENT)
        return status_of_wait(outcome->client);
    if (outcome->engine == 0 && !outcome->interrupted)
        return status_of_wait(outcome->client);
    if (WIFSIGNALED(outcome->engine))
        *signal = WTERMSIG(outcome->engine);
    return status_of_wait(outcome->engine);
}

bool engine_was_killed(int wait_status)
{
    int signal = status_of_wait(wait_status) - STATUS_OF_SIGNAL;

    return signal > 0 && signal <= SIGRTMAX && signal != SIGPIPE;
}
