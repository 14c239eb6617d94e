#include "launcher/run/run_relay.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "launcher/base/clock.h"
#include "launcher/libc/bsd.h"
#include "launcher/relay/relay.h"
#include "launcher/run/messages.h"

enum { PATIENCE = 10000 /* milliseconds */ };

void run_relay_open(struct run_relay *served, const struct options *options)
{
    static struct relay relay;
    const struct relay_plan plan = {
        .listen = options->listen,
        .version = options->imd_version,
        .time_step = options->time_step,
        .others_skip = options->others_skip,
        .others_steer = options->others_steer,
        .only_me = options->only_me,
        .has_own_port = options->only_me,
    };

    *served = (struct run_relay){.options = options};
    if (!options->relay)
        return;
    relay_open(&relay, &plan);
    served->relay = &relay;
}

unsigned run_relay_port(const struct run_relay *served)
{
    return served->relay != NULL ? served->relay->own_port : 0;
}

void run_relay_publish(struct run_relay *served, struct record *record)
{
    struct relay *relay = served->relay;
    bool again = served->published;
    char host[ENDPOINT_HOST_SIZE];

    if (relay == NULL)
        return;
    relay_hold(relay);
    served->published = true;
    endpoint_address(&relay->where, host);
    record->port = address_port(&relay->where);
    strlcpy(record->host, address_is_wildcard(&relay->where) ? "localhost" : host,
            sizeof record->host);
    endpoint_bracket(host);
    if (again)
        return;
    message(served->options, NORMAL, "relay: clients connect to %s:%u, IMD version %d", host,
            record->port, served->options->imd_version);
}

/* By the module that called listen(2), or the program that has it in itself. */
static bool is_gromacs(const struct listener *engine)
{
    return strncmp(engine->object, "libgromacs", sizeof "libgromacs" - 1) == 0 ||
           strncmp(engine->object, "gmx", sizeof "gmx" - 1) == 0;
}

/* The address is numeric, or this host's own name: nobody is asked for it. */
union address run_relay_begin(const struct run_relay *served, const struct listener *engine)
{
    char here[HOST_SIZE] = "", host[ENDPOINT_HOST_SIZE], operand[ENDPOINT_HOST_SIZE + 16];
    bool gromacs = is_gromacs(engine);
    struct connection connection;
    const char *problem;

    if (served->relay == NULL)
        return endpoint_numeric(engine);
    served->relay->plan.step_ahead = gromacs ? 1 : 0;
    if (served->options->step_ahead >= 0)
        served->relay->plan.step_ahead = served->options->step_ahead;
    served->relay->plan.sends_energies = gromacs || served->options->step_ahead >= 0;
    served->relay->plan.is_told = !engine->remote;
    gethostname(here, sizeof here - 1);
    endpoint_for_client(engine, here, host);
    endpoint_bracket(host);
    snprintf(operand, sizeof operand, "%s:%u", host, engine->port % 65536);
    problem = connection_parse(&connection, operand);
    if (problem == NULL)
        problem = connection_resolve(&connection);
    if (problem == NULL)
        relay_lead_to(served->relay, &connection);
    else
        message(served->options, QUIET,
                "relay: cannot find the engine at %s: %s: start it without --relay", operand,
                problem);
    return served->relay->where;
}

int run_relay_fd(const struct run_relay *served)
{
    return served->relay != NULL ? served->relay->fd : -1;
}

int64_t run_relay_deadline(const struct run_relay *served)
{
    int64_t next = served->relay != NULL ? relay_deadline(served->relay) : 0;

    return clock_sooner(next, served->limit);
}

unsigned run_relay_clients(const struct run_relay *served)
{
    return served->relay != NULL ? served->relay->clients : 0;
}

static void tell_of_end(const struct run_relay *served)
{
    const struct relay *relay = served->relay;

    if (relay->failure[0] != '\0')
        message(served->options, NORMAL, "relay: %s", relay->failure);
    if (relay->left_out > 0)
        message(served->options, NORMAL,
                "relay: %" PRIu64 " frames were left out: they had no energies, and each frame "
                "of IMD version 3 has the same packets: --imd-version 2 has all",
                relay->left_out);
}

bool run_relay_turn(const struct run_relay *served)
{
    struct relay *relay = served->relay;
    unsigned denied, ended, unserved, presumed, held;
    bool idle;

    if (relay == NULL)
        return true;
    denied = relay->denied;
    ended = relay->ended;
    unserved = relay->unserved;
    presumed = relay->presumed;
    held = relay->held;
    idle = relay_turn(relay);
    if (denied == 0 && relay->denied > 0)
        message(served->options, NORMAL,
                "relay: --only-me: a connection of another user was closed; more are not told");
    if (unserved == 0 && relay->unserved > 0)
        message(served->options, NORMAL, "relay: " RELAY_UNSERVED);
    if (presumed == 0 && relay->presumed > 0)
        message(served->options, NORMAL, "relay: " RELAY_PRESUMED);
    if (held != relay->held)
        message(served->options, VERBOSE,
                "relay: nobody listens at %s: clients wait until the engine listens again",
                relay->engine.name);
    if (ended != relay->ended)
        tell_of_end(served);
    return idle;
}

void run_relay_refuse(const struct run_relay *served)
{
    if (served->relay != NULL)
        relay_refuse(served->relay);
}

bool run_relay_is_owed(struct run_relay *served, bool interrupted)
{
    struct relay *relay = served->relay;
    int64_t now = clock_now();

    if (relay == NULL)
        return false;
    if (interrupted || (served->limit != 0 && now >= served->limit))
        relay_leave(relay);
    if (served->limit <= now || relay->sent != served->sent)
        served->limit = now + PATIENCE;
    served->sent = relay->sent;
    return relay_is_busy(relay);
}

void run_relay_close(struct run_relay *served)
{
    if (served->relay != NULL)
        relay_close(served->relay);
    served->relay = NULL;
}
