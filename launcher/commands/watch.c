/*
 * imdshim watch [--csv|--json] [-t SECS] [HOST:]PORT - an IMD client that shows what comes, and nothing else.
 *
 * Connects to an IMD server of version 2 or 3, sends GO and counts frames until the server
 * closes the connection, which is how a run ends. HOST is 127.0.0.1 unless given;
 * [ADDRESS]:PORT and imd://HOST:PORT are understood too. On a terminal one line tells how far
 * the run is; at the end one line on stdout tells what came.
 *
 * Each address of HOST may take 10 seconds, or SECS, to accept, and the handshake again. With
 * -t any later silence of more than SECS is an error; without it a run may be paused for ever.
 *
 * With --csv or --json there is a line on stdout for each frame instead (imd/rows.h). If who reads
 * them has gone, the watching ends, and that is no failure.
 *
 * Where the live line is shown, and standard input is a terminal that we are in the foreground of,
 * keys pause the run, let it go on, change the rate and end it (imd/keys.h).
 *
 * INT, TERM and HUP end the watching, not the run, and are no failure. A run that we have paused
 * goes on when we leave.
 *
 * Exit status: 0 the run ended or the user did not want to see more; 1 anything else, with one
 * line on stderr; 125 bad usage.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <unistd.h>

#include "launcher/base/clock.h"
#include "launcher/base/options.h"
#include "launcher/base/say.h"
#include "launcher/base/status.h"
#include "launcher/commands/commands.h"
#include "launcher/commands/ending.h"
#include "launcher/commands/keyboard.h"
#include "launcher/commands/server.h"
#include "launcher/imd/connection.h"
#include "launcher/imd/keys.h"
#include "launcher/imd/rows.h"
#include "launcher/imd/session.h"
#include "launcher/imd/summary.h"

enum { LIVE_INTERVAL = 100 /* ms */, CHUNK = 1 << 16 };

struct watch {
    struct session session;
    struct meter meter;
    struct rows rows;
    int error; /* of writing them, 0 = none */
    struct ending ending;
    struct keyboard keyboard;
    struct keys keys;
};

/* ---- a row for each frame ---- */

static unsigned char *room_for_bytes(struct session *session, size_t *size)
{
    static unsigned char chunk[CHUNK];

    (void)session;
    *size = sizeof chunk;
    return chunk;
}

static unsigned decode(struct session *session, const unsigned char *bytes, size_t length)
{
    struct watch *watch = session->owner;
    unsigned all = 0, news = 0;

    for (size_t taken = 1; length > 0 && taken > 0; length -= taken, bytes += taken) {
        taken = imd_take(&session->imd, bytes, length, &news);
        all |= news;
        if (news & IMD_FRAMED)
            rows_print(&watch->rows, &session->imd);
    }
    if (fflush(stdout) != 0 && watch->error == 0)
        watch->error = errno;
    return all;
}

static const struct session_sink row_sink = {.room = room_for_bytes, .decode = decode};

static void begin_rows(struct watch *watch, const struct options *options)
{
    watch->rows.out = stdout;
    watch->rows.form = options->csv ? ROWS_CSV : options->json ? ROWS_JSON : ROWS_NONE;
    if (watch->rows.form == ROWS_NONE)
        return;
    watch->session.sink = &row_sink;
    watch->session.owner = watch;
    watch->meter.live = false;
    signal(SIGPIPE, SIG_IGN);
    rows_begin(&watch->rows);
}

/* ---- what is typed, and signals ---- */

/* That the connection has failed is told by who reads from it. */
static void go_on(struct watch *watch)
{
    unsigned char header[IMD_HEADER_SIZE];

    if (command_resume(&watch->keys.steering, header))
        connection_send_header(&watch->session.connection, header);
}

/* NAMD would stay paused until the next client comes. */
static void leave(struct watch *watch)
{
    go_on(watch);
    session_leave(&watch->session);
}

static void show_help(struct meter *meter)
{
    meter_leave(meter);
    fputs(keys_help, meter->out);
}

/* GROMACS would not end while it is paused. */
static void obey_key(struct watch *watch, char key)
{
    struct session *session = &watch->session;
    unsigned char header[IMD_HEADER_SIZE];

    switch (keys_take(&watch->keys, key, &session->imd, header)) {
    case KEY_END:
        go_on(watch);
        /* fall through */
    case KEY_SEND:
        if (!connection_send_header(&session->connection, header))
            watch->keys.asked[0] = '\0';
        break;
    case KEY_LEAVE:
        leave(watch);
        break;
    case KEY_HELP:
        show_help(&watch->meter);
        break;
    case KEY_NONE:
        break;
    }
}

static void obey_keys(struct watch *watch)
{
    char keys[64];
    size_t count = keyboard_read(keys, sizeof keys);

    for (size_t i = 0; i < count && watch->session.phase == STREAMING; i++)
        obey_key(watch, keys[i]);
}

/* True if one of them asks us to leave. */
static bool obey_signals(struct watch *watch)
{
    bool asked = false;
    int signal;

    while ((signal = ending_next(&watch->ending)) != 0) {
        if (signal == SIGTSTP || signal == SIGQUIT || signal == SIGCONT)
            keyboard_signal(&watch->keyboard, signal);
        else
            asked = true;
    }
    return asked;
}

/* ---- the watching ---- */

static void show(struct watch *watch)
{
    if (watch->session.phase != STREAMING)
        keyboard_give_back(&watch->keyboard);
    else if (meter_update(&watch->meter, &watch->session.imd, clock_now()))
        keyboard_follow(&watch->keyboard);
    watch->meter.keys = watch->keyboard.taken ? &watch->keys : NULL;
}

static int poll_timeout(const struct watch *watch)
{
    int64_t left = watch->session.deadline - clock_now();

    if (watch->session.deadline == 0)
        left = -1;
    else if (left < 0)
        left = 0;
    if (watch->session.phase == STREAMING && watch->meter.live &&
        (left < 0 || left > LIVE_INTERVAL))
        left = LIVE_INTERVAL;
    return (int)left;
}

/*
 * Once the session is leaving, more signals change nothing: they tend to come in twos, TERM
 * with HUP. The deadline is looked at last and in any case. Last, because after a Ctrl-Z and fg
 * it has passed but what came meanwhile counts; in any case, because a server that dribbles
 * must not put it off.
 */
static void step(struct watch *watch)
{
    struct session *session = &watch->session;
    struct pollfd fds[] = {
        {.fd = watch->ending.fd, .events = POLLIN},
        {.fd = session->connection.fd, .events = session_events(session)},
        {.fd = watch->keyboard.taken ? STDIN_FILENO : -1, .events = POLLIN},
    };

    if (poll(fds, 3, poll_timeout(watch)) < 0) {
        if (errno != EINTR) {
            keyboard_give_back(&watch->keyboard);
            die_error(EXIT_FAILURE, errno, "poll");
        }
        return;
    }
    if (fds[0].revents != 0 && obey_signals(watch) && session->phase != LEAVING)
        leave(watch);
    else if (fds[1].revents != 0)
        session_advance(session);
    if (fds[2].revents != 0 && watch->keyboard.taken)
        obey_keys(watch);
    if (watch->error != 0 && session->phase == STREAMING)
        leave(watch);
    session_check_deadline(session);
    show(watch);
}

static void conclude(struct watch *watch)
{
    const struct session *session = &watch->session;

    if (session->failure[0] != '\0') {
        meter_leave(&watch->meter);
        die(EXIT_FAILURE, "%s", session->failure);
    }
    if (watch->rows.form == ROWS_NONE) {
        meter_clear(&watch->meter);
        summary_print(stdout, &session->imd, session->heard - session->went);
    } else if (watch->error == EPIPE) {
        __fpurge(stdout); /* or it would be tried again, and be a failure */
        clearerr(stdout);
    }
    if (ferror(stdout))
        die(EXIT_FAILURE, "cannot write to standard output");
}

int watch_main(const struct options *options)
{
    struct watch watch = {.session.phase = CONNECTING};

    if (options->csv && options->json)
        die(STATUS_FAILED, "--csv and --json: give one of them");
    server_find(&watch.session.connection, "watch", options->operands);
    meter_start(&watch.meter, stdout);
    begin_rows(&watch, options);
    keys_start(&watch.keys);
    if (watch.meter.live)
        keyboard_start(&watch.keyboard);
    ending_begin(&watch.ending, watch.keyboard.there ? keyboard_signals : (const int[]){0});
    session_start(&watch.session, options->timeout);
    while (watch.session.phase != GONE)
        step(&watch);
    connection_close(&watch.session.connection);
    ending_end(&watch.ending);
    conclude(&watch);
    return EXIT_SUCCESS;
}
