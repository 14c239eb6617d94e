#include "launcher/relay/client_side.h"

#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "launcher/base/clock.h"
#include "launcher/relay/steer.h"
#include "shim/wire/peer.h"

enum { ARRIVALS_PER_TURN = 64 };

/* Each in turn is `client`, in the order in which they came. */
#define FOR_EACH_CLIENT(relay)                                                                 \
    for (struct client *client = (relay)->first_arrived; client != NULL; client = client->next)

/* ---- their coming ---- */

/* As the library lets them in to an engine, with --only-me: shim/hooks/admission.c. */
static bool is_admitted(struct relay *relay, int fd)
{
    uid_t uid;
    int error;
    enum peer peer;

    if (!relay->plan.only_me)
        return true;
    peer = peer_lookup(fd, &uid, &error);
    if (peer == PEER_SAME_USER || peer == PEER_REMOTE)
        return true;
    relay->denied++;
    return false;
}

static void add(struct relay *relay, int fd)
{
    struct client *client = client_new(fd), **last = &relay->first_arrived;
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET,
                                .data.ptr = client};
    const int on = 1;

    if (client == NULL)
        return;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (epoll_ctl(relay->fd, EPOLL_CTL_ADD, fd, &event) != 0) {
        client_free(client);
        return;
    }
    while (*last != NULL)
        last = &(*last)->next;
    *last = client;
    relay->clients++;
}

void clients_admit(struct relay *relay)
{
    if (acceptor_resumes(&relay->listener))
        relay->arrivals = true;
    for (int turns = ARRIVALS_PER_TURN; relay->arrivals && turns > 0; turns--) {
        int fd = acceptor_next(&relay->listener, NULL);

        if (fd < 0)
            relay->arrivals = false;
        else if (is_admitted(relay, fd))
            add(relay, fd);
        else
            close(fd);
    }
}

bool clients_want_engine(const struct relay *relay)
{
    FOR_EACH_CLIENT(relay)
    if (client->state == CLIENT_NEW)
        return true;
    return false;
}

/* ---- what they ask for ---- */

static struct client *first_of(const struct relay *relay)
{
    struct client *first = NULL;

    FOR_EACH_CLIENT(relay)
    if (client_streams(client) && (first == NULL || client->turn < first->turn))
        first = client;
    return first;
}

/* If nobody streams, what has come is kept for this one. */
static void go(struct relay *relay, struct client *client)
{
    uint64_t frame = backlog_frame(&relay->backlog, backlog_begin(&relay->backlog));
    bool alone = first_of(relay) == NULL;

    client->state = CLIENT_JOINS;
    client->deadline = 0;
    client->turn = ++relay->turns;
    if (alone && frame != BACKLOG_NOWHERE)
        client_begin_frame(client, frame);
    relay->wants_go = relay->streamed = true;
}

static void obey(struct relay *relay, struct client *client, unsigned char *command,
                 size_t length)
{
    bool may_steer = relay->plan.others_steer || client == first_of(relay);

    if (client->state == CLIENT_FINISHED)
        return;
    switch (command_type(command)) {
    case IMD_DISCONNECT:
        client->state = CLIENT_GONE;
        break;
    case IMD_GO:
        client->said_go = true;
        if (client->state == CLIENT_GREETED)
            go(relay, client);
        break;
    default:
        if (client_streams(client) && may_steer)
            steer(relay, command, length);
    }
}

/* While the engine has not taken the last command, no other is read. */
static bool hear(struct relay *relay, struct client *client)
{
    bool any = false;

    while (client->state != CLIENT_GONE && outbox_is_empty(&relay->to_engine)) {
        size_t length;
        unsigned char *command = client_next_command(client, relay->session.imd.atoms, &length);

        if (command == NULL)
            break;
        obey(relay, client, command, length);
        any = true;
    }
    return any;
}

/* ---- what they get ---- */

void clients_begin_frame(struct relay *relay)
{
    backlog_mark(&relay->backlog);
    FOR_EACH_CLIENT(relay)
    client_begin_frame(client, backlog_end(&relay->backlog));
}

static void greet(struct relay *relay, struct client *client)
{
    unsigned char greeting[TRANSLATION_GREETING];
    size_t length = translation_greet(&relay->translation, &relay->session.imd, greeting);

    client_greet(client, greeting, length);
    if (client->said_go && client->state == CLIENT_GREETED)
        go(relay, client);
}

/* Those who are in the way of the others: when it is full, they lie this far behind at least. */
static void skip_slow_ones(struct relay *relay)
{
    const struct backlog *backlog = &relay->backlog;
    const struct client *first = first_of(relay);

    FOR_EACH_CLIENT(relay)
    if (client != first && client->state == CLIENT_FOLLOWS &&
        backlog_end(backlog) - client->at > backlog->size / 4)
        client_skip(client, backlog);
}

/* What nobody needs any more. If nobody streams, all is kept for who comes. */
static void release(struct relay *relay)
{
    uint64_t least = backlog_end(&relay->backlog);
    bool any = false;

    FOR_EACH_CLIENT(relay)
    {
        any |= client_streams(client);
        if (client->state == CLIENT_FOLLOWS && client->at < least)
            least = client->at;
    }
    if (any)
        backlog_release(&relay->backlog, least);
}

static bool send_to(struct relay *relay, struct client *client)
{
    size_t sent = client_send(client, &relay->backlog);

    relay->sent += sent;
    return sent > 0;
}

/* ---- their end ---- */

static void check_deadline(struct client *client, int64_t now)
{
    if (client->deadline != 0 && client->deadline <= now)
        client->state = CLIENT_GONE;
}

/*
 * If the first leaves an engine that it has paused, the others need not know. True if any was
 * gone.
 */
static bool forget_gone(struct relay *relay)
{
    bool only_energies =
        relay->has_engine && !relay->translation.known && relay->session.imd.energies > 1;
    const struct client *first = first_of(relay);
    bool first_is_gone = false;
    unsigned before = relay->clients;

    for (struct client **at = &relay->first_arrived; *at != NULL;) {
        struct client *client = *at;

        if (client->state != CLIENT_GONE) {
            at = &client->next;
            continue;
        }
        first_is_gone |= client->turn != 0 && (first == NULL || client->turn < first->turn);
        *at = client->next;
        /* After close(2) alone epoll(7) would still tell of it while another process holds it. */
        epoll_ctl(relay->fd, EPOLL_CTL_DEL, client->fd, NULL);
        client_free(client);
        relay->clients--;
        relay->unserved += only_energies;
    }
    if (first_is_gone && first != NULL)
        steer_resume(relay);
    return relay->clients != before;
}

void clients_drop_all(struct relay *relay)
{
    FOR_EACH_CLIENT(relay)
    client->state = CLIENT_GONE;
    forget_gone(relay);
}

int64_t clients_deadline(const struct relay *relay)
{
    int64_t least = relay->listener.backoff_until;

    FOR_EACH_CLIENT(relay)
    if (client->deadline != 0 && (least == 0 || client->deadline < least))
        least = client->deadline;
    return least;
}

bool clients_turn(struct relay *relay)
{
    bool any = false, greets = relay_greets(relay);
    int64_t now = clock_now();
    size_t room;

    FOR_EACH_CLIENT(relay)
    {
        if (client->state == CLIENT_NEW && greets)
            greet(relay, client);
        any |= hear(relay, client);
        if (client->state != CLIENT_GONE)
            any |= send_to(relay, client);
        check_deadline(client, now);
    }
    if (relay->plan.others_skip && backlog_room(&relay->backlog, &room) == NULL)
        skip_slow_ones(relay);
    any |= forget_gone(relay);
    release(relay);
    return any;
}
