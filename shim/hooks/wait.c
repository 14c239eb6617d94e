#include "shim/hooks/wait.h"

#include "shim/hooks/poll.h"
#include "shim/hooks/real.h"
#include "shim/kernel/memory.h"
#include "shim/kernel/process.h"
#include "shim/state/active_hooks.h"
#include "shim/state/epolls.h"
#include "shim/state/sockets.h"
#include "shim/wire/sys.h"

static _Atomic unsigned awaited_port; /* of the IMD socket */
static _Atomic pid_t waiting_thread;
static _Atomic bool woken;       /* its sleep, before the client was accepted */
static _Atomic int64_t accepted; /* when, as sys_now() has it; 0: not yet */

static void tell(const struct settings *settings, enum event_kind kind,
                 enum event_weight weight)
{
    event_sink_tell(&settings->sink,
                    &(struct event){
                        .kind = kind,
                        .has = EVENT_HAS(KEY_PID),
                        .port = awaited_port,
                        .pid = (unsigned)sys_getpid(),
                    },
                    weight);
}

/* However many threads come here at once, one of them tells. */
static void tell_ready(void)
{
    const struct settings *settings = settings_get();

    if (settings == NULL || (atomic_fetch_and(&active_hooks, ~HOOK_WAIT) & HOOK_WAIT) == 0)
        return;
    tell(settings, KIND_READY, EVENT_REQUIRED);
    waiting_thread = sys_gettid();
    if (settings->cuts_sleep)
        active_hooks |= HOOK_SLEEP;
}

/* By its inode: the engine may wait on a duplicate. */
void before_wait(int fd)
{
    KEEP_ERRNO;

    if (imd_socket() != 0 && is_imd_socket_or_twin(socket_inode(fd)))
        tell_ready();
}

void before_poll(const struct pollfd *fds, nfds_t count)
{
    KEEP_ERRNO;
    struct pollfd some[32];
    nfds_t now;

    for (nfds_t done = 0; fds != NULL && done < count && hook_active(HOOK_WAIT); done += now) {
        now = count - done < 32 ? count - done : 32;
        if (memory_copy(some, fds + done, now * sizeof *some) != 0)
            return;
        for (nfds_t i = 0; i < now; i++)
            if (some[i].fd >= 0 && (some[i].events & (POLLIN | POLLRDNORM)) != 0)
                before_wait(some[i].fd);
    }
}

/*
 * The kernel reads whole longs, and no more than its table of descriptors has slots (select.c,
 * core_sys_select): a count of getdtablesize() may be far beyond the set that is there.
 */
void before_select(int count, const fd_set *readable)
{
    enum { BITS = 8 * sizeof(unsigned long) };
    const unsigned long *words = (const unsigned long *)(const void *)readable;
    KEEP_ERRNO;
    unsigned long word;

    if (count > FD_SETSIZE) {
        int slots = (int)process_descriptor_slots();

        if (count > slots)
            count = slots > FD_SETSIZE ? slots : FD_SETSIZE;
    }
    for (int first = 0; words != NULL && first < count && hook_active(HOOK_WAIT);
         first += BITS) {
        if (memory_copy(&word, &words[first / BITS], sizeof word) != 0)
            return;
        for (int i = 0; i < BITS && first + i < count; i++)
            if ((word >> i & 1) != 0)
                before_wait(first + i);
    }
}

void before_epoll_ctl(int epoll, int fd)
{
    if (hook_active(HOOK_EPOLL) && epoll >= 0)
        epolls_note(epoll);
    if (hook_active(HOOK_WAIT))
        before_wait(fd);
}

/* The process may have had another IMD socket, which is closed now. */
void wait_begin(const struct listener *listener, const struct settings *settings)
{
    unsigned hooks = HOOK_WAIT | HOOK_ACCEPT | HOOK_LISTEN;

    awaited_port = address_port(&listener->address);
    woken = false;
    accepted = 0;
    if (settings->all_events || settings->only_me || settings->overrides_bind)
        hooks |= HOOK_BIND;
    active_hooks = hooks | (active_hooks & (HOOK_CONNECT | HOOK_RESUME | HOOK_FILTER));
    if (epolls_hold(listener->inode))
        tell_ready();
}

void wait_on_twin(const struct listener *listener)
{
    if (address_port(&listener->address) != awaited_port)
        return;
    imd_socket_add_twin(listener->inode);
    if (hook_active(HOOK_WAIT) && epolls_hold(listener->inode))
        tell_ready();
}

/* ---- the client ---- */

/*
 * A sleep ends early once before the client is accepted and once afterwards. No more: "while
 * (left > 0) left = sleep(left);" would never come to an end. A sleep begun more than AFTER
 * milliseconds after accept() is left alone: GROMACS waits for its GO for a second and sleeps
 * then.
 */
enum { AFTER = 2000 };

void after_accept(int fd)
{
    KEEP_ERRNO;
    const struct settings *settings = settings_get();

    if (settings == NULL || !is_imd_socket_or_twin(socket_inode(fd)) ||
        (atomic_fetch_and(&active_hooks, ~HOOK_ACCEPT) & HOOK_ACCEPT) == 0)
        return;
    accepted = sys_now();
    if (settings->all_events)
        tell(settings, KIND_CONNECTED, EVENT_OPTIONAL);
}

/*
 * By the real ppoll(), because sleep(3) is a cancellation point. Whole seconds left, as glibc
 * has it: rounded up, "while (left > 0) left = sleep(left);" would not end under an interval
 * timer.
 */
static unsigned sleep_until_client(unsigned seconds)
{
    struct pollfd fd = {.fd = imd_socket_fd(), .events = POLLIN};
    const struct timespec timeout = {seconds, 0};
    int64_t end = sys_now() + seconds * INT64_C(1000), left;
    int result = hook_active(HOOK_FILTER) ? hooked_ppoll(&fd, 1, &timeout, NULL)
                                          : real.ppoll(&fd, 1, &timeout, NULL);

    woken = result > 0;
    left = end - sys_now();
    return result != 0 && left > 0 ? (unsigned)(left / 1000) : 0;
}

/* Open, and not another one by now. */
static bool listens_still(void)
{
    KEEP_ERRNO;

    return socket_inode(imd_socket_fd()) == imd_socket();
}

unsigned wait_sleep(unsigned seconds)
{
    if (sys_gettid() != waiting_thread)
        return real.sleep(seconds);
    if (accepted != 0) {
        active_hooks &= ~HOOK_SLEEP;
        return sys_now() - accepted < AFTER ? seconds : real.sleep(seconds);
    }
    if (woken || !listens_still())
        return real.sleep(seconds);

    KEEP_ERRNO;
    return sleep_until_client(seconds);
}
