/*
 * imdshim run: start the engine, learn its port, start the client, return the engine's status.
 *
 * One poll(2) loop over signals, events and one deadline. Whatever becomes of imdshim, the
 * engine and the client get SIGTERM with it and the next run removes the FIFO.
 *
 * Status, by the first that applies: 124 nothing listened in time; 125 a client was asked for
 * and never started; the client's, if it failed first; 0 if --stop-with-client ended the
 * engine; the engine's, also by its signal; the client's, if it failed afterwards.
 */
#include <bsd/err.h>
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "launcher/channel.h"
#include "launcher/child.h"
#include "launcher/client.h"
#include "launcher/commands.h"
#include "launcher/endpoint.h"
#include "launcher/engine.h"
#include "launcher/findings.h"
#include "launcher/library.h"
#include "launcher/notice.h"
#include "launcher/orphans.h"
#include "launcher/outcome.h"
#include "launcher/port_file.h"
#include "launcher/preflight.h"
#include "launcher/signals.h"
#include "launcher/status.h"

enum { GRACE = 10 }; /* seconds from SIGTERM to SIGKILL */

struct run {
    const struct options *options;
    struct signals signals;
    struct channel channel;
    struct child engine, client;
    struct orphans orphans; /* once the engine is being ended */
    struct findings findings;
    struct outcome outcome;
    bool obstacle;    /* pre-flight has said why the library cannot be loaded */
    int64_t deadline; /* milliseconds of CLOCK_MONOTONIC, 0: none */
};

static int64_t now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * INT64_C(1000) + time.tv_nsec / 1000000;
}

/*
 * An engine that cannot be shimmed still runs where only its port would have been learned. With
 * a client it would wait for it, perhaps for ever: then nothing is started.
 */
static void look_ahead(struct run *run, const char *library)
{
    char text[PATH_MAX + 512];
    struct preflight preflight;

    preflight_examine(run->options->operands[0], library, &preflight);
    run->obstacle = preflight.verdict >= PREFLIGHT_STATIC;
    if (!run->obstacle)
        return;
    preflight_explain(&preflight, text, sizeof text);
    if (run->options->client != NULL)
        errx(STATUS_FAILED, "not loaded: %s", text);
    notice(run->options, NORMAL, "not loaded: %s", text);
}

/* Returns 0, or the errno of the exec that failed. */
static int start_engine(struct run *run, const char *library)
{
    const struct engine_channel channel = {.fifo = run->channel.path};
    const struct child_plan plan = {
        .argv = (const char *const *)run->options->operands,
        .environment = engine_environment(library, &channel, true),
    };
    int error = child_start(&run->engine, &plan, &run->signals);

    findings_begin(&run->findings, run->engine.pid);
    if (run->options->timeout > 0)
        run->deadline = now() + run->options->timeout * INT64_C(1000);
    return error;
}

/* A stopped engine would not see SIGTERM before it is continued. */
static void end_engine(struct run *run, enum ending ending)
{
    run->outcome.ending = ending;
    run->deadline = now() + GRACE * INT64_C(1000);
    orphans_adopt(&run->orphans, run->engine.pid, run->client.pid);
    child_signal(&run->engine, SIGTERM);
    child_signal(&run->engine, SIGCONT);
}

static void on_listening(struct run *run)
{
    const struct event *listener = &run->findings.listener;
    const char *file = run->options->port_file;
    char host[ENDPOINT_HOST_SIZE];

    run->deadline = 0;
    notice_listener(run->options, listener);
    endpoint_for_others(listener, host);
    endpoint_bracket(host);
    if (file != NULL && port_file_write(file, host, listener->port) != 0)
        warn("the port could not be written to %s", file);
}

/*
 * Not before: LAMMPS accepts a client only at its next "run", and ends if that client has given
 * up by then (fix_imd.cpp).
 */
static void on_ready(struct run *run)
{
    int error;

    notice(run->options, VERBOSE, "the engine waits for a client on port %u",
           run->findings.listener.port);
    if (run->options->client == NULL || run->engine.state != CHILD_RUNS ||
        run->outcome.ending != BY_ITSELF)
        return;
    error = client_start(&run->client, run->options->client, &run->findings.listener,
                         &run->signals);
    if (error == 0)
        return;
    warnc(error, "cannot start the client: ending the engine");
    end_engine(run, BY_CLIENT);
}

static void take_events(struct run *run)
{
    struct event event;

    while (channel_next(&run->channel, &event))
        switch (findings_add(&run->findings, &event)) {
        case NEWS_LISTENING:
            on_listening(run);
            break;
        case NEWS_READY:
            on_ready(run);
            break;
        case NEWS_PASSED:
            notice_passed(run->options, &event);
            break;
        case NEWS_NONE:
            break;
        }
}

static void on_client_end(struct run *run)
{
    int status = status_of_wait(run->client.wait_status);

    if (run->engine.state != CHILD_RUNS || run->outcome.interrupted ||
        run->outcome.ending != BY_ITSELF)
        return;
    if (status != 0)
        notice(run->options, NORMAL, "the client failed with status %d: ending the engine",
               status);
    if (status != 0 || run->options->stop_with_client)
        end_engine(run, BY_CLIENT);
}

/* What it told last is still in the channel. What it left behind keeps the deadline. */
static void on_engine_end(struct run *run)
{
    if (run->outcome.ending == BY_ITSELF)
        run->deadline = 0;
    take_events(run);
    if (!run->findings.listening && !run->obstacle && run->outcome.ending != TIMED_OUT)
        notice_nothing_learned(run->options, &run->findings, &run->engine);
    if (run->options->client != NULL && run->client.state == CHILD_NONE)
        notice(run->options, NORMAL,
               "the client was not started: the engine ended with status %d",
               status_of_wait(run->engine.wait_status));
}

static void look_at_children(struct run *run)
{
    bool engine_ran = run->engine.state == CHILD_RUNS;
    bool client_ran = run->client.state == CHILD_RUNS;

    child_look(&run->engine);
    child_look(&run->client);
    if (engine_ran && run->engine.state == CHILD_ENDED)
        on_engine_end(run);
    if (client_ran && run->client.state == CHILD_ENDED)
        on_client_end(run);
}

/* To the engine; to the client when the engine is gone. fg(1) continues the whole group itself.
 */
static void pass_on(struct run *run, const struct signalfd_siginfo *info)
{
    struct child *to = run->engine.state == CHILD_RUNS ? &run->engine : &run->client;
    int signal = (int)info->ssi_signo;

    if (!signals_is_for_us_alone(info) || (signal == SIGCONT && !to->stopped))
        return;
    child_signal(to, signal);
}

static void on_signal(struct run *run, const struct signalfd_siginfo *info)
{
    switch (info->ssi_signo) {
    case SIGCHLD:
        look_at_children(run);
        return;
    case SIGINT:
    case SIGTERM:
    case SIGHUP:
    case SIGQUIT:
        run->outcome.interrupted = true;
        break;
    }
    pass_on(run, info);
    if (info->ssi_signo == SIGTSTP)
        signals_stop_self(SIGTSTP);
}

static void take_signals(struct run *run)
{
    struct signalfd_siginfo info;

    while (signals_next(&run->signals, &info))
        on_signal(run, &info);
}

static void on_deadline(struct run *run)
{
    run->deadline = 0;
    if (run->outcome.ending != BY_ITSELF) {
        child_signal(&run->engine, SIGKILL);
        orphans_kill(&run->orphans);
        return;
    }
    child_read_comm(run->engine.pid, run->engine.comm);
    notice_timed_out(run->options, &run->findings, &run->engine);
    end_engine(run, TIMED_OUT);
}

/* Milliseconds for poll(2). */
static int time_left(const struct run *run)
{
    int64_t left = run->deadline - now();

    if (run->deadline == 0)
        return -1;
    return left > 0 ? (int)left : 0;
}

static bool is_over(struct run *run)
{
    if (run->engine.state == CHILD_RUNS || run->client.state == CHILD_RUNS)
        return false;
    return run->outcome.ending == BY_ITSELF || !orphans_terminate(&run->orphans);
}

/* Events before signals: what the engine told before it ended has come in before its SIGCHLD.
 */
static void run_until_all_ended(struct run *run)
{
    struct pollfd fds[] = {
        {.fd = run->channel.fd, .events = POLLIN},
        {.fd = run->signals.fd, .events = POLLIN},
    };

    while (!is_over(run)) {
        if (poll(fds, 2, time_left(run)) == 0)
            on_deadline(run);
        take_events(run);
        take_signals(run);
    }
}

/* Returns the status, or ends by the engine's signal. */
static int end(struct run *run)
{
    int signal, status;

    run->outcome.client_asked = run->options->client != NULL;
    run->outcome.client_started = run->client.state != CHILD_NONE;
    run->outcome.engine = run->engine.wait_status;
    run->outcome.client = run->client.wait_status;
    status = outcome_status(&run->outcome, &signal);
    if (signal != 0)
        signals_end_self(signal);
    return status;
}

int run_main(const struct options *options)
{
    struct run run = {.options = options};
    char library[PATH_MAX];
    int error;

    library_find(library);
    if (options->client != NULL)
        look_ahead(&run, library);
    if (options->port_file != NULL)
        port_file_prepare(options->port_file);
    signals_take(&run.signals);
    channel_open(&run.channel);
    error = start_engine(&run, library);
    /* What the engine need not wait for is done beside it. */
    if (error == 0 && options->client == NULL)
        look_ahead(&run, library);
    channel_sweep(&run.channel);
    if (error == 0)
        run_until_all_ended(&run);
    channel_close(&run.channel);
    return error == 0 ? end(&run) : engine_exec_failed(options->operands[0], error);
}
