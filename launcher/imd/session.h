/*
 * A client's session with an IMD server, as a machine driven by events: its owner polls.
 *
 * Connecting, address after address; greeting, until the handshake is complete and GO is sent,
 * unless the owner wants to say when; streaming, until the server closes, which is how a run ends; or leaving early. A client that
 * leaves early sends DISCONNECT first, and then reads on until the server has closed or a
 * moment has passed: the server may be in the middle of a frame, and LAMMPS ends the run if a
 * frame cannot be sent (fix_imd.cpp, handle_step_v2 and handle_output_v3).
 */
#ifndef IMDSHIM_LAUNCHER_IMD_SESSION_H
#define IMDSHIM_LAUNCHER_IMD_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "launcher/imd/connection.h"
#include "launcher/imd/imd.h"

enum { SESSION_FAILURE_SIZE = NI_MAXHOST + 512 };

struct session;

/* For an owner who has a use for the bytes themselves. */
struct session_sink {
    /* Where the next bytes go, and how many at most; NULL: none now. */
    unsigned char *(*room)(struct session *session, size_t *size);
    /* They have come there: decode them, as imd_feed(). */
    unsigned (*decode)(struct session *session, const unsigned char *bytes, size_t length);
};

struct session {
    /* For the owner to set before the start; 0: as watch has it. */
    const struct session_sink *sink; /* NULL: the bytes are decoded, and that is all */
    void *owner;                     /* for the sink */
    bool holds_go;                   /* the phase GREETED lasts until session_go() */

    /* For the owner to read. */
    enum { CONNECTING, GREETING, GREETED, STREAMING, LEAVING, GONE } phase;
    struct connection connection;
    struct imd imd;
    int64_t deadline;                   /* ms of clock_now(), 0 = none */
    int64_t went;                       /* ms, when GO was sent */
    int64_t heard;                      /* ms, when the last bytes came */
    bool starved;                       /* the last look left nothing behind, or only the end */
    bool refused;                       /* nobody listened where it connected to */
    char failure[SESSION_FAILURE_SIZE]; /* empty, or what happened and what to do */

    /* The session's own. */
    int patience; /* s: each address; the handshake */
    int silence;  /* s: the stream, 0 = no limit */
};

/* Start with a connection that is resolved. timeout: s of silence allowed, 0 = the usual. */
void session_start(struct session *session, int timeout);

/* For which events, as poll(2) has them, the session waits on connection.fd. */
short session_events(const struct session *session);

/* One of these events has come. */
void session_advance(struct session *session);

/* Say GO, in the phase GREETED. Due within a second: see session.c. */
void session_go(struct session *session);

/* Act if the deadline has passed. */
void session_check_deadline(struct session *session);

/* End it early, in good order. */
void session_leave(struct session *session);

#endif
