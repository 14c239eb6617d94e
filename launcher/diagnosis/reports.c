#include "launcher/diagnosis/reports.h"

#include <stdio.h>
#include <string.h>

#include "launcher/libc/bsd.h"
#include "launcher/preload/cluster.h"
#include "shim/wire/match.h"

void reports_begin(struct reports *reports, pid_t engine, const struct options *options)
{
    memset(reports, 0, sizeof *reports);
    reports->engine = engine;
    reports->rewritten_port = options->port;
    reports->all_rewritten = options->listen != NULL && !options->relay;
}

bool reports_is_runtime(const char *exe)
{
    return match_is_runtime_program(exe);
}

/* What ran before the launcher has started it; what comes after it may be the engine. */
static enum news add_loaded(struct reports *reports, const struct received *received)
{
    struct image image = {.pid = (pid_t)received->event.pid, .remote = received->remote};

    strlcpy(image.exe, received->event.exe, sizeof image.exe);
    strlcpy(image.comm, received->event.comm, sizeof image.comm);
    if (image.pid == reports->engine && !image.remote)
        reports->engine_image = image;
    if (strcmp(image.exe, "imdshim") == 0)
        reports->nested = image;
    if (cluster_is_launcher(image.exe) && reports->launcher.pid == 0) {
        reports->launcher = image;
        reports->program.pid = 0;
    } else if (!reports_is_runtime(image.exe) && !cluster_is_agent(image.exe)) {
        reports->program = image;
    }
    return !image.remote && cluster_starts_others(image.exe, received->event.object)
               ? NEWS_LAUNCHER
               : NEWS_NONE;
}

static void add_port(struct reports *reports, unsigned port)
{
    if (reports->port_count < REPORTED_PORTS)
        reports->ports[reports->port_count] = port;
    reports->port_count++;
}

bool reports_have_port(const struct reports *reports, unsigned port)
{
    if (reports->port_count > REPORTED_PORTS)
        return true;
    for (size_t i = 0; i < reports->port_count; i++)
        if (reports->ports[i] == port)
            return true;
    return false;
}

static bool is_of_listener(const struct reports *reports, const struct received *received)
{
    const struct listener *listener = &reports->listener;

    return listener->pid == (pid_t)received->event.pid &&
           listener->remote == received->remote &&
           (!listener->remote || strcmp(listener->host, received->event.host) == 0);
}

/* Where a client of this host comes by the loopback of its own family. */
static bool is_by_loopback(const union address *address)
{
    return address_is_wildcard(address) || address_is_loopback(address);
}

/* A socket with IPV6_V6ONLY, or IPv4's beside it: of others one alone can have the port. */
static bool is_other_family(const struct reports *reports, const struct received *received)
{
    const struct listener *listener = &reports->listener;
    const struct event *event = &received->event;

    return reports->listening && is_of_listener(reports, received) &&
           event->port == listener->port && strcmp(event->reason, REASON_SECOND) == 0 &&
           event->address.any.sa_family != listener->address.any.sa_family &&
           is_by_loopback(&event->address) && is_by_loopback(&listener->address);
}

/* The text names as many as it has room for. */
static enum news add_passed(struct reports *reports, const struct event *event)
{
    char address[ENDPOINT_HOST_SIZE];
    size_t length = strlen(reports->passed);

    endpoint_address(&event->address, address);
    endpoint_bracket(address);
    reports->passed_count++;
    reports->unmatched |= strcmp(event->reason, REASON_UNMATCHED) == 0;
    snprintf(reports->passed + length, sizeof reports->passed - length, "%s%s:%u (%.40s)",
             length > 0 ? ", " : "", address, event->port, event->object);
    return NEWS_PASSED;
}

/* Something else in that process may listen later, such as a server in a Python program. */
static bool is_next_listener(const struct reports *reports, const struct received *received)
{
    return is_of_listener(reports, received) &&
           strcmp(reports->listener.object, received->event.object) == 0;
}

/*
 * The first one is the IMD listener, until the same process has closed it and the same module
 * of it listens again. Another process may claim to be it too: it is ignored.
 */
static enum news add_listening(struct reports *reports, const struct received *received)
{
    if (reports->listening && !is_next_listener(reports, received))
        return add_passed(reports, &received->event);
    reports->listening = true;
    reports->ready = reports->connected = reports->both_families = false;
    listener_keep(&reports->listener, received);
    return NEWS_LISTENING;
}

/* The process that waits may be a child of the one that listens: the port tells. */
static enum news add_ready(struct reports *reports, const struct event *event)
{
    if (reports->ready || !reports->listening || reports->listener.port != event->port)
        return NEWS_NONE;
    reports->ready = true;
    return NEWS_READY;
}

static enum news add_connected(struct reports *reports, const struct event *event)
{
    if (reports->connected || !reports->ready || reports->listener.port != event->port)
        return NEWS_NONE;
    reports->connected = true;
    return NEWS_CONNECTED;
}

static bool is_own_bind(const struct reports *reports, const struct event *event)
{
    return !reports->all_rewritten &&
           (reports->rewritten_port == 0 || (unsigned)reports->rewritten_port != event->asked);
}

/* MPI runtimes try one port after another: that is how they find theirs. */
static enum news add_refused(struct reports *reports, const struct event *event)
{
    struct failed_bind *failed = &reports->failed_bind;

    if (!is_own_bind(reports, event)) {
        reports->refused = true;
        return NEWS_REFUSED;
    }
    if (event->error == 0 || match_is_runtime(event->exe, event->object))
        return NEWS_NONE;
    if (failed->error != 0) /* the first: NAMD then tries thousands of others */
        return NEWS_NONE;
    failed->error = (int)event->error;
    failed->pid = (pid_t)event->pid;
    failed->port = event->asked;
    strlcpy(failed->exe, event->exe, sizeof failed->exe);
    return NEWS_BIND_FAILED;
}

enum news reports_add(struct reports *reports, const struct received *received)
{
    const struct event *event = &received->event;

    switch (event->kind) {
    case KIND_LISTENING:
        add_port(reports, event->port);
        return add_listening(reports, received);
    case KIND_READY:
        return add_ready(reports, event);
    case KIND_PASSED:
        add_port(reports, event->port);
        add_passed(reports, event);
        if (!is_other_family(reports, received))
            return NEWS_PASSED;
        reports->both_families = true;
        return NEWS_OTHER_FAMILY;
    case KIND_CONNECTED:
        return add_connected(reports, event);
    case KIND_REFUSED:
        return add_refused(reports, event);
    case KIND_DENIED:
        return NEWS_DENIED;
    case KIND_LOADED:
        return add_loaded(reports, received);
    case EVENT_KINDS:
        break;
    }
    return NEWS_NONE;
}
