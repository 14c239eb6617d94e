#include "shim/hooks/poll.h"

#include "shim/hooks/admission.h"
#include "shim/hooks/gate.h"
#include "shim/hooks/limit.h"
#include "shim/hooks/real.h"
#include "shim/kernel/memory.h"
#include "shim/state/active_hooks.h"

enum { READABLE = POLLIN | POLLRDNORM };

/* ---- a client at the gate ---- */

enum { MOST_FDS = 64 }; /* of a poll set; in a larger one a connect does not go on */

/* In place of each socket whose connect is awaited, its launcher. False if there is none. */
static bool await_launchers(struct pollfd copy[MOST_FDS], const struct pollfd *fds,
                            nfds_t count)
{
    bool any = false;

    if (count > MOST_FDS || memory_copy(copy, fds, count * sizeof *fds) != 0)
        return false;
    for (nfds_t i = 0; i < count; i++) {
        struct pending_connect *pending =
            (copy[i].events & POLLOUT) != 0 ? pending_connect_of(copy[i].fd) : NULL;

        if (pending != NULL)
            copy[i] = (struct pollfd){.fd = pending->launcher, .events = POLLIN};
        any |= pending != NULL;
    }
    return any;
}

/* What is left of a result for the copy. */
static int finish_polled(struct pollfd *fds, const struct pollfd *copy, nfds_t count,
                         int result)
{
    for (nfds_t i = 0; i < count && result >= 0; i++) {
        bool is_launcher = copy[i].fd != fds[i].fd;

        fds[i].revents = is_launcher ? 0 : copy[i].revents;
        if (!is_launcher || copy[i].revents == 0)
            continue;
        switch (gate_finish(fds[i].fd, pending_connect_of(fds[i].fd))) {
        case GATE_MADE:
            fds[i].revents = POLLOUT;
            break;
        case GATE_GOES_ON:
            result--;
            break;
        case GATE_FAILED:
            result = -1;
        }
    }
    return result;
}

static int poll_once(struct pollfd *fds, nfds_t count, const struct timespec *timeout,
                     const sigset_t *mask)
{
    struct pollfd copy[MOST_FDS];
    int result, left;

    if (!hook_active(HOOK_RESUME) || !await_launchers(copy, fds, count))
        return real.ppoll(fds, count, timeout, mask);
    result = real.ppoll(copy, count, timeout, mask);
    left = finish_polled(fds, copy, count, result);
    /* All that came are connects that are being made: to this host, which does not take long. */
    return result > 0 && left == 0 ? real.ppoll(fds, count, timeout, mask) : left;
}

/* ---- an engine with --only-me ---- */

/* What remains of a result of poll(2). */
static int filter_polled(struct pollfd *fds, nfds_t count, int result)
{
    if (!hook_active(HOOK_FILTER))
        return result;
    for (nfds_t i = 0; i < count && result >= 0; i++) {
        bool was = fds[i].revents != 0;
        struct filtered_listener *listener = NULL;

        if (((fds[i].revents | (admission_keeps_any() ? fds[i].events : 0)) & READABLE) != 0)
            listener = admission_of(fds[i].fd);
        if (listener == NULL)
            continue;
        if (admission_has_client(listener, fds[i].fd))
            fds[i].revents |= fds[i].events & READABLE;
        else
            fds[i].revents &= ~READABLE;
        result += (fds[i].revents != 0) - was;
    }
    return result;
}

/* ---- either ---- */

int hooked_ppoll(struct pollfd *fds, nfds_t count, const struct timespec *timeout,
                 const sigset_t *mask)
{
    struct timespec given = {-1, 0};
    struct limit limit;
    int came, result;

    if (timeout != NULL)
        memory_copy(&given, timeout, sizeof given);
    limit_begin(&limit, timeout, &given, admission_keeps_any());
    do {
        came = poll_once(fds, count, limit.next, mask);
        result = filter_polled(fds, count, came);
    } while (result == 0 && limit_goes_on(&limit, came));
    return result;
}

int hooked_poll(struct pollfd *fds, nfds_t count, int milliseconds)
{
    const struct timespec timeout = {milliseconds / 1000, milliseconds % 1000 * 1000000L};

    return hooked_ppoll(fds, count, milliseconds >= 0 ? &timeout : NULL, NULL);
}
