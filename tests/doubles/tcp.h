/*
 * TCP listeners for stand-in engines, a line each. What fails ends the engine with status 3,
 * which no engine ends with otherwise.
 */
#ifndef IMDSHIM_TESTS_DOUBLES_TCP_H
#define IMDSHIM_TESTS_DOUBLES_TCP_H

#include <arpa/inet.h>
#include <err.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static inline int tcp_socket(void)
{
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    if (fd < 0)
        err(3, "socket");
    return fd;
}

static inline int tcp_bind(int fd, unsigned port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((in_port_t)port)};

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return bind(fd, (struct sockaddr *)&address, sizeof address);
}

static inline int tcp_listener(unsigned port)
{
    int fd = tcp_socket();

    if (tcp_bind(fd, port) != 0)
        err(3, "bind");
    if (listen(fd, 5) != 0)
        err(3, "listen");
    return fd;
}

static inline unsigned tcp_port(int fd)
{
    struct sockaddr_in address = {0};
    socklen_t length = sizeof address;

    if (getsockname(fd, (struct sockaddr *)&address, &length) != 0)
        err(3, "getsockname");
    return ntohs(address.sin_port);
}

static inline void tcp_print_port(int fd)
{
    dprintf(STDERR_FILENO, "port %u\n", tcp_port(fd));
}

static inline int tcp_connect(unsigned port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((in_port_t)port)};
    int fd = tcp_socket();

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (connect(fd, (struct sockaddr *)&address, sizeof address) != 0)
        err(3, "connect");
    return fd;
}

static inline void tcp_pause(long milliseconds)
{
    const struct timespec time = {milliseconds / 1000, milliseconds % 1000 * 1000000};

    nanosleep(&time, NULL);
}

#endif
