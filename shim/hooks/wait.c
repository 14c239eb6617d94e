#include "shim/hooks/wait.h"

#include <errno.h>
#include <stddef.h>
#include <stdint.h>

#include "shim/hooks/accept_filter.h"
#include "shim/hooks/real.h"
#include "shim/hooks/report.h"
#include "shim/state/settings.h"
#include "shim/state/sockets.h"
#include "shim/wire/address.h"
#include "shim/wire/sys.h"

static _Atomic unsigned awaited_port; /* of the IMD socket */
static _Atomic int awaited_fd;
static _Atomic pid_t waiting_thread;

/*
 * A sleep ends early once before the client is accepted and once afterwards. No more: "while
 * (left > 0) left = sleep(left);" would never come to an end. What comes later than AFTER is
 * not for the client: GROMACS waits for its GO for a second and sleeps then.
 */
enum { AFTER = 2000 }; /* milliseconds from accept() */

static _Atomic bool woken;
static _Atomic int64_t accepted; /* when, as sys_now() has it; 0: not yet */

void wait_begin(const struct listener *listener, const struct settings *settings)
{
    unsigned all =
        settings->all_events || settings->only_me ? ATTEND_BINDS | ATTEND_LISTENS : 0;

    awaited_port =
        address_port((const struct sockaddr *)&listener->address, sizeof listener->address);
    awaited_fd = listener->fd;
    attention =
        ATTEND_WAITS | ATTEND_ACCEPTS | all | (settings->match.port != 0 ? ATTEND_BINDS : 0);
    if (settings->only_me)
        only_me_begin(socket_taken());
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
    waiting_thread = sys_gettid();
    if (settings->wakes)
        attention |= ATTEND_SLEEPS;
}

/* By its inode: the engine may wait on a duplicate. */
void wait_on(int fd)
{
    int error = errno;
    uint64_t imd_socket = socket_taken();

    if (imd_socket != 0 && socket_inode(fd) == imd_socket)
        report_ready();
    errno = error;
}

void wait_on_poll(const struct pollfd *fds, nfds_t count)
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
                wait_on(some[i].fd);
    }
    errno = error;
}

/* The kernel reads whole longs, FD_SETSIZE is no limit to it. */
void wait_on_select(int count, const fd_set *readable)
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
                wait_on(first + i);
    }
    errno = error;
}

static void report_connected(const struct settings *settings)
{
    struct event_line line;

    event_format_connected(&line, awaited_port, sys_getpid());
    channel_write(&settings->channel, line.bytes, line.length, false);
}

void wait_accepted(int fd, int result)
{
    const struct settings *settings = settings_get();
    int error = errno;

    if (settings != NULL && result >= 0 && socket_inode(fd) == socket_taken() &&
        (atomic_fetch_and(&attention, ~ATTEND_ACCEPTS) & ATTEND_ACCEPTS) != 0) {
        accepted = sys_now();
        if (settings->all_events)
            report_connected(settings);
    }
    errno = error;
}

/*
 * By the real ppoll(), for sleep(3) is a cancellation point. Whole seconds left, as glibc has
 * it: rounded up, "while (left > 0) left = sleep(left);" would not end under an interval timer.
 */
static unsigned sleep_until_client(unsigned seconds)
{
    struct pollfd fd = {.fd = awaited_fd, .events = POLLIN};
    const struct timespec timeout = {seconds, 0};
    int64_t end = sys_now() + seconds * INT64_C(1000), left;
    int result = only_me_ppoll(&fd, 1, &timeout, NULL);

    woken = result > 0;
    left = end - sys_now();
    return result != 0 && left > 0 ? (unsigned)(left / 1000) : 0;
}

/* Open, and not another one by now. */
static bool listens_still(void)
{
    int error = errno;
    bool still = socket_inode(awaited_fd) == socket_taken();

    errno = error;
    return still;
}

unsigned wait_sleep(unsigned seconds)
{
    int error = errno;
    unsigned left;

    if (sys_gettid() != waiting_thread)
        return real.sleep(seconds);
    if (accepted != 0) {
        attention &= ~ATTEND_SLEEPS;
        return sys_now() - accepted < AFTER ? seconds : real.sleep(seconds);
    }
    if (woken || !listens_still())
        return real.sleep(seconds);
    left = sleep_until_client(seconds);
    errno = error;
    return left;
}
