/*
 * The connection of connection.h.
 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "launcher/imd/connection.h"
#include "launcher/libc/bsd.h"

static const char default_host[] = "127.0.0.1";
static const char scheme[] = "imd://";

static const char *parse_port(struct connection *connection, const char *text)
{
    const char *reason;
    int port = (int)strtonum(text, 1, 65535, &reason);

    /* strtonum() takes blanks and a sign, as strtol() does. */
    if (reason != NULL || text[strspn(text, "0123456789")] != '\0')
        return "its port is no number from 1 to 65535";
    snprintf(connection->port, sizeof connection->port, "%d", port);
    return NULL;
}

static const char *parse_host(struct connection *connection, const char *text, size_t length)
{
    bool bracketed = length >= 2 && text[0] == '[' && text[length - 1] == ']';

    if (bracketed) {
        text++;
        length -= 2;
    } else if (memchr(text, ':', length) != NULL) {
        return "an IPv6 address goes into brackets: [ADDRESS]:PORT";
    }
    if (length == 0)
        return "it has no host before the colon";
    if (length >= sizeof connection->host)
        return "its host is too long";
    memcpy(connection->host, text, length);
    connection->host[length] = '\0';
    return NULL;
}

static void write_name(struct connection *connection)
{
    bool bare = strchr(connection->host, ':') == NULL;

    snprintf(connection->name, sizeof connection->name, "%s%s%s:%s", bare ? "" : "[",
             connection->host, bare ? "" : "]", connection->port);
}

const char *connection_parse(struct connection *connection, const char *operand)
{
    bool url = strncmp(operand, scheme, sizeof scheme - 1) == 0;
    const char *text = url ? operand + sizeof scheme - 1 : operand;
    const char *colon = strrchr(text, ':');
    const char *problem = NULL;

    *connection = (struct connection){.fd = -1};
    strlcpy(connection->host, default_host, sizeof connection->host);
    if (colon == NULL ? url : strchr(colon, ']') != NULL)
        return "it has no port";
    if (colon != NULL)
        problem = parse_host(connection, text, (size_t)(colon - text));
    if (problem == NULL)
        problem = parse_port(connection, colon == NULL ? text : colon + 1);
    write_name(connection);
    return problem;
}

const char *connection_resolve(struct connection *connection)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
    int error = getaddrinfo(connection->host, connection->port, &hints, &connection->addresses);

    if (error != 0)
        return error == EAI_SYSTEM ? strerror(errno) : gai_strerror(error);
    connection->next = connection->addresses;
    return NULL;
}

/*
 * At any address: both families have the port in the same place, and zeros behind it.
 * SO_REUSEADDR: it is bound once to be kept, and once for each connection, socket(7).
 */
static bool bind_to_port(int fd, int family, unsigned port)
{
    const struct sockaddr_in6 any = {.sin6_family = (sa_family_t)family,
                                     .sin6_port = htons((uint16_t)port)};
    const int on = 1;

    return setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 &&
           bind(fd, (const struct sockaddr *)&any,
                family == AF_INET ? sizeof(struct sockaddr_in) : sizeof any) == 0;
}

/* Of both families: an IPv6 socket has the port in IPv4 too. */
int connection_reserve_port(unsigned *port)
{
    static const int families[] = {AF_INET6, AF_INET};
    struct sockaddr_in6 own = {.sin6_port = 0};
    socklen_t length = sizeof own;

    for (int i = 0; i < 2; i++) {
        int fd = socket(families[i], SOCK_STREAM | SOCK_CLOEXEC, 0);

        if (fd >= 0 && bind_to_port(fd, families[i], 0) &&
            getsockname(fd, (struct sockaddr *)&own, &length) == 0) {
            *port = ntohs(own.sin6_port);
            return fd;
        }
        if (fd >= 0)
            close(fd);
    }
    return -1;
}

/*
 * A connection from a port of its own is reset at its end: in TIME_WAIT it would keep the next one
 * from being made. By then the server has closed it, or had its time to.
 */
static void close_socket(struct connection *connection)
{
    const struct linger none = {.l_onoff = 1, .l_linger = 0};

    if (connection->fd >= 0 && connection->from_port != 0)
        setsockopt(connection->fd, SOL_SOCKET, SO_LINGER, &none, sizeof none);
    if (connection->fd >= 0)
        close(connection->fd);
    connection->fd = -1;
}

static bool start_at(struct connection *connection, const struct addrinfo *address)
{
    connection->fd = socket(address->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (connection->fd < 0)
        return false;
    if (connection->from_port != 0 &&
        !bind_to_port(connection->fd, address->ai_family, connection->from_port)) {
        connection_abandon(connection, errno);
        return false;
    }
    if (connect(connection->fd, address->ai_addr, address->ai_addrlen) == 0 ||
        errno == EINPROGRESS)
        return true;
    connection_abandon(connection, errno);
    return false;
}

bool connection_start(struct connection *connection)
{
    while (connection->next != NULL) {
        const struct addrinfo *address = connection->next;

        connection->next = address->ai_next;
        if (start_at(connection, address))
            return true;
    }
    return false;
}

/*
 * A connection to a port of the ephemeral range at which nobody listens can be given that very
 * port as its own, and then meets itself. Left open it would keep the port from the engine.
 */
static bool is_with_itself(int fd)
{
    struct sockaddr_storage here = {0}, there = {0};
    socklen_t here_length = sizeof here, there_length = sizeof there;

    return getsockname(fd, (struct sockaddr *)&here, &here_length) == 0 &&
           getpeername(fd, (struct sockaddr *)&there, &there_length) == 0 &&
           here_length == there_length && memcmp(&here, &there, here_length) == 0;
}

/* A paused run is silent for hours; so is a peer that has crashed. This tells them apart. */
static void keep_alive(int fd)
{
    const int on = 1, idle = 60, interval = 15, probes = 4;

    setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof idle);
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &interval, sizeof interval);
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &probes, sizeof probes);
}

bool connection_finish(struct connection *connection)
{
    int error = 0;
    socklen_t length = sizeof error;

    if (getsockopt(connection->fd, SOL_SOCKET, SO_ERROR, &error, &length) != 0)
        error = errno;
    if (error == 0 && is_with_itself(connection->fd))
        error = ECONNREFUSED;
    if (error == 0) {
        keep_alive(connection->fd);
        return true;
    }
    connection_abandon(connection, error);
    return false;
}

void connection_abandon(struct connection *connection, int error)
{
    close_socket(connection);
    errno = error;
}

bool connection_send_header(const struct connection *connection,
                            const unsigned char header[IMD_HEADER_SIZE])
{
    ssize_t sent = send(connection->fd, header, IMD_HEADER_SIZE, MSG_NOSIGNAL);

    /* The few bytes a client sends fit into any send buffer; part of them sent would be a
     * stream that the server cannot read. */
    if (sent >= 0 && sent != IMD_HEADER_SIZE)
        errno = EAGAIN;
    return sent == IMD_HEADER_SIZE;
}

bool connection_send(const struct connection *connection, enum imd_type type)
{
    unsigned char header[IMD_HEADER_SIZE];

    imd_encode_header(header, type, 0);
    return connection_send_header(connection, header);
}

void connection_close(struct connection *connection)
{
    close_socket(connection);
    if (connection->addresses != NULL)
        freeaddrinfo(connection->addresses);
    connection->addresses = NULL;
    connection->next = NULL;
}
