/*
 * The session of session.h.
 *
 * Servers wait one second for GO (GROMACS imd.cpp, c_connectWait; LAMMPS fix_imd.cpp,
 * reconnect(); imdclient's protocol page), then drop the client or, LAMMPS, end the run. So it
 * goes out in the same breath as the handshake comes in.
 */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "launcher/base/clock.h"
#include "launcher/imd/session.h"

enum {
    USUAL_PATIENCE = 10, /* s */
    LINGER = 2000,       /* ms, for the server to take notice of DISCONNECT */
    CHUNK = 1 << 16,
};

static void allow(struct session *session, int seconds)
{
    session->deadline = seconds > 0 ? clock_now() + (int64_t)seconds * 1000 : 0;
}

void session_leave(struct session *session)
{
    bool told =
        session->phase == STREAMING && connection_send(&session->connection, IMD_DISCONNECT);

    session->phase = told ? LEAVING : GONE;
    session->deadline = clock_now() + LINGER;
}

static void fail(struct session *session, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void fail(struct session *session, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(session->failure, sizeof session->failure, format, arguments);
    va_end(arguments);
    session_leave(session);
}

static void fail_in_stream(struct session *session, const char *what)
{
    if (session->imd.greeted)
        fail(session, "%s: %s (frames so far: %" PRIu64 "): see the engine's log",
             session->connection.name, what, session->imd.frames);
    else
        fail(session, "%s: %s: is this an engine's IMD port, and has it no other client?",
             session->connection.name, what);
}

static void connect_next(struct session *session)
{
    if (connection_start(&session->connection)) {
        session->phase = CONNECTING;
        allow(session, session->patience);
    } else if (errno == ECONNREFUSED) {
        session->refused = true;
        fail(session,
             "nobody listens at %s: start the engine first, or let 'imdshim run --client' "
             "start the client when the engine is ready",
             session->connection.name);
    } else {
        fail(session,
             "cannot connect to %s: %s: are host and port right, and is no firewall between?",
             session->connection.name, strerror(errno));
    }
}

static void finish_connecting(struct session *session)
{
    if (connection_finish(&session->connection)) {
        session->phase = GREETING;
        allow(session, session->patience);
    } else {
        connect_next(session);
    }
}

void session_go(struct session *session)
{
    if (!connection_send(&session->connection, IMD_GO)) {
        fail_in_stream(session, strerror(errno));
        return;
    }
    session->phase = STREAMING;
    session->went = session->heard;
    allow(session, session->silence);
}

static void take_greeting(struct session *session)
{
    session->phase = GREETED;
    session->deadline = 0;
    if (!session->holds_go)
        session_go(session);
}

static void finish(struct session *session)
{
    if (imd_end(&session->imd))
        session->phase = GONE;
    else
        fail_in_stream(session, session->imd.error);
}

static void digest(struct session *session, const unsigned char *bytes, size_t length)
{
    unsigned news = session->sink != NULL ? session->sink->decode(session, bytes, length)
                                          : imd_feed(&session->imd, bytes, length);

    session->heard = clock_now();
    if (news & IMD_FAILED)
        fail_in_stream(session, session->imd.error);
    else if (news & IMD_LEFT)
        finish(session);
    else if (news & IMD_GREETED)
        take_greeting(session);
    else if (session->phase == STREAMING)
        allow(session, session->silence);
}

static void receive(struct session *session)
{
    unsigned char chunk[CHUNK], *bytes = chunk;
    size_t size = sizeof chunk;
    ssize_t got;

    if (session->sink != NULL && session->phase != LEAVING)
        bytes = session->sink->room(session, &size);
    if (bytes == NULL)
        return;
    got = recv(session->connection.fd, bytes, size, 0);
    session->starved = got < 0 ? errno == EAGAIN : (size_t)got < size;
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (session->phase == LEAVING) {
        if (got <= 0)
            session->phase = GONE;
    } else if (got < 0) {
        fail_in_stream(session, strerror(errno));
    } else if (got > 0) {
        digest(session, bytes, (size_t)got);
    } else {
        finish(session);
    }
}

static void expire(struct session *session)
{
    switch (session->phase) {
    case CONNECTING:
        connection_abandon(&session->connection, ETIMEDOUT);
        connect_next(session);
        break;
    case GREETING:
        fail(session,
             "%s says nothing: no IMD handshake within %d s; it may have another client or not "
             "have come to its run: to wait longer give -t SECS",
             session->connection.name, session->patience);
        break;
    case STREAMING:
        fail_in_stream(session, "silent for longer than -t allows");
        break;
    default:
        session->phase = GONE;
    }
}

void session_start(struct session *session, int timeout)
{
    session->patience = timeout > 0 ? timeout : USUAL_PATIENCE;
    session->silence = timeout;
    session->refused = false;
    imd_start(&session->imd);
    connect_next(session);
}

short session_events(const struct session *session)
{
    return session->phase == CONNECTING ? POLLOUT : POLLIN;
}

void session_advance(struct session *session)
{
    if (session->phase == CONNECTING)
        finish_connecting(session);
    else
        receive(session);
}

void session_check_deadline(struct session *session)
{
    if (session->phase != GONE && session->deadline != 0 && clock_now() >= session->deadline)
        expire(session);
}
