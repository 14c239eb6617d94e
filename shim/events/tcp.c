#include "shim/events/tcp.h"

#include <stdatomic.h>
#include <string.h>

#include "shim/kernel/process.h"
#include "shim/wire/local_address.h"
#include "shim/wire/sys.h"

static atomic_bool unreachable;

static bool is_on_this_host(const struct handover_tcp *tcp)
{
    char name[HOST_SIZE], escaped[sizeof tcp->host];
    struct text text = {escaped, 0, sizeof escaped - 1};

    process_host(name);
    text_put_escaped(&text, name);
    text_end(&text);
    return strcmp(escaped, tcp->host) == 0;
}

static int begin_connect(const union address *address)
{
    int fd = sys_socket(address->any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (fd < 0 || syscall(SYS_connect, fd, address, address_length(address)) == 0 ||
        errno == EINPROGRESS)
        return fd;
    sys_close(fd);
    return -1;
}

static int wait_for(struct pollfd *fds, nfds_t count, int64_t deadline)
{
    int64_t left = deadline - sys_now();

    if (left < 0)
        return 0;
    return sys_poll(fds, count, (struct timespec){left / 1000, left % 1000 * 1000000});
}

/*
 * All addresses at once: one that leads nowhere takes minutes to fail. A bridge of containers
 * may have the same address on both hosts. What listens on ours at that port is not the
 * launcher, and a LAMMPS would end because of it (fix_imd.cpp).
 */
static unsigned begin_all(const struct handover_tcp *tcp, struct pollfd *fds)
{
    bool here = is_on_this_host(tcp);
    unsigned begun = 0;

    for (unsigned i = 0; i < tcp->count; i++) {
        if (!here && address_is_local(&tcp->addresses[i]))
            continue;
        fds[begun] =
            (struct pollfd){.fd = begin_connect(&tcp->addresses[i]), .events = POLLOUT};
        begun += fds[begun].fd >= 0;
    }
    return begun;
}

/* The first that is connected; -1 if none is yet. Those that have failed are closed. */
static int take_connected(struct pollfd *fds, unsigned count, unsigned *open)
{
    int winner = -1;

    *open = 0;
    for (unsigned i = 0; i < count; i++) {
        if (fds[i].fd >= 0 && fds[i].revents != 0) {
            if (winner < 0 && sys_getsockopt(fds[i].fd, SOL_SOCKET, SO_ERROR) == 0)
                winner = fds[i].fd;
            else
                sys_close(fds[i].fd);
            fds[i].fd = -1;
        }
        *open += fds[i].fd >= 0;
    }
    return winner;
}

static int connect_any(const struct handover_tcp *tcp, int64_t deadline)
{
    struct pollfd fds[HANDOVER_ADDRESSES];
    unsigned count = begin_all(tcp, fds), open = count;
    int winner = -1;

    while (winner < 0 && open > 0 && wait_for(fds, count, deadline) > 0)
        winner = take_connected(fds, count, &open);
    for (unsigned i = 0; i < count; i++)
        if (fds[i].fd >= 0)
            sys_close(fds[i].fd);
    return winner;
}

/*
 * To its end, which the launcher makes when it has read the line: so that the next event, which
 * comes by a connection of its own, does not overtake this one.
 */
static bool deliver(int fd, const char *bytes, size_t length, int64_t deadline)
{
    struct pollfd end = {.fd = fd, .events = POLLIN};

    return sys_send(fd, bytes, length) == (ssize_t)length && wait_for(&end, 1, deadline) > 0;
}

void tcp_send(const struct handover_tcp *tcp, char *line, size_t length, bool required)
{
    int64_t deadline = sys_now() + (required ? TCP_TIMEOUT_MS : TCP_OPTIONAL_TIMEOUT_MS);
    const char *bytes = handover_sign(line, tcp->secret);
    int fd;

    if (!required && unreachable)
        return;
    fd = connect_any(tcp, deadline);
    if (fd < 0 || !deliver(fd, bytes, HANDOVER_SIGNATURE + length, deadline))
        unreachable = true;
    if (fd >= 0)
        sys_close(fd);
}
