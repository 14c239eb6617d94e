#include "shim/state/pending_connects.h"

#include <stddef.h>

#include "shim/kernel/listener.h"
#include "shim/wire/sys.h"

enum { MOST = 8 };

/* No socket: a thread is filling the entry, which nobody else may judge. */
#define BEING_MADE UINT64_MAX

static struct pending_connect table[MOST];

static bool end_if_still(struct pending_connect *pending, uint64_t socket)
{
    return atomic_compare_exchange_strong(&pending->socket, &socket, 0);
}

bool pending_connect_end(struct pending_connect *pending)
{
    uint64_t socket = pending->socket;

    return socket != 0 && socket != BEING_MADE && end_if_still(pending, socket);
}

static bool has_launcher(const struct pending_connect *pending)
{
    return socket_inode(pending->launcher) == pending->launcher_inode;
}

/* A client that gave up, or whose thread was cancelled, has closed its socket. */
static void end_if_given_up(struct pending_connect *pending)
{
    uint64_t socket = pending->socket;
    int launcher = pending->launcher;

    if (socket != 0 && socket != BEING_MADE && socket_inode(pending->fd) != socket) {
        bool is_ours = has_launcher(pending);

        if (end_if_still(pending, socket) && is_ours)
            sys_close(launcher);
    }
}

struct pending_connect *pending_connect_begin(int fd, int launcher)
{
    KEEP_ERRNO;
    BLOCK_SIGNALS;
    uint64_t socket = socket_inode(fd), inode = socket_inode(launcher);

    for (int i = 0; i < MOST && socket != 0 && inode != 0; i++) {
        struct pending_connect *pending = &table[i];
        uint64_t free = 0;

        end_if_given_up(pending);
        if (!atomic_compare_exchange_strong(&pending->socket, &free, BEING_MADE))
            continue;
        pending->fd = fd;
        pending->launcher_inode = inode;
        pending->launcher = launcher;
        pending->socket = socket;
        return pending;
    }
    return NULL;
}

struct pending_connect *pending_connect_of(int fd)
{
    KEEP_ERRNO;
    uint64_t socket = fd >= 0 ? socket_inode(fd) : 0;

    for (int i = 0; i < MOST && socket != 0; i++) {
        if (table[i].socket != socket)
            continue;
        if (has_launcher(&table[i]))
            return &table[i];
        end_if_still(&table[i], socket);
    }
    return NULL;
}

bool pending_connects_any(void)
{
    for (int i = 0; i < MOST; i++)
        if (table[i].socket != 0)
            return true;
    return false;
}
