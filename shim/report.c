#include "shim/report.h"

#include <errno.h>
#include <stddef.h>
#include <stdint.h>

#include "shim/address.h"
#include "shim/event.h"
#include "shim/listener.h"
#include "shim/match.h"
#include "shim/real.h"
#include "shim/settings.h"
#include "shim/sockets.h"
#include "shim/sys.h"

_Atomic unsigned attention = ATTEND_EVERYTHING;

static _Atomic unsigned awaited_port; /* of the IMD socket */

/* Of threads that come here together only the first may say what matters: it may be past it. */
void report_start(void)
{
    int error = errno;
    unsigned start = ATTEND_EVERYTHING;
    const struct settings *settings;

    if (!attends(ATTEND_START))
        return;
    real_resolve();
    settings = settings_get();
    if (settings_are_read()) /* else another thread is at it, and the next call starts again */
        atomic_compare_exchange_strong(&attention, &start,
                                       settings != NULL ? ATTEND_BINDS | ATTEND_LISTENS : 0);
    errno = error;
}

/* Why it is not the IMD socket, or NULL: then it is taken. */
static const char *reason_to_pass(const struct settings *settings,
                                  const struct listener *listener, uint64_t inode)
{
    const struct candidate candidate = listener_as_candidate(listener);
    const char *reason = match_refuses(&settings->match, &candidate);

    if (reason != NULL)
        return reason;
    return socket_take(inode) ? NULL : REASON_SECOND;
}

/* The event first: a launcher that hears "ready" has heard the port. */
static void await_client(const struct listener *listener, const struct settings *settings)
{
    awaited_port =
        address_port((const struct sockaddr *)&listener->address, sizeof listener->address);
    attention = ATTEND_WAITS | (settings->all_events ? ATTEND_BINDS | ATTEND_LISTENS : 0) |
                (settings->match.port != 0 ? ATTEND_BINDS : 0);
}

/* A function of its own: the line is on the stack, perhaps a signal's, only while it is sent.
 */
__attribute__((noinline)) static void send_listener(const struct settings *settings,
                                                    const struct listener *listener,
                                                    const char *reason)
{
    struct event_line line;

    event_format_listener(&line, listener, reason);
    channel_write(&settings->channel, line.bytes, line.length, reason == NULL);
}

static void report_listener(int fd, const void *caller)
{
    const struct settings *settings = settings_get();
    uint64_t inode = socket_inode(fd);
    struct listener listener = {.fd = fd};
    const char *reason;

    if (settings == NULL || inode == 0 || inode == socket_taken() || !listener_is_tcp(fd) ||
        !listener_read_address(&listener, fd))
        return;
    listener.asked = socket_asked(inode);
    listener_read_caller(&listener, caller);
    reason = reason_to_pass(settings, &listener, inode);
    if (reason != NULL && !settings->all_events)
        return;
    send_listener(settings, &listener, reason);
    if (reason == NULL)
        await_client(&listener, settings);
}

void report_listen(int fd, int result, const void *caller)
{
    int error = errno;

    if (result == 0)
        report_listener(fd, caller);
    errno = error;
}

/* However many threads come here at once, one of them tells. */
static void report_ready(void)
{
    const struct settings *settings = settings_get();
    struct event_line line;

    if (settings == NULL || (atomic_fetch_and(&attention, ~ATTEND_WAITS) & ATTEND_WAITS) == 0)
        return;
    event_format_ready(&line, awaited_port, sys_getpid());
    channel_write(&settings->channel, line.bytes, line.length, true);
}

/* By its inode: the engine may wait on a duplicate. */
void report_wait(int fd)
{
    int error = errno;
    uint64_t imd_socket = socket_taken();

    if (imd_socket != 0 && socket_inode(fd) == imd_socket)
        report_ready();
    errno = error;
}

void report_wait_poll(const struct pollfd *fds, nfds_t count)
{
    int error = errno;
    struct pollfd some[32];
    nfds_t now;

    for (nfds_t done = 0; fds != NULL && done < count && attends(ATTEND_WAITS); done += now) {
        now = count - done < 32 ? count - done : 32;
        if (sys_copy(some, fds + done, now * sizeof *some) != 0)
            break;
        for (nfds_t i = 0; i < now; i++)
            if (some[i].fd >= 0 && (some[i].events & (POLLIN | POLLRDNORM)) != 0)
                report_wait(some[i].fd);
    }
    errno = error;
}

/* The kernel reads whole longs, FD_SETSIZE is no limit to it. */
void report_wait_select(int count, const fd_set *readable)
{
    enum { BITS = 8 * sizeof(unsigned long) };
    const unsigned long *words = (const unsigned long *)(const void *)readable;
    int error = errno;
    unsigned long word;

    for (int first = 0; words != NULL && first < count && attends(ATTEND_WAITS);
         first += BITS) {
        if (sys_copy(&word, &words[first / BITS], sizeof word) != 0)
            break;
        for (int i = 0; i < BITS && first + i < count; i++)
            if ((word >> i & 1) != 0)
                report_wait(first + i);
    }
    errno = error;
}
