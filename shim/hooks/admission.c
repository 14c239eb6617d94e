#include "shim/hooks/admission.h"

#include <sched.h>
#include <stdatomic.h>

#include "shim/hooks/real.h"
#include "shim/kernel/listener.h"
#include "shim/kernel/memory.h"
#include "shim/state/active_hooks.h"
#include "shim/state/settings.h"
#include "shim/state/sockets.h"
#include "shim/wire/local_address.h"
#include "shim/wire/peer.h"
#include "shim/wire/sys.h"

enum {
    LISTENERS = 8, /* the IMD socket, and the last others: an engine may close it for one */
    MOST_REJECTIONS = 64 /* in one call, so that it has an end */
};

enum {
    NONE = -1,
    BUSY = -2,          /* another thread is accepting */
    ACCEPT_FAILED = -3, /* accept(2) would return an error at once */
};

struct filtered_listener {
    _Atomic uint64_t inode;
    _Atomic uint64_t pending_inode;
    _Atomic int pending_fd;        /* a connection that select(2) has announced */
    _Atomic pid_t pending_process; /* a child that it forks has a copy, which is not its own */
};

static struct filtered_listener listeners[LISTENERS];
static _Atomic unsigned others;
static _Atomic unsigned pending_count;
static atomic_flag told = ATOMIC_FLAG_INIT;

static struct filtered_listener *find(uint64_t inode)
{
    for (int i = 0; i < LISTENERS && inode != 0; i++)
        if (listeners[i].inode == inode)
            return &listeners[i];
    return NULL;
}

/*
 * The connection that is kept, which it is then no more; NONE if there is none. An engine may
 * have closed descriptors that it does not know, and opened a file in the place of one.
 */
static int take_pending(struct filtered_listener *listener)
{
    KEEP_ERRNO;
    int fd = listener->pending_fd;
    bool is_it = fd >= 0 && socket_inode(fd) == listener->pending_inode;
    bool is_own = listener->pending_process == sys_getpid();

    if (fd < 0 || !atomic_compare_exchange_strong(&listener->pending_fd, &fd, NONE))
        return NONE;
    pending_count--;
    if (is_it && !is_own)
        sys_close(fd);
    return is_it && is_own ? fd : NONE;
}

/* Neither gone nor a parent's. */
static bool has_pending(const struct filtered_listener *listener)
{
    return listener->pending_fd >= 0 && listener->pending_process == sys_getpid() &&
           socket_inode(listener->pending_fd) == listener->pending_inode;
}

void admission_begin(uint64_t inode)
{
    struct filtered_listener *listener;
    int fd;

    if (find(inode) != NULL)
        return;
    listener = &listeners[inode == imd_socket() ? 0 : 1 + others++ % (LISTENERS - 1)];
    fd = listener->inode != 0 ? take_pending(listener) : NONE;
    if (fd >= 0)
        sys_close(fd);
    listener->pending_fd = NONE;
    listener->inode = inode;
    active_hooks |= HOOK_FILTER;
}

struct filtered_listener *admission_of(int fd)
{
    KEEP_ERRNO;

    return fd >= 0 ? find(socket_inode(fd)) : NULL;
}

bool admission_keeps_any(void)
{
    return pending_count > 0;
}

/* The first rejection only: who comes again and again must not fill the FIFO. */
static void tell_denied(int fd, struct event event)
{
    const struct settings *settings = settings_get();
    union address here;

    if (settings == NULL || !settings->all_events || atomic_flag_test_and_set(&told) ||
        !address_of_socket(&here, fd))
        return;
    event.kind = KIND_DENIED;
    event.has |= EVENT_HAS(KEY_PID);
    event.port = address_port(&here);
    event.pid = (unsigned)sys_getpid();
    event_sink_tell(&settings->sink, &event, EVENT_OPTIONAL);
}

/*
 * With --relay the launcher is the IMD socket's one client: it connects from a port that is known.
 * The port is at the same place in both families. What else the engine listens on is its own.
 */
static bool comes_from_its_place(int listener, int fd)
{
    struct sockaddr_in peer = {.sin_port = 0};
    socklen_t length = sizeof peer; /* no more than a name has, see peer.c */
    unsigned port = settings_get()->only_from;

    return port == 0 || !is_imd_socket_or_twin(socket_inode(listener)) ||
           (syscall(SYS_getsockopt, fd, SOL_SOCKET, SO_PEERNAME, &peer, &length) == 0 &&
            ntohs(peer.sin_port) == port);
}

/* Connections of other users are closed, and those whose user is unknown. */
static bool is_admitted(int listener, int fd)
{
    KEEP_ERRNO;
    struct event event = {.has = 0};
    uid_t uid = 0;
    int error = 0;
    enum peer peer = peer_lookup(fd, &uid, &error);

    if ((peer == PEER_SAME_USER || peer == PEER_REMOTE) && comes_from_its_place(listener, fd))
        return true;
    event.uid = uid;
    event.error = (unsigned)error;
    event.has = peer == PEER_OTHER_USER || peer == PEER_SAME_USER ? EVENT_HAS(KEY_UID)
                : peer == PEER_UNKNOWN                            ? EVENT_HAS(KEY_ERROR)
                                                                  : 0;
    tell_denied(fd, event);
    sys_close(fd);
    return false;
}

/* A record lock on a socket: it is the process's own, and needs no file. */
static int lock(int fd, int command, short type)
{
    struct flock whole = {.l_type = type, .l_whence = SEEK_SET};

    return (int)syscall(SYS_fcntl, fd, command, &whole);
}

/*
 * accept4(2) that never blocks, though the listener may. O_NONBLOCK belongs to the open file,
 * which other processes may share, and two that looked at once would block each other: so it is
 * set and cleared under a lock. EAGAIN if another process has that now: it is looking too.
 */
static int accept_now(int fd)
{
    int flags, connection;

    if (lock(fd, F_SETLK, F_WRLCK) != 0 && errno == EAGAIN)
        return -1;
    flags = (int)syscall(SYS_fcntl, fd, F_GETFL);
    if ((flags & O_NONBLOCK) == 0)
        syscall(SYS_fcntl, fd, F_SETFL, flags | O_NONBLOCK);
    connection = (int)syscall(SYS_accept4, fd, NULL, NULL, SOCK_CLOEXEC);

    KEEP_ERRNO;
    if ((flags & O_NONBLOCK) == 0)
        syscall(SYS_fcntl, fd, F_SETFL, flags);
    lock(fd, F_SETLK, F_UNLCK);
    return connection;
}

/*
 * accept() has said EAGAIN: does the engine expect that? Of threads, and under the lock of
 * processes, only one at a time looks, so that the flag is the engine's own. False too if a
 * connection is kept by now.
 */
static bool may_give_up(struct filtered_listener *listener, int fd)
{
    BLOCK_SIGNALS;
    struct timeval limit = {0, 0};
    socklen_t length = sizeof limit;
    bool locked, never_blocks;
    int was = NONE;

    while (!atomic_compare_exchange_strong(&listener->pending_fd, &was, BUSY)) {
        if (was >= 0)
            return false;
        was = NONE;
        sched_yield();
    }
    locked = lock(fd, F_SETLKW, F_WRLCK) == 0;
    never_blocks = (syscall(SYS_fcntl, fd, F_GETFL) & O_NONBLOCK) != 0;
    if (locked)
        lock(fd, F_SETLK, F_UNLCK);
    listener->pending_fd = NONE;
    syscall(SYS_getsockopt, fd, SOL_SOCKET, SO_RCVTIMEO, &limit, &length);
    return never_blocks || limit.tv_sec != 0 || limit.tv_usec != 0;
}

/*
 * The next connection that is admitted; NONE if there is none now. If accept() fails, let the
 * engine's own accept() report it; otherwise poll would report the listener readable forever.
 */
static int next_admitted(int fd)
{
    for (int i = 0; i < MOST_REJECTIONS; i++) {
        int connection = accept_now(fd);

        if (connection < 0)
            return errno == EAGAIN ? NONE : ACCEPT_FAILED;
        if (is_admitted(fd, connection))
            return connection;
    }
    return NONE;
}

/* Signals are blocked meanwhile: a handler that looked too would wait for this thread. */
bool admission_has_client(struct filtered_listener *listener, int fd)
{
    KEEP_ERRNO;
    BLOCK_SIGNALS;
    int found = NONE;

    if (!has_pending(listener))
        take_pending(listener);
    if (atomic_compare_exchange_strong(&listener->pending_fd, &found, BUSY)) {
        found = next_admitted(fd);
        listener->pending_inode = found >= 0 ? socket_inode(found) : 0;
        listener->pending_process = sys_getpid();
        pending_count += found >= 0;
        listener->pending_fd = found >= 0 ? found : NONE;
    }
    return found >= 0 || found == ACCEPT_FAILED;
}

/* As accept4(2): the flags, and the peer's name in as much room as there is for it. */
static int hand_over(int connection, struct sockaddr *address, socklen_t *length, int flags)
{
    socklen_t room = 0, whole = 0;

    if ((flags & SOCK_CLOEXEC) == 0)
        syscall(SYS_fcntl, connection, F_SETFD, 0);
    if ((flags & SOCK_NONBLOCK) != 0)
        syscall(SYS_fcntl, connection, F_SETFL, O_RDWR | O_NONBLOCK);
    if (address == NULL)
        return connection;
    /* Our own name is as long, and is there even if the peer is gone; see peer.c. */
    if (memory_copy(&room, length, sizeof room) != 0)
        room = 0;
    if (syscall(SYS_getsockname, connection, address, length) != 0) {
        sys_close(connection);
        return -1;
    }
    memory_copy(&whole, length, sizeof whole);
    room = room < whole ? room : whole;
    syscall(SYS_getsockopt, connection, SOL_SOCKET, SO_PEERNAME, address, &room);
    return connection;
}

int admission_accept(struct filtered_listener *listener, int fd, struct sockaddr *address,
                     socklen_t *length, int flags)
{
    socklen_t room = 0;
    int before = errno, connection;
    bool has_room = address != NULL && memory_copy(&room, length, sizeof room) == 0;

    if ((flags & ~(SOCK_CLOEXEC | SOCK_NONBLOCK)) != 0)
        return real.accept4(fd, address, length, flags);
    for (int rejections = 0;;) {
        connection = take_pending(listener);
        errno = before;
        if (connection >= 0)
            return hand_over(connection, address, length, flags);
        connection = real.accept4(fd, address, length, flags);
        if (connection >= 0 && is_admitted(fd, connection))
            return connection;
        /* EAGAIN of a listener that blocks: somebody else was in accept_now(). */
        if (connection < 0 && (errno != EAGAIN || may_give_up(listener, fd)))
            return -1;
        if (connection >= 0 && ++rejections >= MOST_REJECTIONS && may_give_up(listener, fd))
            break;
        if (has_room)
            *length = room;
    }
    errno = EAGAIN;
    return -1;
}
