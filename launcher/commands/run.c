/*
 * imdshim run: start the engine, learn its port, start the client, return the engine's status.
 *
 * One poll(2) loop over signals, events and one deadline. Whatever becomes of imdshim, the
 * engine and the client get SIGTERM with it and the next run removes the FIFO.
 */
#include <bsd/string.h>
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "launcher/base/clock.h"
#include "launcher/base/say.h"
#include "launcher/base/status.h"
#include "launcher/commands/commands.h"
#include "launcher/preload/cluster.h"
#include "launcher/preload/engine.h"
#include "launcher/preload/library.h"
#include "launcher/preload/peer_check.h"
#include "launcher/preload/preflight.h"
#include "launcher/run/messages.h"
#include "launcher/run/port_file.h"
#include "launcher/run/run_events.h"

/*
 * An engine that cannot be shimmed still runs where only its port would have been learned. With
 * a client it would wait for it, perhaps for ever: then nothing is started.
 */
static void check_engine_file(struct run *run)
{
    struct preflight preflight;
    char text[PREFLIGHT_TEXT];

    preflight_examine((const char *const *)run->options->operands, run->looks.wanted.library,
                      &preflight);
    run->obstacle = preflight_is_obstacle(preflight.verdict);
    if (preflight_must_not_preload(preflight.verdict))
        run->preload = NULL;
    if (!run->obstacle)
        return;
    preflight_explain(&preflight, text, sizeof text);
    if (run->options->client != NULL)
        die(STATUS_FAILED, "not loaded: %s", text);
    message(run->options, NORMAL, "not loaded: %s", text);
}

/* An engine that stays on this host is heard without: all do where there is no network. */
static void prepare_for_other_hosts(struct run *run)
{
    run->event_port.fd = -1;
    if (!cluster_may_leave_host((const char *const *)run->options->operands,
                                getenv("SLURM_JOB_NUM_NODES")))
        return;
    if (event_port_open(&run->event_port))
        message(run->options, VERBOSE,
                "an engine on another host can tell its port by TCP, to port %u",
                run->event_port.number);
    else
        message_error(run->options, errno == EADDRNOTAVAIL ? VERBOSE : NORMAL, errno,
                      "cannot receive events from other hosts");
}

/* As child_start(). */
static int start_engine(struct run *run)
{
    const struct engine_channel channel = {
        .fifo = run->channel.path,
        .tcp = run->event_port.fd >= 0 ? run->event_port.text : NULL,
    };
    char **environment = engine_environment(run->options, run->preload, &channel, true);
    const struct child_plan plan = {
        .argv = (const char *const *)run->options->operands,
        .environment = environment,
    };
    int error = child_start(&run->engine, &plan, &run->signals);

    free(environment);
    reports_begin(&run->reports, run->engine.pid, run->options);
    run->looks.wanted.fifo = run->channel.path;
    run->looks.fifo = run->channel.fd;
    evidence_begin(&run->evidence, &run->looks, &run->reports,
                   (const char *const *)run->options->operands);
    if (run->options->timeout > 0)
        run->deadline = clock_now() + run->options->timeout * INT64_C(1000);
    return error;
}

static enum run_state state_of(const struct run *run)
{
    if (run->outcome.ending != BY_ITSELF || run->outcome.interrupted ||
        run->engine.state == CHILD_ENDED)
        return ENDING;
    if (run->reports.ready)
        return run->reports.connected ? CONNECTED : READY;
    return run->reports.listening ? LISTENING : STARTING;
}

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
    record_write(run->record_fd, record);
}

static void update_record(struct run *run)
{
    enum run_state state = state_of(run);

    if (state == run->record.state)
        return;
    run->record.state = state;
    record_write(run->record_fd, &run->record);
}

static void take_signals(struct run *run)
{
    struct signalfd_siginfo info;

    while (signals_next(&run->signals, &info))
        run_on_signal(run, &info);
}

/* Milliseconds until then, for poll(2); -1 if it never comes. */
static int time_until(int64_t deadline)
{
    int64_t left = deadline - clock_now();

    if (deadline == 0)
        return -1;
    return left > 0 ? (int)left : 0;
}

static int sooner(int a, int b)
{
    return a < 0 || (b >= 0 && b < a) ? b : a;
}

/* Until the deadline, until the gate has rested, or until it is time to look. */
static int patience(const struct run *run)
{
    return sooner(sooner(time_until(run->deadline), gate_rest(&run->gate)),
                  time_until(run_look_due(run)));
}

/* Until engine and client have ended and, if the engine was ended, what it left behind. */
static void run_until_all_ended(struct run *run)
{
    struct pollfd fds[] = {
        {.fd = run->channel.fd, .events = POLLIN},
        {.fd = run->signals.fd, .events = POLLIN},
        {.fd = run->event_port.fd, .events = POLLIN},
        {.fd = -1, .events = POLLIN},
    };
    bool all_taken = true, orphans_left = false;

    while (run->engine.state == CHILD_RUNS || run->client.state == CHILD_RUNS || orphans_left) {
        fds[3].fd = run->gate.fd; /* none where too many wait */
        poll(fds, 4, all_taken ? patience(run) : 0);
        /* Events first: what the engine told before it ended has come before its SIGCHLD. */
        all_taken = run_take_events(run);
        gate_admit(&run->gate);
        take_signals(run);
        update_record(run);
        if (time_until(run_look_due(run)) == 0)
            run_look(run);
        if (time_until(run->deadline) == 0)
            run_on_deadline(run);
        orphans_left = run->outcome.ending != BY_ITSELF && run->engine.state == CHILD_ENDED &&
                       orphans_end(&run->orphans);
    }
}

/* Returns the status, or ends by the engine's signal. */
static int end(struct run *run)
{
    int signal, status;

    if (run->channel.junk > 0)
        message(run->options, VERBOSE, "%u lines in the channel were no events",
                run->channel.junk);
    if (run->event_port.junk > 0)
        message(run->options, VERBOSE, "%u connections to the event port brought no event",
                run->event_port.junk);
    run->outcome.client_asked = run->options->client != NULL;
    /* At the gate it has waited in vain, unless the engine was ready or it gave up itself. */
    run->outcome.client_started =
        run->client.state != CHILD_NONE &&
        (!run_has_gate(run) || run->reports.ready || run->outcome.ending == BY_CLIENT);
    run->outcome.engine = run->engine.wait_status;
    run->outcome.client = run->client.wait_status;
    status = exit_status_of(&run->outcome, &signal);
    if (signal != 0)
        signals_end_self(signal);
    return status;
}

/*
 * A signal that came while there was no engine to get it ends us, as it would have ended the
 * engine.
 */
static void heed_early_signals(struct run *run)
{
    struct signalfd_siginfo info;

    while (signals_next(&run->signals, &info)) {
        int signal = (int)info.ssi_signo;

        if (!signals_ends_programs(signal) || sigismember(&run->signals.ignored, signal) == 1)
            continue;
        channel_close(&run->channel);
        signals_end_self(signal);
    }
}

int run_main(const struct options *options)
{
    struct run run = {.options = options};
    char library[PATH_MAX], preload[PATH_MAX];
    int error;

    if (options->only_me)
        peer_check();
    library_find(library);
    library_name_for_preload(library, preload);
    run.preload = run.looks.wanted.preload = preload;
    run.looks.wanted.library = library;
    gate_init(&run.gate);
    if (run_has_gate(&run))
        gate_make(&run.gate, (unsigned)options->port);
    check_engine_file(&run);
    if (options->port_file != NULL)
        port_file_prepare(options->port_file);
    prepare_for_other_hosts(&run);
    signals_take(&run.signals);
    channel_open(&run.channel);
    heed_early_signals(&run);
    error = start_engine(&run);
    if (error == 0)
        run_start_early_client(&run);
    begin_record(&run);
    channel_sweep(&run.channel);
    if (error == 0)
        run_until_all_ended(&run);
    channel_close(&run.channel);
    event_port_close(&run.event_port);
    gate_close(&run.gate);
    if (error < 0)
        die_error(STATUS_FAILED, -error, "cannot start a process for '%s'",
                  options->operands[0]);
    return error == 0 ? end(&run) : engine_exec_failed(options->operands[0], error);
}
