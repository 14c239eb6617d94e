#include "launcher/relay/engine_side.h"

#include <netinet/tcp.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "launcher/base/clock.h"
#include "launcher/relay/client_side.h"
#include "launcher/relay/steer.h"

enum { /* milliseconds */
       GO_AFTER = 500,
       FIRST_FRAME_LIMIT = 3000, /* imdclient waits five seconds for SESSIONINFO */
};

/* ---- what comes from it ---- */

/*
 * Bytes that are passed on as they are come where they stay. Others come beside, and not more
 * than fit when each packet of a few bytes gets another before it.
 */
static unsigned char *room_for_bytes(struct session *session, size_t *size)
{
    struct relay *relay = session->owner;
    size_t room, held;
    unsigned char *place = backlog_room(&relay->backlog, &room);
    uint64_t direct = translation_room(&relay->translation, &session->imd, &held);

    if (place == NULL)
        return NULL;
    if (direct > 0) {
        *size = direct < room - held ? (size_t)direct : room - held;
        return place + held;
    }
    room = (room - 2 * TRANSLATION_ADDED) / 2;
    *size = room < sizeof relay->scratch ? room : sizeof relay->scratch;
    return relay->scratch;
}

static unsigned decode(struct session *session, const unsigned char *bytes, size_t length)
{
    struct relay *relay = session->owner;
    unsigned news = 0;

    while (length > 0) {
        struct piece piece = translation_take(&relay->translation, &session->imd, bytes, length,
                                              backlog_tail(&relay->backlog));

        if (piece.begins)
            clients_begin_frame(relay);
        backlog_put(&relay->backlog, piece.put);
        news |= piece.news;
        if (piece.taken == 0)
            break;
        bytes += piece.taken;
        length -= piece.taken;
    }
    return news;
}

static const struct session_sink sink = {.room = room_for_bytes, .decode = decode};

static bool receive(struct relay *relay)
{
    struct session *session = &relay->session;
    uint64_t before = session->imd.bytes;
    size_t room;

    if (!relay->engine_readable)
        return false;
    if (session->phase != LEAVING && backlog_room(&relay->backlog, &room) == NULL)
        return false;
    session_advance(session);
    relay->engine_readable = !session->starved || relay->engine_closes;
    return session->imd.bytes != before || session->phase == LEAVING;
}

/* ---- its beginning and its end ---- */

static void watch(struct relay *relay)
{
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET,
                                .data.ptr = &relay->session};
    int fd = relay->session.connection.fd, on = 1;

    if (fd < 0 || epoll_ctl(relay->fd, EPOLL_CTL_ADD, fd, &event) != 0)
        return;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    relay->engine_readable = relay->engine_writable = relay->engine_closes = false;
}

static void begin(struct relay *relay)
{
    struct session *session = &relay->session;

    session->sink = &sink;
    session->owner = relay;
    session->holds_go = true;
    session->failure[0] = '\0';
    session->connection = relay->engine;
    session->connection.next = relay->engine.addresses;
    session->connection.from_port = relay->own_port;
    relay->translation = (struct translation){.version = relay->plan.version,
                                              .time_step = relay->plan.time_step,
                                              .step_ahead = relay->plan.step_ahead,
                                              .sends_energies = relay->plan.sends_energies};
    relay->steering = (struct steering){.client = relay->plan.version};
    relay->has_engine = true;
    relay->wants_go = relay->streamed = relay->leaving = false;
    relay->go_due = relay->first_frame_due = 0;
    relay->failure[0] = '\0';
    backlog_empty(&relay->backlog);
    outbox_free(&relay->to_engine);
    session_start(session, relay->plan.timeout);
    session->silence = 0;
    watch(relay);
}

/* As the engine's own client, theirs is to see that the stream has not come to its end. */
static void break_off(struct relay *relay)
{
    unsigned char bytes[IMD_HEADER_SIZE];
    size_t room, length = translation_break(&relay->translation, &relay->session.imd, bytes);
    unsigned char *place = backlog_room(&relay->backlog, &room);

    if (place == NULL || length == 0)
        return;
    clients_begin_frame(relay);
    memcpy(place, bytes, length);
    backlog_put(&relay->backlog, length);
}

/* Clients who are still there have got, or will get, all that came. */
static void end(struct relay *relay)
{
    struct session *session = &relay->session;

    epoll_ctl(relay->fd, EPOLL_CTL_DEL, session->connection.fd, NULL); /* as of a client's */
    connection_abandon(&session->connection, 0);
    relay->has_engine = false;
    outbox_free(&relay->to_engine);
    relay->left_out += relay->translation.left_out;
    if (relay->leaving)
        return;
    if (session->refused && relay->plan.is_told) {
        relay->knows_engine = false;
        relay->held++;
        return;
    }
    if (session->failure[0] != '\0' && relay->translation.known)
        break_off(relay);
    memcpy(relay->failure, session->failure, sizeof relay->failure);
    relay->ended++;
}

static bool go_is_due(struct relay *relay)
{
    bool must_be_learned = !relay->translation.known;

    if (relay->go_due == 0)
        relay->go_due = clock_now() + GO_AFTER;
    return relay->wants_go || must_be_learned || clock_now() >= relay->go_due;
}

static void say_go(struct relay *relay)
{
    session_go(&relay->session);
    if (!relay->translation.known)
        relay->first_frame_due = clock_now() + FIRST_FRAME_LIMIT;
}

/* Before clients that wait to be greeted give up. */
static void presume(struct relay *relay)
{
    if (relay->first_frame_due == 0 || clock_now() < relay->first_frame_due)
        return;
    relay->first_frame_due = 0;
    if (relay->translation.known)
        return;
    translation_presume(&relay->translation);
    if (relay->session.imd.energies > 0)
        relay->unserved++;
    else
        relay->presumed++;
}

/* One that only looked and went again must not cost the engine its run. */
static void leave_if_alone(struct relay *relay)
{
    if (relay->streamed && relay->clients == 0 && !relay->leaving) {
        relay->leaving = true;
        session_leave(&relay->session);
    }
}

static bool advance(struct relay *relay)
{
    struct session *session = &relay->session;
    bool any = false;

    if (session->phase == CONNECTING && relay->engine_writable) {
        session_advance(session);
        if (session->phase == CONNECTING)
            watch(relay);
        any = true;
    } else if (session->phase != CONNECTING && session->phase != GONE) {
        any = receive(relay);
    }
    if (session->phase == GREETED && go_is_due(relay))
        say_go(relay);
    presume(relay);
    if (session->phase == STREAMING)
        any |= steer_send(relay);
    session_check_deadline(session);
    return any;
}

bool engine_turn(struct relay *relay)
{
    bool any = false;

    if (!relay->has_engine) {
        if (!relay->knows_engine || relay->finishing || !clients_want_engine(relay))
            return false;
        begin(relay);
        any = true;
    }
    any |= advance(relay);
    leave_if_alone(relay);
    if (relay->session.phase != GONE)
        return any;
    end(relay);
    return true;
}
