#include "shim/events/tcp.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/uio.h>

#include "shim/kernel/process.h"
#include "shim/wire/address.h"
#include "shim/wire/local_address.h"
#include "shim/wire/sys.h"
#include "shim/wire/text.h"

/* A launcher that could not be reached in time once is given no more of what has no patience.
 */
static atomic_bool unreachable;

/* Up to `end`, which is stepped over. False if it is not there or there is no room. */
static bool take_field(const char **text, char end, char *to, size_t size)
{
    const char *stop = strchr(*text, end);
    size_t length = stop != NULL ? (size_t)(stop - *text) : size;

    if (length >= size)
        return false;
    memcpy(to, *text, length);
    to[length] = '\0';
    *text = stop + 1;
    return true;
}

static bool parse_port(const char *text, unsigned *port)
{
    text = address_take_port(text, port);
    return text != NULL && *text == '\0' && *port > 0;
}

/* inet_pton(3) is safe in a signal handler, says glibc's manual. */
static bool parse_address(struct tcp *tcp, const char *text, unsigned port)
{
    struct sockaddr_storage *address = &tcp->addresses[tcp->count];
    struct sockaddr_in ipv4 = {.sin_family = AF_INET};
    struct sockaddr_in6 ipv6 = {.sin6_family = AF_INET6};

    memset(address, 0, sizeof *address);
    if (inet_pton(AF_INET, text, &ipv4.sin_addr) == 1)
        memcpy(address, &ipv4, sizeof ipv4);
    else if (inet_pton(AF_INET6, text, &ipv6.sin6_addr) == 1)
        memcpy(address, &ipv6, sizeof ipv6);
    else
        return false;
    address_set_port(address, port);
    tcp->count++;
    return true;
}

static bool parse_addresses(struct tcp *tcp, const char *text, unsigned port)
{
    char address[INET6_ADDRSTRLEN];

    while (tcp->count < TCP_ADDRESSES && strchr(text, ',') != NULL)
        if (!take_field(&text, ',', address, sizeof address) ||
            !parse_address(tcp, address, port))
            return false;
    return tcp->count < TCP_ADDRESSES && parse_address(tcp, text, port);
}

bool tcp_parse(struct tcp *tcp, const char *text)
{
    char port_text[8];
    unsigned port;

    tcp->count = 0;
    if (take_field(&text, ':', tcp->host, sizeof tcp->host) &&
        take_field(&text, ':', port_text, sizeof port_text) && parse_port(port_text, &port) &&
        take_field(&text, ':', tcp->secret, sizeof tcp->secret) &&
        strlen(tcp->secret) == TCP_SECRET && parse_addresses(tcp, text, port))
        return true;
    tcp->count = 0;
    return false;
}

static bool is_on_this_host(const struct tcp *tcp)
{
    char name[HOST_SIZE], escaped[sizeof tcp->host];
    struct text text = {escaped, 0, sizeof escaped - 1};

    process_host(name);
    text_put_escaped(&text, name);
    escaped[text.length] = '\0';
    return strcmp(escaped, tcp->host) == 0;
}

/* The length is enough for either family: the kernel takes a longer one. */
static int begin_connect(const struct sockaddr_storage *address)
{
    int fd = sys_socket(address->ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK);

    if (fd < 0 || syscall(SYS_connect, fd, address, sizeof(struct sockaddr_in6)) == 0 ||
        errno == EINPROGRESS)
        return fd;
    sys_close(fd);
    return -1;
}

static int wait_for(struct pollfd *fds, nfds_t count, int64_t deadline)
{
    int64_t left = deadline - sys_now();
    struct timespec timeout = {left / 1000, left % 1000 * 1000000};

    if (left < 0)
        return 0;
    return (int)syscall(SYS_ppoll, fds, count, &timeout, NULL, 0UL);
}

/* The first that is connected; those that have failed are looked at no more. */
static int take_connected(struct pollfd *fds, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        if (fds[i].revents == 0)
            continue;
        if (sys_getsockopt(fds[i].fd, SOL_SOCKET, SO_ERROR) == 0)
            return (int)i;
        sys_close(fds[i].fd);
        fds[i].fd = -1;
    }
    return -1;
}

/*
 * All addresses at once, for one that leads nowhere answers only in minutes. A bridge of
 * containers may have the same address on both hosts: what listens on ours at that port is not
 * the launcher, and a LAMMPS would die of it (fix_imd.cpp).
 */
static unsigned begin_all(const struct tcp *tcp, struct pollfd *fds)
{
    bool here = is_on_this_host(tcp);
    unsigned begun = 0;

    for (unsigned i = 0; i < tcp->count; i++) {
        if (!here &&
            own_address((const struct sockaddr *)&tcp->addresses[i], sizeof tcp->addresses[i]))
            continue;
        fds[begun].fd = begin_connect(&tcp->addresses[i]);
        fds[begun].events = POLLOUT;
        begun += fds[begun].fd >= 0;
    }
    return begun;
}

static int connect_any(const struct tcp *tcp, int64_t deadline)
{
    struct pollfd fds[TCP_ADDRESSES];
    unsigned count = begin_all(tcp, fds), failed = 0;
    int winner = -1, fd = -1;

    while (winner < 0 && failed < count && wait_for(fds, count, deadline) > 0) {
        winner = take_connected(fds, count);
        for (unsigned i = failed = 0; i < count; i++)
            failed += fds[i].fd < 0;
    }
    if (winner >= 0)
        fd = fds[winner].fd;
    for (unsigned i = 0; i < count; i++)
        if (fds[i].fd >= 0 && fds[i].fd != fd)
            sys_close(fds[i].fd);
    return fd;
}

/*
 * To its end, which the launcher makes when it has read the line: so that the next event, which
 * comes by a connection of its own, does not overtake this one.
 */
static bool deliver(int fd, const struct tcp *tcp, const char *line, size_t length,
                    int64_t deadline)
{
    struct pollfd end = {.fd = fd, .events = POLLIN};
    struct iovec parts[] = {
        {(void *)tcp->secret, TCP_SECRET}, {(void *)" ", 1}, {(void *)line, length}};
    struct msghdr message = {.msg_iov = parts, .msg_iovlen = 3};

    return sys_sendmsg(fd, &message) == (ssize_t)(TCP_SECRET + 1 + length) &&
           wait_for(&end, 1, deadline) > 0;
}

void tcp_send(const struct tcp *tcp, const char *line, size_t length, bool patient)
{
    int64_t deadline = sys_now() + (patient ? TCP_PATIENCE : TCP_HASTE);
    bool delivered;
    int fd;

    if (!patient && unreachable)
        return;
    fd = connect_any(tcp, deadline);
    delivered = fd >= 0 && deliver(fd, tcp, line, length, deadline);
    if (!delivered)
        unreachable = true;
    if (fd >= 0)
        sys_close(fd);
}
