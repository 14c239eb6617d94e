/*
 * imdshim relay [OPTIONS] [HOST:]PORT - serve an engine's stream on to any number of clients.
 *
 * The engine runs already, and has no client: we become it, when our own first client comes. One
 * line says where clients connect. Ends when the engine has ended the stream and each client has
 * got what there was; without clients it waits for one, for SECS with --timeout, and as long as an
 * engine of this host listens.
 *
 * INT, TERM and HUP end the relay, not the run, and are no failure.
 *
 * Exit status: 0 the run ended, or a signal came; 1 the engine could not be reached or its stream
 * broke off, with one line on stderr; 124 no client came in time; 125 bad usage.
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "launcher/base/clock.h"
#include "launcher/base/say.h"
#include "launcher/base/status.h"
#include "launcher/commands/commands.h"
#include "launcher/commands/ending.h"
#include "launcher/commands/server.h"
#include "launcher/relay/presence.h"
#include "launcher/relay/relay.h"
#include "launcher/run/port_file.h"
#include "launcher/source/endpoint.h"

static void publish(const struct relay *relay, const char *engine,
                    const struct options *options)
{
    char host[ENDPOINT_HOST_SIZE];
    unsigned port = address_port(&relay->where);

    endpoint_address(&relay->where, host);
    endpoint_bracket(host);
    if (options->verbosity > QUIET)
        say("relay of %s: clients connect to imd://%s:%u, IMD version %d", engine, host, port,
            options->imd_version);
    if (options->port_file != NULL && port_file_write(options->port_file, host, port) != 0)
        die_error(STATUS_FAILED, errno, "cannot write the port file '%s'", options->port_file);
}

/* True if a signal has come. */
static bool wait_for_something(const struct relay *relay, const struct ending *ending,
                               int64_t limit, int64_t look)
{
    struct pollfd fds[] = {{.fd = ending->fd, .events = POLLIN},
                           {.fd = relay->fd, .events = POLLIN}};
    int64_t next = clock_sooner(relay_deadline(relay), limit), left;

    if (!relay_is_busy(relay))
        next = clock_sooner(next, look);
    left = next - clock_now();
    if (poll(fds, 2, next == 0 ? -1 : left > 0 ? (int)left : 0) < 0 && errno != EINTR)
        die_error(EXIT_FAILURE, errno, "poll");
    return fds[0].revents != 0 && ending_asked(ending);
}

/* When nobody has come for so long, 0: never. */
static int64_t limit_of(const struct relay *relay, const struct options *options)
{
    bool waits = options->timeout > 0 && !relay_is_busy(relay);

    return waits ? clock_now() + (int64_t)options->timeout * 1000 : 0;
}

static bool is_over(const struct relay *relay, bool asked)
{
    return asked ? !relay_is_busy(relay) : relay->ended > 0 && relay->clients == 0;
}

static bool is_lost(const struct relay *relay, struct presence *presence,
                    const struct options *options)
{
    const struct connection *engine = &relay->engine;
    bool lost = presence_is_lost(presence, engine, relay_is_busy(relay));

    if (lost && options->verbosity > QUIET)
        say("nobody listens at %s any more", engine->name);
    return lost;
}

static void serve(struct relay *relay, struct presence *presence, const struct options *options)
{
    int64_t limit = limit_of(relay, options);
    bool idle = true, asked = false;
    struct ending ending;
    unsigned unserved, presumed;

    ending_begin(&ending, (const int[]){0});
    while (!is_over(relay, asked) && !is_lost(relay, presence, options)) {
        if (idle && wait_for_something(relay, &ending, limit, presence->due) && !asked) {
            asked = true;
            relay_leave(relay);
        }
        unserved = relay->unserved;
        presumed = relay->presumed;
        idle = relay_turn(relay);
        if (unserved == 0 && relay->unserved > 0 && options->verbosity > QUIET)
            say(RELAY_UNSERVED);
        if (presumed == 0 && relay->presumed > 0 && options->verbosity > QUIET)
            say(RELAY_PRESUMED);
        if (relay_is_busy(relay) || limit == 0)
            limit = limit_of(relay, options);
        else if (clock_now() >= limit)
            die(STATUS_TIMED_OUT, "timed out: no client came within %d s", options->timeout);
    }
    ending_end(&ending);
}

/* What the user should know of what did not reach the clients. */
static void conclude(const struct relay *relay, const struct options *options)
{
    if (options->verbosity > QUIET && relay->denied > 0)
        say("connections of other users that were closed: %u", relay->denied);
    if (options->verbosity > QUIET && relay->left_out > 0)
        say("frames that were left out: %llu: they had no energies, and each frame of IMD "
            "version 3 has the same packets: --imd-version 2 has all",
            (unsigned long long)relay->left_out);
    if (relay->failure[0] != '\0')
        die(EXIT_FAILURE, "%s", relay->failure);
}

int relay_main(const struct options *options)
{
    static struct relay relay;
    const struct relay_plan plan = {
        .listen = options->listen,
        .version = options->imd_version,
        .time_step = options->time_step,
        .step_ahead = options->step_ahead > 0 ? options->step_ahead : 0,
        .sends_energies = options->step_ahead >= 0,
        .others_skip = options->others_skip,
        .others_steer = options->others_steer,
        .only_me = options->only_me,
    };
    struct connection engine;
    struct presence presence;

    server_find(&engine, "relay", options->operands);
    if (options->port_file != NULL)
        port_file_prepare(options->port_file);
    relay_open(&relay, &plan);
    relay_lead_to(&relay, &engine);
    presence_start(&presence, &engine);
    publish(&relay, engine.name, options);
    serve(&relay, &presence, options);
    relay_close(&relay);
    conclude(&relay, options);
    return EXIT_SUCCESS;
}
