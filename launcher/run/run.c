#include "launcher/run/run.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "launcher/base/clock.h"
#include "launcher/base/service_manager.h"
#include "launcher/base/status.h"
#include "launcher/libc/bsd.h"
#include "launcher/run/client.h"
#include "launcher/run/messages.h"
#include "launcher/run/port_file.h"
#include "launcher/source/endpoint.h"

enum { NO_WAIT = 5 }; /* seconds from the port to a line that no wait for it has been seen */

void run_enter(struct run *run, enum phase phase)
{
    run->phase = phase;
    run->record.state = phase;
    record_write(run->record_fd, &run->record);
}

/* ---- the engine's end, by us ---- */

/* A stopped engine would not see SIGTERM before it is continued. */
static void end_engine(struct run *run, enum ending ending)
{
    bool stopped = child_is_stopped(&run->engine);

    run->outcome.ending = ending;
    run->give_up_at = run->remark_at = 0;
    run->kill_at = clock_in(RUN_GRACE);
    gate_shut(&run->gate);
    orphans_adopt(&run->orphans, &run->engine, &run->client, run->fifo.path);
    child_signal(&run->engine, SIGTERM);
    if (stopped)
        child_signal(&run->engine, SIGCONT);
    run_enter(run, ENDING);
}

void run_give_up_listening(struct run *run)
{
    message_timed_out(run->options, &run->evidence);
    end_engine(run, TIMED_OUT);
}

void run_give_up_waiting(struct run *run)
{
    message_timed_out_waiting(run->options, &run->reports.listener);
    end_engine(run, TIMED_OUT);
}

/* Of the client, that was interrupted with the engine or refused by it: SIGTERM, then SIGKILL. */
void run_kill_all(struct run *run)
{
    if (run->phase == ENDING)
        orphans_look(&run->orphans);
    run->orphans.kill = true;
    run_end_container(run);
    child_signal(&run->engine, SIGKILL);
    child_signal(&run->client, run->client_terminated ? SIGKILL : SIGTERM);
    run->client_terminated = true;
    run->kill_at = clock_in(RUN_GRACE);
}

/* ---- the client ---- */

static bool start_client(struct run *run, const char *host, unsigned port)
{
    const struct client_plan plan = {
        .command = run->options->client,
        .host = host,
        .port = port,
        .preload = run->preload_name,
        .gate = run_has_gate(run) ? run->gate.text : NULL,
    };
    int error = client_start(&run->client, &plan, &run->signals);

    if (error == 0)
        return true;
    message_error(run->options, QUIET, abs(error),
                  "cannot start the client, ending the engine");
    end_engine(run, BY_CLIENT);
    return false;
}

/* A relay is for clients that somebody else may start. */
static bool is_for_clients(const struct run *run)
{
    return run->options->client != NULL || run->options->relay;
}

/* Again if it listens again: it may be on another port. */
static void tell_service_manager(const struct run *run)
{
    bool relayed = run->options->relay;
    unsigned port = relayed ? run->record.port : run->reports.listener.port;
    int error = service_manager_tell_ready(port);

    if (error != 0)
        message_error(run->options, QUIET, error,
                      "cannot tell the service manager at NOTIFY_SOCKET of port %u", port);
}

/*
 * A client's time has come, LISTENS or WAITS as --when says; even if the engine has just ended.
 * It is started once, and when the engine listens again it may connect again.
 */
static void serve_client(struct run *run)
{
    union address server;
    bool first = !run->served;

    tell_service_manager(run);
    if (!is_for_clients(run))
        return;
    server = run_relay_begin(&run->relay, &run->reports.listener);
    run->give_up_at = run->remark_at = 0;
    run->served = true;
    run_see_listener(run);
    if (run_has_gate(run))
        run_open_gate(run, server);
    else if (run->options->client != NULL && first)
        run->served = start_client(run, run->record.host, run->record.port);
}

/*
 * Has it ended without a connection to the gate? Not if it had nowhere to go, or is known to
 * have no library: that has been said.
 */
static bool passed_gate_by(struct run *run)
{
    gate_admit(&run->gate);
    return run_has_gate(run) && run->gate.asked == 0 && !run->outcome.interrupted &&
           !run->client_lost && (run->phase != ENDED || run->served);
}

void run_check_gate_was_used(struct run *run)
{
    if (passed_gate_by(run) && run->client.wait_status == 0)
        message_client_ended(run->options, 0, false);
}

/* An engine that was interrupted ends in its own time, whatever its client does. */
void run_judge_client(struct run *run)
{
    int status = status_of_wait(run->client.wait_status);
    bool passed_by = passed_gate_by(run);

    if (run->outcome.interrupted)
        return;
    message_client_ended(run->options, status, !passed_by);
    if (status != 0 || run->options->stop_with_client)
        end_engine(run, BY_CLIENT);
}

/* ---- what the engine does ---- */

static struct tcp_source *hear(struct run *run)
{
    if (run->offer_error == 0)
        return tcp_source_open(&run->offer);
    errno = run->offer_error;
    return NULL;
}

/* That they cannot be heard is not fatal: the engine may well be here. */
void run_hear_other_hosts(struct run *run)
{
    const struct options *options = run->options;
    struct tcp_source *tcp;

    if (run->looks.wanted.hears_tcp || run->hears_no_host)
        return;
    tcp = hear(run);
    if (tcp == NULL) {
        message_error(options, errno == EADDRNOTAVAIL ? VERBOSE : NORMAL, errno,
                      "cannot receive events from other hosts");
        run->hears_no_host = true;
        return;
    }
    message(options, VERBOSE, "receives events from other hosts by TCP, on port %u",
            address_port(&run->offer.handover.addresses[0]));
    run->sources[run->source_count++] = &tcp->source;
    run->looks.wanted.hears_tcp = true;
}

static void publish_port(struct run *run)
{
    const struct listener *listener = &run->reports.listener;
    const char *file = run->options->port_file;
    char host[ENDPOINT_HOST_SIZE], this_host[HOST_SIZE] = "";

    gethostname(this_host, sizeof this_host - 1);
    endpoint_for_client(listener, this_host, run->record.host);
    run->record.port = listener->port;
    endpoint_for_others(listener, host);
    run_relay_publish(&run->relay, &run->record);
    if (run->options->relay)
        strlcpy(host, run->record.host, sizeof host);
    endpoint_bracket(host);
    if (file != NULL && port_file_write(file, host, run->record.port) != 0)
        message_error(run->options, QUIET, errno,
                      "cannot write the port file '%s', the run goes on without it", file);
}

/* At the port that was reported another engine may listen, where the client is. */
static bool is_out_of_reach(const struct listener *listener)
{
    return listener_is_cut_off(listener) || listener_is_on_far_loopback(listener);
}

static void refuse_engine_out_of_reach(struct run *run)
{
    message_out_of_reach(run->options, &run->reports.listener);
    run->give_up_at = 0;
    if (run->options->client != NULL)
        end_engine(run, CUT_OFF);
}

/* The first time, or once more: connections to the gate wait until the engine does. */
void run_learn_port(struct run *run)
{
    gate_hold(&run->gate);
    message_listening(run->options, &run->reports.listener);
    if (is_out_of_reach(&run->reports.listener)) {
        run_enter(run, LISTENING);
        refuse_engine_out_of_reach(run);
        return;
    }
    publish_port(run);
    run_enter(run, LISTENING);
    if (!is_for_clients(run))
        run->give_up_at = 0;
    else if (run->options->when != WHEN_LISTENING)
        run->remark_at = clock_in(NO_WAIT);
    if (run->options->when == WHEN_LISTENING)
        serve_client(run);
}

void run_remark_no_wait(struct run *run)
{
    run->remark_at = 0;
    message_not_waiting(run->options, &run->reports.listener, NO_WAIT);
}

/*
 * Not before: LAMMPS accepts a client only at its next "run", and ends if that client has given
 * up by then (fix_imd.cpp).
 */
void run_become_ready(struct run *run)
{
    message(run->options, VERBOSE, "the engine waits for a client on port %u",
            run->reports.listener.port);
    run_enter(run, READY);
    if (run->options->when != WHEN_LISTENING)
        serve_client(run);
}

void run_note_connection(struct run *run)
{
    run->accepted = true;
    message(run->options, VERBOSE, "the engine has accepted a client");
    run_enter(run, CONNECTED);
}

/* ---- the beginning ---- */

/* For imdshim list. A run goes on without. */
static void begin_record(struct run *run)
{
    struct record *record = &run->record;

    run->record_fd = record_create();
    record->pid = run->engine.pid;
    record->started = clock_now();
    strlcpy(record->engine, run->options->operands[0], sizeof record->engine);
    if (getcwd(record->directory, sizeof record->directory) == NULL)
        record->directory[0] = '\0';
    run_enter(run, STARTING);
}

/* 127.0.0.1: there are clients that know IPv4 only. */
void run_begin(struct run *run)
{
    reports_begin(&run->reports, run->engine.pid, run->options);
    run->reports.notified = run->notified;
    run->looks.wanted.fifo = run->fifo.path;
    run->looks.fifo = run->fifo.source.fd;
    evidence_begin(&run->evidence, &run->looks, &run->reports,
                   (const char *const *)run->options->operands);
    begin_record(run);
    if (run->options->timeout > 0)
        run->give_up_at = clock_in(run->options->timeout);
    if (run_has_gate(run))
        start_client(run, "127.0.0.1", (unsigned)run->options->port);
}
