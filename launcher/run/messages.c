#include "launcher/run/messages.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "launcher/base/say.h"
#include "launcher/diagnosis/notified.h"

enum { EXPLANATION = 4096 };

void message(const struct options *options, enum verbosity least, const char *format, ...)
{
    va_list arguments;

    if (options->verbosity < least)
        return;
    va_start(arguments, format);
    say_list(0, format, arguments);
    va_end(arguments);
}

static const char *why_chosen(const struct options *options)
{
    if (options->match[0] != '\0')
        return "the first listener that fits --match";
    if (options->port != 0)
        return "the first listener that asked for --port";
    return "the first listener of no MPI or cluster runtime";
}

void message_error(const struct options *options, enum verbosity least, int error,
                   const char *format, ...)
{
    va_list arguments;

    if (options->verbosity < least)
        return;
    va_start(arguments, format);
    say_list(error, format, arguments);
    va_end(arguments);
}

void message_listening(const struct options *options, const struct listener *listener)
{
    char address[ENDPOINT_HOST_SIZE];
    bool remote = listener->remote;

    endpoint_address(&listener->address, address);
    endpoint_bracket(address);
    message(options, NORMAL, "%s[%ld]%s%s listens on %s:%u (asked for %u)", listener->exe,
            (long)listener->pid, remote ? " on " : "", remote ? listener->host : "", address,
            listener->port, listener->asked);
    message(options, VERBOSE, "port %u taken: %s (%s)", listener->port, why_chosen(options),
            listener->object);
}

static const char *why_ignored(const char *reason)
{
    if (strcmp(reason, REASON_RUNTIME) == 0)
        return "its listener is an MPI or cluster runtime's";
    if (strcmp(reason, REASON_UNMATCHED) == 0)
        return "it is not as --port and --match say";
    return "another listener was the first";
}

void message_passed(const struct options *options, enum verbosity least,
                    const struct event *listener)
{
    message(options, least, "ignored port %u of %s[%ld] (asked for %u): %s (%s)",
            listener->port, listener->exe, (long)listener->pid, listener->asked,
            why_ignored(listener->reason), listener->object);
}

/* Without --listen the place was any free port: --port. */
void message_refused(const struct options *options, const struct event *refused)
{
    const char *place = options->listen != NULL ? options->listen : "a free port";
    const char *why = strerror((int)refused->error);

    if (refused->error == EADDRINUSE)
        why = "no port of it is free: give --listen a larger range";
    else if (refused->error == EAFNOSUPPORT)
        why = refused->address.any.sa_family == AF_INET6
                  ? "the engine uses an IPv4 socket: give --listen an IPv4 address"
                  : "the engine uses an IPv6 socket: give --listen an IPv6 address";
    else if (refused->error == EADDRNOTAVAIL)
        why = "no interface of the host has that address: give --listen one that it has";
    else if (refused->error == EACCES)
        why = "ports below 1024 are root's: give --listen a higher one";
    message(options, NORMAL, "%s[%ld] cannot listen on %s (asked for %u): %s", refused->exe,
            (long)refused->pid, place, refused->asked, why);
}

/* The first of perhaps many: see shim/hooks/admission.c. */
void message_denied(const struct options *options, const struct event *denied)
{
    const char *whose = options->relay ? "a client" : "a client that was gone at once";
    char user[32];

    if ((denied->has & EVENT_HAS(KEY_UID)) != 0) {
        snprintf(user, sizeof user, "user %lu", (unsigned long)denied->uid);
        whose = user;
    }
    if (denied->error == 0)
        message(options, NORMAL, "--only-me: closed a connection of %s to port %u%s", whose,
                denied->port, options->relay ? ": clients connect to the relay" : "");
    else
        message(options, NORMAL,
                "--only-me: closed a connection to port %u because the kernel does not say "
                "whose it is (%s): run without --only-me",
                denied->port, strerror((int)denied->error));
}

void message_bind_failed(const struct options *options, const struct event *failed)
{
    message(options, VERBOSE, "%s[%ld] asked for port %u and did not get it: %s", failed->exe,
            (long)failed->pid, failed->asked, strerror((int)failed->error));
}

static enum cause explain(const struct evidence *evidence, char text[EXPLANATION])
{
    return evidence->reports->notified ? notified_explain(evidence, text, EXPLANATION)
                                       : diagnosis_explain(evidence, text, EXPLANATION);
}

void message_no_port(const struct options *options, const struct evidence *evidence)
{
    char text[EXPLANATION];

    explain(evidence, text);
    message(options, NORMAL, "%s", text);
}

void message_timed_out(const struct options *options, const struct evidence *evidence)
{
    char text[EXPLANATION];

    explain(evidence, text);
    message(options, NORMAL, "timed out: nothing listened within %d s, ending the engine: %s",
            options->timeout, text);
}

bool message_trouble(const struct options *options, const struct evidence *evidence)
{
    char text[EXPLANATION];
    enum cause cause = explain(evidence, text);

    if (!diagnosis_is_trouble(cause, evidence))
        return false;
    message(options, NORMAL, "%s", text);
    return true;
}

void message_client_lost(const struct options *options, const struct proc_facts *suspect)
{
    message(options, NORMAL,
            "%s[%ld] of the client runs without the library (%s), its connection to port %d "
            "cannot wait for the engine: without --port the client is started with the port in "
            "IMD_PORT",
            suspect->exe, (long)suspect->pid,
            suspect->verdict == PREFLIGHT_STATIC ? "it is static"
            : suspect->preloads == NO            ? "its environment was cleared"
                                                 : "ld.so did not load it",
            options->port);
}

void message_client_ended(const struct options *options, int status, bool connected)
{
    if (status != 0)
        message(options, NORMAL, "the client failed with status %d%s: ending the engine",
                status, connected ? "" : ", before it connected to the engine");
    else if (!connected)
        message(options, NORMAL,
                "the client has ended and has not asked for port %d through imdshim: if it did "
                "connect, start it without --port: the port is then in IMD_PORT",
                options->port);
}

void message_not_waiting(const struct options *options, const struct listener *listener,
                         int seconds)
{
    message(
        options, NORMAL,
        "%s[%ld] listens on port %u, but has not been seen to wait for a client for %d s: it "
        "may still be setting up; if it waits in a way that cannot be seen (io_uring, another "
        "program that has the socket), use --when listening",
        listener->exe, (long)listener->pid, listener->port, seconds);
}

void message_timed_out_waiting(const struct options *options, const struct listener *listener)
{
    message(
        options, NORMAL,
        "timed out: %s[%ld] listens on port %u, but has not been seen to wait for a client "
        "within %d s, ending the engine: give it more time with --timeout, or use --when "
        "listening if it waits in a way that cannot be seen (io_uring, another program that "
        "has the socket)",
        listener->exe, (long)listener->pid, listener->port, options->timeout);
}

void message_out_of_reach(const struct options *options, const struct listener *listener)
{
    const char *ending = options->client != NULL ? ", ending the engine" : "";

    if (listener_is_cut_off(listener))
        message(options, NORMAL,
                "%s[%ld] is in a network namespace of its own (a container?), where no client "
                "of this host reaches its port %u%s: let it share the host's network, for "
                "example with --network=host",
                listener->exe, (long)listener->pid, listener->port, ending);
    else
        message(options, NORMAL,
                "%s[%ld] listens on the loopback of %s, where no client of this host reaches "
                "its port %u%s: let it listen on an address of that host's network, or on all "
                "with --listen 0.0.0.0",
                listener->exe, (long)listener->pid, listener->host, listener->port, ending);
}
