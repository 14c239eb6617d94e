#include "shim/hooks/admission.h"

#include <errno.h>
#include <poll.h>
#include <stdatomic.h>

#include "shim/hooks/real.h"
#include "shim/state/settings.h"
#include "shim/state/sockets.h"
#include "shim/wire/address.h"
#include "shim/wire/event_text.h"
#include "shim/wire/peer.h"
#include "shim/wire/sys.h"

enum {
    LISTENERS = 8,  /* the IMD socket, and the last others: an engine may close it for one */
    STRANGERS = 64, /* that one look at a listener gets rid of: it has an end */
};

enum {
    NONE = -1,
    TAKEN = -2, /* another thread is at it */
    FAILS = -3, /* accept(2) would return an error at once */
};

struct guarded {
    _Atomic uint64_t inode;
    _Atomic int held; /* a connection that select(2) has announced */
    _Atomic uint64_t held_inode;
};

static struct guarded listeners[LISTENERS];
static _Atomic unsigned others;
static _Atomic unsigned held_count;
static atomic_flag told = ATOMIC_FLAG_INIT;

static struct guarded *find(uint64_t inode)
{
    for (int i = 0; i < LISTENERS && inode != 0; i++)
        if (listeners[i].inode == inode)
            return &listeners[i];
    return NULL;
}

/*
 * What is held, no longer; NONE if nothing is. An engine may have closed descriptors that it
 * does not know, and opened a file in the place of one.
 */
static int take_held(struct guarded *listener)
{
    int error = errno, held = listener->held;
    bool is_it = held >= 0 && socket_inode(held) == listener->held_inode;

    errno = error;
    if (held < 0 || !atomic_compare_exchange_strong(&listener->held, &held, NONE))
        return NONE;
    held_count--;
    return is_it ? held : NONE;
}

void admission_begin(uint64_t inode)
{
    struct guarded *listener;
    int held;

    if (find(inode) != NULL)
        return;
    listener = &listeners[inode == socket_taken() ? 0 : 1 + others++ % (LISTENERS - 1)];
    held = listener->inode != 0 ? take_held(listener) : NONE;
    if (held >= 0)
        sys_close(held);
    listener->held = NONE;
    listener->inode = inode;
}

struct guarded *admission_of(int fd)
{
    int error = errno;
    struct guarded *found = fd >= 0 ? find(socket_inode(fd)) : NULL;

    errno = error;
    return found;
}

/* The first stranger: one who comes again and again must not fill the channel. */
static void tell_denied(int fd, const struct denied *denied)
{
    const struct settings *settings = settings_get();
    struct sockaddr_storage here;
    socklen_t length = sizeof here;
    struct event_line line;

    if (settings == NULL || !settings->all_events || atomic_flag_test_and_set(&told) ||
        syscall(SYS_getsockname, fd, &here, &length) != 0)
        return;
    event_format_denied(&line, address_port((const struct sockaddr *)&here, length),
                        sys_getpid(), denied);
    channel_write(&settings->channel, line.bytes, line.length, false);
}

/* A stranger is hung up on. Where nothing is known of the peer it counts as one. */
static bool is_admitted(int fd)
{
    int error = errno;
    struct denied denied = {.uid = 0};
    enum peer peer = peer_of(fd, &denied.uid, &denied.error);
    bool admitted = peer == PEER_OURS || peer == PEER_REMOTE;

    denied.has_uid = peer == PEER_OTHER;
    if (!admitted) {
        denied.error = peer == PEER_UNKNOWN ? denied.error : 0;
        tell_denied(fd, &denied);
        sys_close(fd);
    }
    errno = error;
    return admitted;
}

static bool is_readable(int fd)
{
    struct pollfd readable = {.fd = fd, .events = POLLIN};
    const struct timespec at_once = {0, 0};

    return syscall(SYS_ppoll, &readable, 1, &at_once, NULL, sizeof(sys_sigset)) == 1;
}

/*
 * The next connection that is admitted; NONE if there is none now. Where accept(2) fails, for
 * want of descriptors or for the listener is shut down, the engine is to hear of it: it would
 * be told at once, again and again, that there is something to accept.
 */
static int next_admitted(int fd)
{
    int connection;

    for (int i = 0; i < STRANGERS && is_readable(fd); i++) {
        connection = (int)syscall(SYS_accept4, fd, NULL, NULL, SOCK_CLOEXEC);
        if (connection < 0)
            return errno == EAGAIN ? NONE : FAILS;
        if (is_admitted(connection))
            return connection;
    }
    return NONE;
}

/* Signals are blocked meanwhile: a handler that looked too would wait for this thread. */
bool admission_has_client(struct guarded *listener, int fd)
{
    int error = errno, held = NONE;
    sys_sigset mask = sys_block_signals();

    if (listener->held >= 0 && socket_inode(listener->held) != listener->held_inode)
        take_held(listener);
    if (atomic_compare_exchange_strong(&listener->held, &held, TAKEN)) {
        held = next_admitted(fd);
        listener->held_inode = held >= 0 ? socket_inode(held) : 0;
        held_count += held >= 0;
        listener->held = held >= 0 ? held : NONE;
    }
    sys_restore_signals(mask);
    errno = error;
    return held >= 0 || held == FAILS;
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
    if (sys_copy(&room, length, sizeof room) != 0)
        room = 0;
    if (syscall(SYS_getsockname, connection, address, length) != 0) {
        sys_close(connection);
        return -1;
    }
    sys_copy(&whole, length, sizeof whole);
    room = room < whole ? room : whole;
    syscall(SYS_getsockopt, connection, SOL_SOCKET, SO_PEERNAME, address, &room);
    return connection;
}

static bool returns_at_once(int fd)
{
    return (syscall(SYS_fcntl, fd, F_GETFL) & O_NONBLOCK) != 0;
}

int admission_accept(struct guarded *listener, int fd, struct sockaddr *address,
                     socklen_t *length, int flags)
{
    socklen_t room = 0;
    int error = errno;
    bool has_room = address != NULL && sys_copy(&room, length, sizeof room) == 0;
    int connection = take_held(listener);

    errno = error;
    if (connection >= 0)
        return hand_over(connection, address, length, flags);
    for (int i = 0; i < STRANGERS || !returns_at_once(fd); i++) {
        connection = real.accept4(fd, address, length, flags);
        if (connection < 0 || is_admitted(connection))
            return connection;
        if (has_room)
            *length = room;
    }
    errno = EAGAIN;
    return -1;
}

bool admission_holds(void)
{
    return held_count > 0;
}
