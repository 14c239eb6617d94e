#include "shim/admission.h"

#include <errno.h>
#include <poll.h>
#include <stdatomic.h>

#include "shim/address.h"
#include "shim/event.h"
#include "shim/peer.h"
#include "shim/real.h"
#include "shim/settings.h"
#include "shim/sockets.h"
#include "shim/sys.h"

enum {
    LISTENERS = 8, /* an engine may close its IMD socket and open another; the last are known */
    STRANGERS = 64, /* that one look at a listener gets rid of: it has an end */
};

enum { NONE = -1, TAKEN = -2 }; /* another thread is at it */

struct guarded {
    _Atomic uint64_t inode;
    _Atomic int held; /* a connection that select(2) has announced */
};

static struct guarded all[LISTENERS];
static _Atomic unsigned used;
static _Atomic unsigned held_count;
static atomic_flag told = ATOMIC_FLAG_INIT;

void admission_begin(uint64_t inode)
{
    struct guarded *listener = &all[used++ % LISTENERS];

    listener->held = NONE;
    listener->inode = inode;
}

struct guarded *admission_of(int fd)
{
    int error = errno;
    uint64_t inode = fd >= 0 ? socket_inode(fd) : 0;
    struct guarded *found = NULL;

    for (int i = 0; i < LISTENERS && inode != 0 && found == NULL; i++)
        if (all[i].inode == inode)
            found = &all[i];
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

/* The next connection that is admitted; NONE if there is none now. */
static int next_admitted(int fd)
{
    int connection;

    for (int i = 0; i < STRANGERS && is_readable(fd); i++) {
        connection = (int)syscall(SYS_accept4, fd, NULL, NULL, SOCK_CLOEXEC);
        if (connection < 0)
            return NONE;
        if (is_admitted(connection))
            return connection;
    }
    return NONE;
}

/*
 * Is there a connection for the engine to accept? Signals are blocked meanwhile: a handler that
 * looked too would wait for this thread.
 */
bool admission_has_client(struct guarded *listener, int fd)
{
    int error = errno, none = NONE;
    sys_sigset mask = sys_block_signals();

    if (atomic_compare_exchange_strong(&listener->held, &none, TAKEN)) {
        none = next_admitted(fd);
        held_count += none >= 0;
        listener->held = none;
    }
    sys_restore_signals(mask);
    errno = error;
    return none >= 0;
}

static int take_held(struct guarded *listener)
{
    int held = listener->held;

    if (held < 0 || !atomic_compare_exchange_strong(&listener->held, &held, NONE))
        return NONE;
    held_count--;
    return held;
}

/* As accept4(2): the flags, and the peer's name in as much room as there is for it. */
static int hand_over(int connection, struct sockaddr *address, socklen_t *length, int flags)
{
    socklen_t room = 0;

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
    room = room < *length ? room : *length;
    syscall(SYS_getsockopt, connection, SOL_SOCKET, SO_PEERNAME, address, &room);
    return connection;
}

int admission_accept(struct guarded *listener, int fd, struct sockaddr *address,
                     socklen_t *length, int flags)
{
    socklen_t room = 0;
    bool has_room = length != NULL && sys_copy(&room, length, sizeof room) == 0;
    int connection = take_held(listener);

    if (connection >= 0)
        return hand_over(connection, address, length, flags);
    for (;;) {
        connection = real.accept4(fd, address, length, flags);
        if (connection < 0 || is_admitted(connection))
            return connection;
        if (has_room && address != NULL)
            *length = room;
    }
}

bool admission_holds(void)
{
    return held_count > 0;
}
