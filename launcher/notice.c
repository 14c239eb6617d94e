#include "launcher/notice.h"

#include <bsd/string.h>
#include <err.h>
#include <poll.h>
#include <stdarg.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "launcher/endpoint.h"

enum {
    REASON_SIZE = 2048,
    PATIENCE = 100, /* milliseconds */
};

/*
 * A pipe that nobody drains, a terminal that was stopped with Ctrl-S: a line is lost rather
 * than that signals and deadlines wait for it.
 */
static bool stderr_has_room(void)
{
    struct pollfd fd = {.fd = STDERR_FILENO, .events = POLLOUT};

    return poll(&fd, 1, PATIENCE) != 0;
}

void notice(const struct options *options, enum verbosity least, const char *format, ...)
{
    va_list arguments;

    if (options->verbosity < least || !stderr_has_room())
        return;
    va_start(arguments, format);
    vwarnx(format, arguments);
    va_end(arguments);
}

void notice_listener(const struct options *options, const struct event *listener)
{
    char address[ENDPOINT_HOST_SIZE];

    strlcpy(address, listener->address, sizeof address);
    endpoint_bracket(address);
    notice(options, NORMAL, "%s[%ld] listens on %s:%u (asked for %u)", listener->exe,
           (long)listener->pid, address, listener->port, listener->asked);
    notice(options, VERBOSE,
           "port %u taken: the first listener of no MPI or cluster runtime (%s)",
           listener->port, listener->object);
}

void notice_passed(const struct options *options, const struct event *listener)
{
    notice(options, VERBOSE, "port %u of %s[%ld] not taken: %s (%s)", listener->port,
           listener->exe, (long)listener->pid,
           strcmp(listener->reason, REASON_RUNTIME) == 0
               ? "its listener is an MPI or cluster runtime's"
               : "another listener was the first",
           listener->object);
}

static enum why explain(const struct findings *findings, const struct child *engine,
                        char *reason)
{
    char last_comm[COMM_SIZE];
    const struct present present = {
        .engine_comm = engine->comm,
        .last_comm = last_comm,
        .ended = engine->state == CHILD_ENDED,
        .wait_status = engine->wait_status,
    };

    child_read_comm(findings->last_image.pid, last_comm);
    return findings_explain(findings, &present, reason, REASON_SIZE);
}

void notice_nothing_learned(const struct options *options, const struct findings *findings,
                            const struct child *engine)
{
    static const char *const headings[] = {
        [WHY_NOT_LOADED] = "not loaded",
        [WHY_NOTHING_MATCHED] = "nothing matched",
        [WHY_NEVER_LISTENED] = "engine ended first",
    };
    char reason[REASON_SIZE];
    enum why why = explain(findings, engine, reason);

    notice(options, NORMAL, "%s: %s", headings[why], reason);
}

void notice_timed_out(const struct options *options, const struct findings *findings,
                      const struct child *engine)
{
    char reason[REASON_SIZE];

    explain(findings, engine, reason);
    notice(options, NORMAL, "timed out: nothing listened within %d s, ending the engine: %s",
           options->timeout, reason);
}
