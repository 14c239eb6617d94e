/*
 * One socket of the kind named; "port N" is printed if it has one.
 *
 * usage: families KIND
 */
#include <errno.h>
#include <linux/netlink.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/doubles/tcp.h"

#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP 262
#endif

static int socket_of(int family, int type, int protocol)
{
    int fd = socket(family, type, protocol);

    if (fd < 0)
        err(4, "socket");
    return fd;
}

static int ipv6(int only, const struct in6_addr *host)
{
    struct sockaddr_in6 address = {.sin6_family = AF_INET6, .sin6_addr = *host};
    int fd = socket_of(AF_INET6, SOCK_STREAM, 0);

    setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &only, sizeof only);
    if (bind(fd, (struct sockaddr *)&address, sizeof address) != 0)
        err(4, "bind");
    return fd;
}

static int mptcp(void)
{
    int fd = socket_of(AF_INET, SOCK_STREAM, IPPROTO_MPTCP);

    if (tcp_bind(fd, 0) != 0)
        err(4, "bind");
    return fd;
}

static int udp(void)
{
    int fd = socket_of(AF_INET, SOCK_DGRAM, 0);

    if (tcp_bind(fd, 0) != 0)
        err(4, "bind");
    return fd;
}

static int local(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "a-socket-of-the-engine"};
    int fd = socket_of(AF_UNIX, SOCK_STREAM, 0);

    unlink(address.sun_path);
    if (bind(fd, (struct sockaddr *)&address, sizeof address) != 0)
        err(4, "bind");
    return fd;
}

static int netlink(void)
{
    struct sockaddr_nl address = {.nl_family = AF_NETLINK};
    int fd = socket_of(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);

    if (bind(fd, (struct sockaddr *)&address, sizeof address) != 0)
        err(4, "bind");
    return fd;
}

static int bound(void)
{
    int fd = tcp_socket();

    if (tcp_bind(fd, 0) != 0)
        err(3, "bind");
    return fd;
}

static int make(const char *kind)
{
    if (strcmp(kind, "ipv6") == 0)
        return ipv6(1, &in6addr_loopback);
    if (strcmp(kind, "dual") == 0)
        return ipv6(0, &in6addr_any);
    if (strcmp(kind, "mptcp") == 0)
        return mptcp();
    if (strcmp(kind, "udp") == 0)
        return udp();
    if (strcmp(kind, "unix") == 0)
        return local();
    if (strcmp(kind, "netlink") == 0)
        return netlink();
    if (strcmp(kind, "unbound") == 0)
        return tcp_socket();
    return bound();
}

/* Two sockets on one port: only the first may listen. */
static void refuse_to_listen(void)
{
    int on = 1, first = tcp_socket(), second = tcp_socket();

    setsockopt(first, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    setsockopt(second, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (tcp_bind(first, 0) != 0 || tcp_bind(second, tcp_port(first)) != 0)
        err(3, "bind");
    if (syscall(SYS_listen, first, 1) != 0 || listen(second, 1) == 0 || errno != EADDRINUSE)
        err(3, "listen");
}

int main(int argc, char **argv)
{
    const char *kind = argc > 1 ? argv[1] : "";
    int fd;

    if (strcmp(kind, "refused") == 0) {
        refuse_to_listen();
        return 0;
    }
    fd = make(kind);
    if (listen(fd, 5) == 0 && strcmp(kind, "unix") != 0)
        tcp_print_port(fd);
    if (strcmp(kind, "twice") == 0)
        listen(fd, 10);
    if (strcmp(kind, "second") == 0)
        tcp_print_port(tcp_listener(0));
    return 0;
}
