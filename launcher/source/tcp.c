#include "launcher/source/tcp.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "launcher/base/clock.h"

enum {
    LIFETIME = 2000,            /* milliseconds of a connection */
    BACKLOG = 1024,             /* a rank of a large job may have an event each, at once */
    TURNS = 256,                /* strangers must not keep us here */
    LISTENER = TCP_CONNECTIONS, /* epoll(7) tells connections by their index */
};

/* ---- opening and closing ---- */

static bool watch(const struct tcp_source *tcp, int fd, uint32_t index)
{
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = index};

    return epoll_ctl(tcp->source.fd, EPOLL_CTL_ADD, fd, &event) == 0;
}

/*
 * As long as another process holds the connection, if only because it reads /proc/PID/fd, epoll(7)
 * would go on to tell of it after close(2), by the index that is the next one's.
 */
static void drop(const struct tcp_source *tcp, struct tcp_connection *connection)
{
    epoll_ctl(tcp->source.fd, EPOLL_CTL_DEL, connection->fd, NULL);
    close(connection->fd);
    connection->fd = -1;
}

static void close_all(struct source *source)
{
    struct tcp_source *tcp = (struct tcp_source *)source;

    for (int i = 0; i < TCP_CONNECTIONS; i++)
        if (tcp->connections[i].fd >= 0)
            drop(tcp, &tcp->connections[i]);
    acceptor_close(&tcp->listener);
    if (source->fd >= 0)
        close(source->fd);
    free(tcp);
}

/* ---- connections ---- */

/* NULL if there is no connection. */
static struct tcp_connection *oldest(struct tcp_source *tcp)
{
    struct tcp_connection *found = NULL;

    for (int i = 0; i < TCP_CONNECTIONS; i++) {
        struct tcp_connection *connection = &tcp->connections[i];

        if (connection->fd >= 0 && (found == NULL || connection->number < found->number))
            found = connection;
    }
    return found;
}

static struct tcp_connection *free_slot(struct tcp_source *tcp)
{
    struct tcp_connection *slot;

    for (int i = 0; i < TCP_CONNECTIONS; i++)
        if (tcp->connections[i].fd < 0)
            return &tcp->connections[i];
    slot = oldest(tcp);
    tcp->source.malformed++;
    drop(tcp, slot);
    return slot;
}

/* No descriptor is left: an idle connection gives its own, or the listener backs off. */
static void make_room(struct tcp_source *tcp)
{
    struct tcp_connection *connection = oldest(tcp);

    if (connection == NULL) {
        epoll_ctl(tcp->source.fd, EPOLL_CTL_DEL, tcp->listener.fd, NULL);
        return;
    }
    tcp->source.malformed++;
    drop(tcp, connection);
    tcp->listener.backoff_until = 0;
}

static void accept_connection(struct tcp_source *tcp)
{
    union address peer;
    int fd = acceptor_next(&tcp->listener, &peer);
    struct tcp_connection *slot;

    if (fd < 0) {
        if (tcp->listener.backoff_until != 0)
            make_room(tcp);
        return;
    }
    slot = free_slot(tcp);
    *slot = (struct tcp_connection){
        .fd = fd, .number = ++tcp->accepted, .end = clock_now() + LIFETIME, .peer = peer};
    address_unmap(&slot->peer);
    if (!watch(tcp, fd, (uint32_t)(slot - tcp->connections)))
        drop(tcp, slot);
}

/* ---- time ---- */

static void on_deadline(struct tcp_source *tcp)
{
    struct tcp_connection *first;

    while ((first = oldest(tcp)) != NULL && first->end <= clock_now()) {
        tcp->source.malformed++;
        drop(tcp, first);
    }
    if (acceptor_resumes(&tcp->listener) && !watch(tcp, tcp->listener.fd, LISTENER))
        acceptor_back_off(&tcp->listener);
}

static void set_deadline(struct tcp_source *tcp)
{
    const struct tcp_connection *first = oldest(tcp);

    tcp->source.deadline = first != NULL ? first->end : tcp->listener.backoff_until;
}

/* ---- events ---- */

/* The bytes of a connection that has sent a newline, or has no room for one: they are one line.
 */
static bool read_event(const struct tcp_source *tcp, struct tcp_connection *connection,
                       struct received *received)
{
    char *end = connection->bytes + connection->length;
    char *newline = memchr(connection->bytes, '\n', connection->length), *line;

    if (newline == NULL || newline + 1 != end ||
        strlen(connection->bytes) != connection->length)
        return false;
    *newline = '\0';
    line = handover_check_signed(connection->bytes, tcp->secret);
    if (line == NULL || !event_text_parse(line, &received->event))
        return false;
    received->remote = true;
    received->peer = connection->peer;
    return true;
}

/* True if an event has come. */
static bool read_connection(struct tcp_source *tcp, struct tcp_connection *connection,
                            struct received *received)
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
    is_event = length > 0 && read_event(tcp, connection, received);
    tcp->source.malformed += !is_event && connection->length > 0;
    drop(tcp, connection);
    return is_event;
}

static bool next_event(struct source *source, struct received *received)
{
    struct tcp_source *tcp = (struct tcp_source *)source;
    struct epoll_event ready;
    bool found = false;

    if (source->deadline != 0 && source->deadline <= clock_now())
        on_deadline(tcp);
    for (int i = 0; i < TURNS && !found && epoll_wait(source->fd, &ready, 1, 0) == 1; i++)
        if (ready.data.u32 == LISTENER)
            accept_connection(tcp);
        else
            found = read_connection(tcp, &tcp->connections[ready.data.u32], received);
    set_deadline(tcp);
    return found;
}

static const struct source_class tcp_class = {
    .name = "the TCP port",
    .next = next_event,
    .close = close_all,
};

static struct tcp_source *make_source(void)
{
    struct tcp_source *tcp = calloc(1, sizeof *tcp);

    if (tcp == NULL)
        return NULL;
    tcp->source.class = &tcp_class;
    tcp->listener.fd = tcp->source.fd = -1;
    for (int i = 0; i < TCP_CONNECTIONS; i++)
        tcp->connections[i].fd = -1;
    return tcp;
}

struct tcp_source *tcp_source_open(struct tcp_offer *offer)
{
    struct tcp_source *tcp = make_source();
    int error;

    if (tcp == NULL)
        return NULL;
    memcpy(tcp->secret, offer->handover.secret, sizeof tcp->secret);
    tcp->source.fd = epoll_create1(EPOLL_CLOEXEC);
    tcp->listener.fd = offer->fd;
    if (tcp->source.fd >= 0 && watch(tcp, offer->fd, LISTENER) &&
        listen(offer->fd, BACKLOG) == 0) {
        offer->fd = -1;
        return tcp;
    }
    error = errno;
    tcp->listener.fd = -1;
    close_all(&tcp->source);
    errno = error;
    return NULL;
}
