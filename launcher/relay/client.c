#include "launcher/relay/client.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "launcher/base/clock.h"
#include "launcher/imd/command.h"

enum {
    GO_LIMIT = 10000, /* ms; an engine waits for one second, but then other clients come */
    LINGER = 2000,    /* ms, for the client to close its end */
};

struct client *client_new(int fd)
{
    struct client *client = calloc(1, sizeof *client);
    unsigned char *command = malloc(IMD_HEADER_SIZE);

    if (client == NULL || command == NULL) {
        free(client);
        free(command);
        close(fd);
        return NULL;
    }
    client->fd = fd;
    client->command = command;
    client->command_size = IMD_HEADER_SIZE;
    client->readable = client->writable = true;
    return client;
}

void client_free(struct client *client)
{
    close(client->fd);
    outbox_free(&client->apart);
    free(client->command);
    free(client);
}

bool client_streams(const struct client *client)
{
    return client->state == CLIENT_JOINS || client->state == CLIENT_FOLLOWS ||
           client->state == CLIENT_SKIPS || client->state == CLIENT_DEAF;
}

void client_greet(struct client *client, const void *greeting, size_t length)
{
    bool kept = outbox_add(&client->apart, greeting, length);

    client->state = kept ? CLIENT_GREETED : CLIENT_GONE;
    client->deadline = clock_now() + GO_LIMIT;
}

void client_begin_frame(struct client *client, uint64_t at)
{
    if (client->state != CLIENT_JOINS)
        return;
    client->state = CLIENT_FOLLOWS;
    client->at = at;
}

/* What send(2) has said of so many bytes. If some are left, the socket takes no more now. */
static size_t note_sent(struct client *client, ssize_t sent, size_t length)
{
    if (sent > 0 && (size_t)sent < length)
        client->writable = false;
    if (sent > 0)
        return (size_t)sent;
    if (sent < 0 && errno == EAGAIN)
        client->writable = false;
    else if (sent < 0 && errno != EINTR)
        client->state = client_streams(client) ? CLIENT_DEAF : CLIENT_GONE;
    return 0;
}

static bool takes_more(const struct client *client)
{
    return client->writable && client->state != CLIENT_GONE && client->state != CLIENT_DEAF;
}

static size_t send_apart(struct client *client)
{
    size_t all = 0;

    while (takes_more(client) && !outbox_is_empty(&client->apart))
        all += note_sent(client, outbox_send(&client->apart, client->fd), 0);
    return all;
}

static size_t send_backlog(struct client *client, const struct backlog *backlog)
{
    size_t length, sent;
    const unsigned char *bytes = backlog_at(backlog, client->at, &length);

    if (length == 0)
        return 0;
    sent =
        note_sent(client, send(client->fd, bytes, length, MSG_NOSIGNAL | MSG_DONTWAIT), length);
    client->at += sent;
    return sent;
}

size_t client_send(struct client *client, const struct backlog *backlog)
{
    size_t sent = send_apart(client);

    if (!takes_more(client) || !outbox_is_empty(&client->apart))
        return sent;
    if (client->state == CLIENT_SKIPS)
        client->state = CLIENT_JOINS;
    if (client->state == CLIENT_FOLLOWS)
        sent += send_backlog(client, backlog);
    return sent;
}

void client_skip(struct client *client, const struct backlog *backlog)
{
    uint64_t frame = backlog_frame(backlog, client->at);
    size_t length;
    const unsigned char *bytes = backlog_at(backlog, client->at, &length);

    if (frame != BACKLOG_NOWHERE)
        length = (size_t)(frame - client->at);
    client->at += length;
    client->state = frame != BACKLOG_NOWHERE ? CLIENT_SKIPS : CLIENT_FOLLOWS;
    if (length > 0 && !outbox_add(&client->apart, bytes, length))
        client->state = CLIENT_GONE;
}

/*
 * The socket is not closed at once: the kernel would answer a command that comes yet with RST,
 * and the client lose what it has not read.
 */
void client_finish(struct client *client, uint64_t end)
{
    if (client->state == CLIENT_FINISHED || client->state == CLIENT_GONE ||
        !outbox_is_empty(&client->apart) ||
        (client->state == CLIENT_FOLLOWS && client->at != end))
        return;
    shutdown(client->fd, SHUT_WR);
    client->state = CLIENT_FINISHED;
    client->deadline = clock_now() + LINGER;
}

/* False if the command is not whole yet, or the client is gone. */
static bool receive_to(struct client *client, size_t size)
{
    while (client->readable && client->command_filled < size) {
        ssize_t got = recv(client->fd, client->command + client->command_filled,
                           size - client->command_filled, MSG_DONTWAIT);

        if (got > 0)
            client->command_filled += (size_t)got;
        else if (got < 0 && errno == EAGAIN)
            client->readable = false;
        else if (got == 0 || errno != EINTR)
            client->state = CLIENT_GONE;
        if (client->state == CLIENT_GONE)
            return false;
    }
    return client->command_filled >= size;
}

static bool make_room(struct client *client, size_t size)
{
    unsigned char *command;

    if (size <= client->command_size)
        return true;
    command = realloc(client->command, size);
    if (command == NULL)
        return false;
    client->command = command;
    client->command_size = size;
    return true;
}

unsigned char *client_next_command(struct client *client, int32_t atoms, size_t *length)
{
    if (!receive_to(client, IMD_HEADER_SIZE))
        return NULL;
    *length = command_size(client->command, atoms);
    if (*length == 0 || !make_room(client, *length)) {
        client->state = CLIENT_GONE;
        return NULL;
    }
    if (!receive_to(client, *length))
        return NULL;
    client->command_filled = 0;
    return client->command;
}
