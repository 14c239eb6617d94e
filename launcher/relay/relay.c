#include "launcher/relay/relay.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "launcher/base/clock.h"
#include "launcher/base/say.h"
#include "launcher/base/status.h"
#include "launcher/relay/client_side.h"
#include "launcher/relay/engine_side.h"
#include "launcher/relay/listening.h"

enum {
    BACKLOG = 1 << 19, /* bytes: what a processor's cache holds */
    ROUNDS = 64,       /* in a turn */
    EVENTS = 64,
};

void relay_open(struct relay *relay, const struct relay_plan *plan)
{
    struct epoll_event event = {.events = EPOLLIN | EPOLLET, .data.ptr = NULL};

    memset(relay, 0, sizeof *relay);
    relay->plan = *plan;
    relay->session.connection.fd = relay->engine.fd = -1;
    relay->session.phase = GONE;
    relay->own_port_fd = plan->has_own_port ? connection_reserve_port(&relay->own_port) : -1;
    if (plan->has_own_port && relay->own_port_fd < 0)
        die_error(STATUS_FAILED, errno, "cannot keep a port for the relay");
    relay->listener.fd = listening_open(plan->listen, &relay->where);
    relay->fd = epoll_create1(EPOLL_CLOEXEC);
    if (relay->fd < 0 || epoll_ctl(relay->fd, EPOLL_CTL_ADD, relay->listener.fd, &event) != 0 ||
        !backlog_make(&relay->backlog, BACKLOG))
        die_error(STATUS_FAILED, errno, "cannot make the relay");
}

void relay_lead_to(struct relay *relay, const struct connection *engine)
{
    relay->session.connection.next = NULL; /* it is among those that go now */
    connection_close(&relay->engine);
    relay->engine = *engine;
    relay->knows_engine = true;
}

void relay_hold(struct relay *relay)
{
    relay->knows_engine = false;
}

int64_t relay_deadline(const struct relay *relay)
{
    int64_t next = clients_deadline(relay);

    if (relay->has_engine)
        next = clock_sooner(next, relay->session.deadline);
    if (relay->has_engine && relay->session.phase == GREETED)
        next = clock_sooner(next, relay->go_due);
    if (relay->has_engine)
        next = clock_sooner(next, relay->first_frame_due);
    return next;
}

static void note(struct relay *relay, const struct epoll_event *event)
{
    struct client *client = event->data.ptr;
    bool readable = (event->events & ~(uint32_t)EPOLLOUT) != 0;
    bool writable = (event->events & (EPOLLOUT | EPOLLERR | EPOLLHUP)) != 0;

    if (event->data.ptr == NULL) {
        relay->arrivals = true;
    } else if (event->data.ptr == &relay->session) {
        relay->engine_readable |= readable;
        relay->engine_closes |= (event->events & ~(uint32_t)(EPOLLIN | EPOLLOUT)) != 0;
        relay->engine_writable |= writable;
    } else {
        client->readable |= readable;
        client->writable |= writable;
    }
}

static void note_events(struct relay *relay)
{
    struct epoll_event events[EVENTS];
    int count = EVENTS;

    for (int turns = 0; count == EVENTS && turns < ROUNDS; turns++) {
        count = epoll_wait(relay->fd, events, EVENTS, 0);
        for (int i = 0; i < count; i++)
            note(relay, &events[i]);
    }
}

/*
 * The stream has ended: who has got all of it is told. Whose GO is due may still get what has
 * come before. Those who come from now on wait for the next stream. True if somebody is still
 * owed something.
 */
static bool finish_clients(struct relay *relay, bool at_its_end)
{
    bool any = false;

    for (struct client *client = relay->first_arrived; client != NULL; client = client->next) {
        if (client->state == CLIENT_NEW && !at_its_end)
            continue;
        if (client->state != CLIENT_GREETED)
            client_finish(client, backlog_end(&relay->backlog));
        any = true;
    }
    return any;
}

static bool take_round(struct relay *relay)
{
    unsigned ended = relay->ended;
    bool any = engine_turn(relay), ends = ended != relay->ended;

    relay->finishing |= ends;
    any |= clients_turn(relay);
    if (relay->finishing)
        relay->finishing = finish_clients(relay, ends);
    return any;
}

bool relay_turn(struct relay *relay)
{
    bool any = true;

    note_events(relay);
    clients_admit(relay);
    for (int round = 0; any && round < ROUNDS; round++)
        any = take_round(relay);
    return !any && !relay->arrivals;
}

bool relay_is_busy(const struct relay *relay)
{
    return relay->has_engine || relay->clients > 0;
}

void relay_refuse(struct relay *relay)
{
    acceptor_close(&relay->listener);
    relay->knows_engine = false;
    if (!relay->has_engine)
        relay->finishing |= finish_clients(relay, true);
}

void relay_leave(struct relay *relay)
{
    clients_drop_all(relay);
    relay_refuse(relay);
    if (!relay->has_engine || relay->leaving)
        return;
    relay->leaving = true;
    session_leave(&relay->session);
}

void relay_close(struct relay *relay)
{
    clients_drop_all(relay);
    acceptor_close(&relay->listener);
    connection_abandon(&relay->session.connection, 0);
    connection_close(&relay->engine);
    outbox_free(&relay->to_engine);
    backlog_free(&relay->backlog);
    if (relay->own_port_fd >= 0)
        close(relay->own_port_fd);
    close(relay->fd);
}
