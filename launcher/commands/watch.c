/*
 * imdshim watch [-t SECS] [HOST:]PORT - an IMD client that shows what comes, and nothing else.
 *
 * Connects to an IMD server of version 2 or 3, sends GO and counts frames until the server
 * closes the connection, which is how a run ends. HOST is 127.0.0.1 unless given;
 * [ADDRESS]:PORT and imd://HOST:PORT are understood too. On a terminal one line tells how far
 * the run is; at the end one line on stdout tells what came.
 *
 * Each address of HOST may take 10 seconds, or SECS, to accept, and the handshake again. With
 * -t any later silence of more than SECS is an error; without it a run may be paused for ever.
 *
 * INT, TERM and HUP end the watching, not the run, and are no failure.
 *
 * Exit status: 0 the run ended or the user did not want to see more; 1 anything else, with one
 * line on stderr; 125 bad usage.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

#include "launcher/base/clock.h"
#include "launcher/base/options.h"
#include "launcher/base/say.h"
#include "launcher/base/status.h"
#include "launcher/commands/commands.h"
#include "launcher/commands/ending.h"
#include "launcher/commands/server.h"
#include "launcher/imd/connection.h"
#include "launcher/imd/session.h"
#include "launcher/imd/summary.h"

enum { LIVE_INTERVAL = 100 }; /* ms */

struct watch {
    struct session session;
    struct meter meter;
    struct ending ending;
};

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
    };

    if (poll(fds, 2, poll_timeout(watch)) < 0) {
        if (errno != EINTR)
            die_error(EXIT_FAILURE, errno, "poll");
        return;
    }
    if (fds[0].revents != 0 && ending_asked(&watch->ending) && session->phase != LEAVING)
        session_leave(session);
    else if (fds[1].revents != 0)
        session_advance(session);
    session_check_deadline(session);
    if (session->phase == STREAMING)
        meter_update(&watch->meter, &session->imd, clock_now());
}

static void conclude(struct watch *watch)
{
    const struct session *session = &watch->session;

    if (session->failure[0] != '\0') {
        meter_leave(&watch->meter);
        die(EXIT_FAILURE, "%s", session->failure);
    }
    meter_clear(&watch->meter);
    summary_print(stdout, &session->imd, session->heard - session->went);
    if (ferror(stdout))
        die(EXIT_FAILURE, "cannot write to standard output");
}

int watch_main(const struct options *options)
{
    struct watch watch = {.session.phase = CONNECTING};

    server_find(&watch.session.connection, "watch", options->operands);
    meter_start(&watch.meter, stdout);
    ending_begin(&watch.ending);
    session_start(&watch.session, options->timeout);
    while (watch.session.phase != GONE)
        step(&watch);
    connection_close(&watch.session.connection);
    ending_end(&watch.ending);
    conclude(&watch);
    return EXIT_SUCCESS;
}
