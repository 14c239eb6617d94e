#include "tests/doubles/support/tcp.h"

#include <arpa/inet.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static int parse(union tcp_address *address, const char *text)
{
    memset(address, 0, sizeof *address);
    address->any.sa_family = strchr(text, ':') != NULL ? AF_INET6 : AF_INET;
    return inet_pton(address->any.sa_family, text,
                     address->any.sa_family == AF_INET6 ? (void *)&address->v6.sin6_addr
                                                        : (void *)&address->v4.sin_addr) == 1;
}

int tcp_is_address(const char *text)
{
    union tcp_address address;

    return parse(&address, text);
}

socklen_t tcp_resolve(union tcp_address *address, const char *text, unsigned port)
{
    if (!parse(address, text))
        errx(3, "no address: %s", text);
    address->v4.sin_port = htons((in_port_t)port); /* IPv6 has it in the same place */
    return address->any.sa_family == AF_INET6 ? sizeof address->v6 : sizeof address->v4;
}

int tcp_socket(void)
{
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    if (fd < 0)
        err(3, "socket");
    return fd;
}

static struct sockaddr_in ipv4(in_addr_t host, unsigned port)
{
    return (struct sockaddr_in){.sin_family = AF_INET,
                                .sin_addr.s_addr = htonl(host),
                                .sin_port = htons((in_port_t)port)};
}

int tcp_bind(int fd, unsigned port)
{
    const struct sockaddr_in address = ipv4(INADDR_LOOPBACK, port);

    return bind(fd, (const struct sockaddr *)&address, sizeof address);
}

int tcp_bind_any(int fd, unsigned port)
{
    const struct sockaddr_in address = ipv4(INADDR_ANY, port);

    return bind(fd, (const struct sockaddr *)&address, sizeof address);
}

int tcp_listener(unsigned port)
{
    int fd = tcp_socket();

    if (tcp_bind(fd, port) != 0)
        err(3, "bind");
    if (listen(fd, 5) != 0)
        err(3, "listen");
    return fd;
}

unsigned tcp_port(int fd)
{
    union tcp_address address = {.v4 = {.sin_port = 0}};
    socklen_t length = sizeof address;

    if (getsockname(fd, &address.any, &length) != 0)
        err(3, "getsockname");
    return ntohs(address.v4.sin_port);
}

void tcp_print_port(int fd)
{
    dprintf(STDERR_FILENO, "port %u\n", tcp_port(fd));
}

int tcp_connect(unsigned port)
{
    const struct sockaddr_in address = ipv4(INADDR_LOOPBACK, port);
    int fd = tcp_socket();

    if (connect(fd, (const struct sockaddr *)&address, sizeof address) != 0)
        err(3, "connect");
    return fd;
}

void tcp_pause(long milliseconds)
{
    struct timespec left = {milliseconds / 1000, milliseconds % 1000 * 1000000};

    while (nanosleep(&left, &left) != 0)
        continue;
}
