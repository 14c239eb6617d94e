#include "launcher/source/tcp.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "launcher/base/clock.h"
#include "launcher/base/entropy.h"
#include "launcher/source/host_addresses.h"
#include "shim/wire/address.h"
#include "shim/wire/text.h"

enum {
    SECRET_BYTES = 16,
    SECRET = 2 * SECRET_BYTES, /* hexadecimal digits */
    CONNECTIONS = 64,
    LIFETIME = 2000, /* milliseconds of a connection, and of a rest */
    BACKLOG = 1024,  /* a rank of a large job may have an event each, at once */
    ADDRESSES = 8,   /* as many as the library tries */
    TURNS = 256,     /* strangers must not keep us here */
};

struct connection {
    int fd;          /* -1: free */
    uint64_t number; /* in the order in which they came: many come in one millisecond */
    int64_t end;     /* of its life, milliseconds of CLOCK_MONOTONIC */
    size_t length;
    char peer[INET6_ADDRSTRLEN];
    char bytes[SECRET + 1 + EVENT_MAX + 1]; /* and a NUL */
};

struct event_port_state {
    int listener, timer;
    uint64_t accepted; /* so many so far */
    int64_t rest; /* the listener's, when there is no descriptor to be had: its end, or 0 */
    char secret[SECRET + 1];
    struct connection connections[CONNECTIONS];
};

/* ---- what the engine is told ---- */

static bool make_secret(char secret[SECRET + 1])
{
    unsigned char bytes[SECRET_BYTES];

    if (!entropy_fill(bytes, sizeof bytes))
        return false;
    for (int i = 0; i < SECRET_BYTES; i++)
        snprintf(secret + 2 * i, 3, "%02x", bytes[i]);
    return true;
}

static bool describe(struct event_port *port)
{
    struct text text = {port->text, 0, sizeof port->text - 1};
    struct sockaddr_storage address;
    socklen_t length = sizeof address;
    char host[HOST_SIZE] = "";

    if (getsockname(port->state->listener, (struct sockaddr *)&address, &length) != 0)
        return false;
    gethostname(host, sizeof host - 1);
    text_put_escaped(&text, host);
    text_put_char(&text, ':');
    port->number = address_port((struct sockaddr *)&address, length);
    text_put_number(&text, port->number, 10);
    text_put_char(&text, ':');
    text_put_string(&text, port->state->secret);
    if (host_addresses_put(&text, ADDRESSES) == 0) {
        errno = EADDRNOTAVAIL;
        return false;
    }
    port->text[text.length] = '\0';
    return text.length < text.size;
}

/* ---- opening and closing ---- */

/* A listener on any address of the family, and any port. */
static int listen_on(const struct sockaddr *any, socklen_t length)
{
    int fd = socket(any->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), off = 0;

    if (fd < 0)
        return -1;
    if ((any->sa_family != AF_INET6 ||
         setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off) == 0) &&
        bind(fd, any, length) == 0 && listen(fd, BACKLOG) == 0)
        return fd;
    close(fd);
    return -1;
}

/* For both families at once, or IPv4 where the kernel has no other. */
static int open_listener(void)
{
    const struct sockaddr_in6 ipv6 = {.sin6_family = AF_INET6};
    const struct sockaddr_in ipv4 = {.sin_family = AF_INET};
    int fd = listen_on((const struct sockaddr *)&ipv6, sizeof ipv6);

    return fd >= 0 ? fd : listen_on((const struct sockaddr *)&ipv4, sizeof ipv4);
}

/* Slots are told apart by their index; the listener and the timer come behind them. */
enum { LISTENER = CONNECTIONS, TIMER };

static bool watch(const struct event_port *port, int fd, uint32_t index)
{
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = index};

    return epoll_ctl(port->fd, EPOLL_CTL_ADD, fd, &event) == 0;
}

bool event_port_open(struct event_port *port)
{
    struct event_port_state *state = calloc(1, sizeof *state);
    int error;

    *port = (struct event_port){.fd = -1, .state = state};
    if (state == NULL)
        return false;
    for (int i = 0; i < CONNECTIONS; i++)
        state->connections[i].fd = -1;
    state->listener = open_listener();
    state->timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    port->fd = epoll_create1(EPOLL_CLOEXEC);
    if (state->listener >= 0 && state->timer >= 0 && port->fd >= 0 &&
        watch(port, state->listener, LISTENER) && watch(port, state->timer, TIMER) &&
        make_secret(state->secret) && describe(port))
        return true;
    error = errno;
    event_port_close(port);
    errno = error;
    return false;
}

static void drop(struct connection *connection)
{
    close(connection->fd);
    connection->fd = -1;
}

void event_port_close(struct event_port *port)
{
    struct event_port_state *state = port->state;

    for (int i = 0; state != NULL && i < CONNECTIONS; i++)
        if (state->connections[i].fd >= 0)
            drop(&state->connections[i]);
    if (state != NULL && state->listener >= 0)
        close(state->listener);
    if (state != NULL && state->timer >= 0)
        close(state->timer);
    if (port->fd >= 0)
        close(port->fd);
    free(state);
    *port = (struct event_port){.fd = -1, .junk = port->junk};
}

/* ---- connections ---- */

/* NULL if there is no connection. */
static struct connection *oldest(struct event_port_state *state)
{
    struct connection *found = NULL;

    for (int i = 0; i < CONNECTIONS; i++) {
        struct connection *connection = &state->connections[i];

        if (connection->fd >= 0 && (found == NULL || connection->number < found->number))
            found = connection;
    }
    return found;
}

static struct connection *free_slot(struct event_port *port)
{
    struct connection *connections = port->state->connections, *slot;

    for (int i = 0; i < CONNECTIONS; i++)
        if (connections[i].fd < 0)
            return &connections[i];
    slot = oldest(port->state);
    port->junk++;
    drop(slot);
    return slot;
}

/* For the end of the oldest connection, or of the rest; 0 disarms it, timerfd_create(2). */
static void set_timer(struct event_port *port)
{
    const struct connection *first = oldest(port->state);
    int64_t end = first != NULL ? first->end : port->state->rest;
    int64_t left = end != 0 ? end - clock_now() : 0;
    struct itimerspec timer = {.it_value = {0, 0}};

    if (end != 0 && left < 1)
        left = 1;
    timer.it_value.tv_sec = left / 1000;
    timer.it_value.tv_nsec = left % 1000 * 1000000;
    timerfd_settime(port->state->timer, 0, &timer, NULL);
}

static void end_old(struct event_port *port)
{
    int64_t now = clock_now();

    for (int i = 0; i < CONNECTIONS; i++) {
        struct connection *connection = &port->state->connections[i];

        if (connection->fd >= 0 && connection->end <= now) {
            port->junk++;
            drop(connection);
        }
    }
    if (port->state->rest != 0 && port->state->rest <= now)
        port->state->rest = watch(port, port->state->listener, LISTENER) ? 0 : now + LIFETIME;
    set_timer(port);
}

/* No descriptor to be had: an idle connection gives its own, or the listener has a rest. */
static void make_room(struct event_port *port)
{
    struct connection *connection = oldest(port->state);

    if (connection != NULL) {
        port->junk++;
        drop(connection);
    } else {
        epoll_ctl(port->fd, EPOLL_CTL_DEL, port->state->listener, NULL);
        port->state->rest = clock_now() + LIFETIME;
        set_timer(port);
    }
}

static void take_connection(struct event_port *port)
{
    struct sockaddr_storage peer;
    socklen_t length = sizeof peer;
    int fd = accept4(port->state->listener, (struct sockaddr *)&peer, &length,
                     SOCK_NONBLOCK | SOCK_CLOEXEC);
    struct connection *slot;

    if (fd < 0) {
        if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
            make_room(port);
        return;
    }
    slot = free_slot(port);
    *slot = (struct connection){
        .fd = fd, .number = ++port->state->accepted, .end = clock_now() + LIFETIME};
    host_address_text((const struct sockaddr *)&peer, slot->peer);
    if (!watch(port, fd, (uint32_t)(slot - port->state->connections)))
        drop(slot);
    set_timer(port);
}

/* In a time that does not tell how much of it was right. */
static bool is_secret(const struct event_port *port, const char *bytes)
{
    unsigned char difference = 0;

    for (int i = 0; i < SECRET; i++)
        difference |= (unsigned char)(bytes[i] ^ port->state->secret[i]);
    return difference == 0 && bytes[SECRET] == ' ';
}

/* The bytes of a connection that has sent a newline, or has no room for one: they are one line.
 */
static bool read_event(const struct event_port *port, struct connection *connection,
                       struct event *event)
{
    char *newline = memchr(connection->bytes, '\n', connection->length);
    char *line = connection->bytes + SECRET + 1, *end = connection->bytes + connection->length;

    if (newline == NULL || newline < line || newline + 1 != end ||
        !is_secret(port, connection->bytes) || strlen(line) != (size_t)(end - line))
        return false;
    *newline = '\0';
    if (!event_parse(line, event))
        return false;
    memcpy(event->peer, connection->peer, sizeof event->peer);
    return true;
}

/* True if an event has come. */
static bool read_connection(struct event_port *port, struct connection *connection,
                            struct event *event)
{
    size_t room = sizeof connection->bytes - 1 - connection->length;
    ssize_t length = recv(connection->fd, connection->bytes + connection->length, room, 0);
    bool is_event;

    if (length < 0 && (errno == EAGAIN || errno == EINTR))
        return false;
    if (length > 0) {
        connection->length += (size_t)length;
        connection->bytes[connection->length] = '\0';
        if ((size_t)length < room &&
            memchr(connection->bytes, '\n', connection->length) == NULL)
            return false;
    }
    is_event = length > 0 && read_event(port, connection, event);
    port->junk += !is_event && connection->length > 0;
    drop(connection);
    return is_event;
}

bool event_port_next(struct event_port *port, struct event *event)
{
    struct epoll_event ready;
    uint64_t expirations;

    for (int turn = 0; turn < TURNS && port->fd >= 0; turn++) {
        if (epoll_wait(port->fd, &ready, 1, 0) != 1)
            return false;
        if (ready.data.u32 == LISTENER) {
            take_connection(port);
        } else if (ready.data.u32 == TIMER) {
            if (read(port->state->timer, &expirations, sizeof expirations) > 0)
                end_old(port);
        } else if (read_connection(port, &port->state->connections[ready.data.u32], event)) {
            return true;
        }
    }
    return false;
}
