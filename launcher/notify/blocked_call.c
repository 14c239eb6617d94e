#include "launcher/notify/blocked_call.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/syscall.h>

bool blocked_call_parse(const char *text, struct blocked_call *call)
{
    uint64_t words[7]; /* the arguments and the stack */
    char *end;

    errno = 0;
    call->number = strtol(text, &end, 10);
    if (end == text || call->number < 0)
        return false;
    for (int i = 0; i < 7; i++) {
        text = end;
        words[i] = strtoull(text, &end, 16);
        if (end == text || *text != ' ' || errno != 0)
            return false;
    }
    for (int i = 0; i < 6; i++)
        call->arguments[i] = words[i];
    call->stack = words[6];
    return true;
}

/* aarch64 has only the newer of each. */
static const struct {
    long number;
    int kind;
} calls[] = {
    {SYS_accept, WAIT_FD},         {SYS_accept4, WAIT_FD},
#ifdef SYS_select
    {SYS_select, WAIT_SET},
#endif
    {SYS_pselect6, WAIT_SET},
#ifdef SYS_poll
    {SYS_poll, WAIT_ARRAY},
#endif
    {SYS_ppoll, WAIT_ARRAY},
#ifdef SYS_epoll_wait
    {SYS_epoll_wait, WAIT_EPOLL},
#endif
    {SYS_epoll_pwait, WAIT_EPOLL}, {441 /* epoll_pwait2, since Linux 5.11 */, WAIT_EPOLL},
    {SYS_nanosleep, WAIT_SLEEP},   {SYS_clock_nanosleep, WAIT_SLEEP},
};

struct wait blocked_call_wait(const struct blocked_call *call)
{
    const uint64_t *arguments = call->arguments;
    struct wait wait = {.kind = WAIT_NONE};

    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++)
        if (calls[i].number == call->number)
            wait.kind = calls[i].kind;
    if (wait.kind == WAIT_FD || wait.kind == WAIT_EPOLL)
        wait.fd = (int)arguments[0];
    if (wait.kind == WAIT_SET) {
        wait.count = arguments[0] & UINT32_MAX;
        wait.address = arguments[1];
    }
    if (wait.kind == WAIT_ARRAY) {
        wait.address = arguments[0];
        wait.count = arguments[1] & UINT32_MAX;
    }
    return wait;
}
