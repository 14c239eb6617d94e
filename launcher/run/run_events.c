#include "launcher/run/run_events.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "launcher/base/clock.h"
#include "launcher/base/status.h"
#include "launcher/run/client.h"
#include "launcher/run/endpoint.h"
#include "launcher/run/messages.h"
#include "launcher/run/port_file.h"

enum {
    GRACE = 10, /* seconds from SIGTERM to SIGKILL */
    EVENTS_PER_TURN = 256,
    TURNS_AT_THE_END = 16, /* as many events as a FIFO of 64 KiB can hold */
};

bool run_has_gate(const struct run *run)
{
    return run->options->port != 0 && run->options->client != NULL;
}

/* A stopped engine would not see SIGTERM before it is continued. */
static void end_engine(struct run *run, enum ending ending)
{
    run->outcome.ending = ending;
    run->deadline = clock_now() + GRACE * INT64_C(1000);
    gate_shut(&run->gate);
    orphans_adopt(&run->orphans, run->engine.pid, run->client.pid);
    child_signal(&run->engine, SIGTERM);
    if (run->engine.stopped)
        child_signal(&run->engine, SIGCONT);
}

static void on_listening(struct run *run)
{
    const struct event *listener = &run->reports.listener;
    const char *file = run->options->port_file;
    char host[ENDPOINT_HOST_SIZE], this_host[HOST_SIZE] = "";

    if (run->outcome.ending == BY_ITSELF)
        run->deadline = 0; /* later it is the date of a SIGKILL */
    message_listening(run->options, listener);
    gethostname(this_host, sizeof this_host - 1);
    endpoint_for_client(listener, this_host, run->record.host);
    run->record.port = listener->port;
    endpoint_for_others(listener, host);
    endpoint_bracket(host);
    if (file != NULL && port_file_write(file, host, listener->port) != 0)
        message_error(run->options, QUIET, errno,
                      "cannot write the port file '%s', the run goes on without it", file);
}

static void start_client(struct run *run, const char *host, unsigned port)
{
    const struct client_plan plan = {
        .command = run->options->client,
        .host = host,
        .port = port,
        .preload = run->preload,
        .gate = run_has_gate(run) ? run->gate.text : NULL,
    };
    int error = client_start(&run->client, &plan, &run->signals);

    if (error == 0)
        return;
    message_error(run->options, QUIET, abs(error),
                  "cannot start the client, ending the engine");
    end_engine(run, BY_CLIENT);
}

/* 127.0.0.1: there are clients that know IPv4 only. */
void run_start_early_client(struct run *run)
{
    if (run_has_gate(run))
        start_client(run, "127.0.0.1", (unsigned)run->options->port);
}

/*
 * Not before: LAMMPS accepts a client only at its next "run", and ends if that client has given
 * up by then (fix_imd.cpp).
 */
static void on_ready(struct run *run)
{
    const struct event *listener = &run->reports.listener;

    message(run->options, VERBOSE, "the engine waits for a client on port %u", listener->port);
    if (run->options->client == NULL || run->engine.state != CHILD_RUNS ||
        run->outcome.ending != BY_ITSELF)
        return;
    if (run_has_gate(run))
        gate_open(&run->gate, endpoint_numeric(listener), listener->port);
    else
        start_client(run, run->record.host, listener->port);
}

/* Where the user has named another port than the input has, client and engine wait for ever. */
static enum verbosity weight_of_passed(const struct run *run, bool unmatched_before)
{
    bool first = run->reports.unmatched && !unmatched_before && !run->reports.listening;

    return first && run->options->client != NULL ? NORMAL : VERBOSE;
}

void run_on_event(struct run *run, const struct event *event)
{
    bool unmatched = run->reports.unmatched;

    switch (reports_add(&run->reports, event)) {
    case NEWS_LISTENING:
        on_listening(run);
        break;
    case NEWS_READY:
        on_ready(run);
        break;
    case NEWS_PASSED:
        message_passed(run->options, weight_of_passed(run, unmatched), event);
        break;
    case NEWS_REFUSED:
        message_refused(run->options, event);
        break;
    case NEWS_BIND_FAILED:
        message_bind_failed(run->options, event);
        break;
    case NEWS_CONNECTED:
        message(run->options, VERBOSE, "the engine has accepted a client");
        break;
    case NEWS_DENIED:
        message_denied(run->options, event);
        break;
    case NEWS_NONE:
        break;
    }
}

/* A program that tells without end must not keep us from the rest. */
bool run_take_events(struct run *run)
{
    struct event event;

    for (int i = 0; i < EVENTS_PER_TURN; i++) {
        if (!channel_next(&run->channel, &event) && !event_port_next(&run->event_port, &event))
            return true;
        run_on_event(run, &event);
    }
    return false;
}

/* Not if it had nowhere to go: why not has been said. */
static bool client_passed_gate_by(struct run *run)
{
    gate_admit(&run->gate);
    return run_has_gate(run) && run->gate.asked == 0 && !run->outcome.interrupted &&
           (run->engine.state == CHILD_RUNS || run->reports.ready);
}

static void on_client_end(struct run *run)
{
    int status = status_of_wait(run->client.wait_status);
    bool matters = run->engine.state == CHILD_RUNS && !run->outcome.interrupted &&
                   run->outcome.ending == BY_ITSELF;
    bool passed_by = client_passed_gate_by(run) && !run->client_lost;

    if (matters || (passed_by && status == 0))
        message_client_ended(run->options, status, !passed_by);
    if (matters && (status != 0 || run->options->stop_with_client))
        end_engine(run, BY_CLIENT);
}

/*
 * What it told last is still in the channel. What it left behind keeps the deadline; a client
 * that was to end with it gets one, and so does one that would ask for it again and again.
 */
static void on_engine_end(struct run *run)
{
    bool in_vain = run_has_gate(run) && run->gate.state == GATE_CLOSED;

    if (run->outcome.ending == BY_ITSELF)
        run->deadline =
            run->outcome.interrupted || in_vain ? clock_now() + GRACE * INT64_C(1000) : 0;
    gate_shut(&run->gate);
    for (int i = 0; i < TURNS_AT_THE_END && !run_take_events(run); i++)
        continue;
    if (run->outcome.ending != BY_ITSELF || run->obstacle)
        return;
    evidence_end(&run->evidence, &run->looks, run->engine.wait_status, run->engine.comm);
    if (!run->reports.listening && !run->reports.refused && !run->trouble_said)
        message_no_port(run->options, &run->evidence);
    else if (run->reports.listening && run->options->client != NULL && !run->reports.ready)
        message(run->options, NORMAL,
                "the engine ended with status %d before it waited for a client",
                status_of_wait(run->engine.wait_status));
}

/*
 * The client first: an engine that ends because its client is gone, as LAMMPS does, may have
 * ended by now too, and is not the one that failed.
 */
static void look_at_children(struct run *run)
{
    bool engine_ran = run->engine.state == CHILD_RUNS;
    bool client_ran = run->client.state == CHILD_RUNS;

    child_look(&run->client);
    if (client_ran && run->client.state == CHILD_ENDED)
        on_client_end(run);
    child_look(&run->engine);
    if (engine_ran && run->engine.state == CHILD_ENDED)
        on_engine_end(run);
}

/* To the engine; to the client when the engine is gone. fg(1) continues the whole group itself.
 */
static void pass_on(struct run *run, const struct signalfd_siginfo *info)
{
    struct child *to = run->engine.state == CHILD_RUNS ? &run->engine : &run->client;
    int signal = (int)info->ssi_signo;

    if (!signals_must_pass_on(info) || (signal == SIGCONT && !to->stopped))
        return;
    child_signal(to, signal);
}

/* A client that is left has its grace from now, or from the engine's end. */
static void interrupt(struct run *run)
{
    run->outcome.interrupted = true;
    if (run->engine.state == CHILD_ENDED && run->deadline == 0)
        run->deadline = clock_now() + GRACE * INT64_C(1000);
}

void run_on_signal(struct run *run, const struct signalfd_siginfo *info)
{
    int signal = (int)info->ssi_signo;

    if (signal == SIGCHLD) {
        look_at_children(run);
        return;
    }
    if (signals_ends_programs(signal) && sigismember(&run->signals.ignored, signal) == 0)
        interrupt(run);
    pass_on(run, info);
    if (signal == SIGTSTP)
        signals_stop_self(SIGTSTP);
}

int64_t run_look_due(const struct run *run)
{
    bool wanted = run->engine.state == CHILD_RUNS && run->outcome.ending == BY_ITSELF &&
                  (!run->reports.listening ||
                   (run_has_gate(run) && run->gate.asked == 0 && !run->client_lost));

    return wanted ? evidence_due(&run->evidence, &run->looks) : 0;
}

void run_look(struct run *run)
{
    struct proc_facts facts;

    evidence_look(&run->evidence, &run->looks);
    run_take_events(run);
    if (run->options->client != NULL && !run->reports.listening && !run->reports.refused &&
        !run->trouble_said && !run->obstacle)
        run->trouble_said = message_trouble(run->options, &run->evidence);
    if (run_has_gate(run) && run->gate.asked == 0 && !run->client_lost &&
        run->client.state == CHILD_RUNS && run->evidence.looks >= LOOKS_SOON &&
        evidence_of_client(&run->looks, run->client.pid, &facts)) {
        run->client_lost = true;
        message_client_lost(run->options, &facts);
    }
}

/* Nobody has listened in time. */
static void give_up(struct run *run)
{
    evidence_look(&run->evidence, &run->looks);
    run_take_events(run);
    if (run->reports.listening)
        return;
    message_timed_out(run->options, &run->evidence);
    end_engine(run, TIMED_OUT);
}

/* The engine did not end, or a client that was interrupted with it: SIGTERM, then SIGKILL. */
void run_on_deadline(struct run *run)
{
    bool waiting = run->outcome.ending == BY_ITSELF;

    run->deadline = 0;
    if (waiting && run->engine.state == CHILD_RUNS) {
        give_up(run);
        return;
    }
    child_signal(&run->engine, SIGKILL);
    run->orphans.kill = true;
    child_signal(&run->client, run->client_was_ended ? SIGKILL : SIGTERM);
    run->client_was_ended = true;
    run->deadline = clock_now() + GRACE * INT64_C(1000);
}
