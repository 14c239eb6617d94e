/*
 * imdshim run: start the engine, learn its port, start the client, return the engine's status.
 *
 * Whatever becomes of imdshim, the engine and the client get SIGTERM with it, and the next run
 * removes the FIFO.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "launcher/base/say.h"
#include "launcher/base/status.h"
#include "launcher/commands/commands.h"
#include "launcher/container/enter.h"
#include "launcher/container/plan.h"
#include "launcher/notify/backend.h"
#include "launcher/notify/notify.h"
#include "launcher/preload/carry.h"
#include "launcher/preload/cluster.h"
#include "launcher/preload/engine.h"
#include "launcher/preload/library.h"
#include "launcher/preload/peer_check.h"
#include "launcher/preload/preflight.h"
#include "launcher/run/messages.h"
#include "launcher/run/port_file.h"
#include "launcher/run/run_loop.h"

/* ---- before the start ---- */

/*
 * Should user notification take the library's place, and can it? If the user has asked for it and
 * it cannot, nothing is started; else *reason says why not.
 */
static bool choose_notify(const struct run *run, enum preflight_verdict verdict,
                          const char **reason)
{
    *reason = NULL;
    if (!backend_is_to_be_notify(run->options->backend, verdict))
        return false;
    *reason = backend_obstacle(run->options);
    if (*reason != NULL && run->options->backend == BACKEND_NOTIFY)
        die(STATUS_FAILED, "--backend notify cannot be had: %s", *reason);
    return *reason == NULL;
}

/*
 * A container into which the library cannot be brought, but whose calls can be seen from outside:
 * not those of a set-user-ID program, which would lose its privileges.
 */
static bool is_closed_container(const struct run *run, enum preflight_verdict verdict)
{
    const char *const *command = (const char *const *)run->options->operands;
    struct container container;
    bool closed;

    if (run->options->backend != BACKEND_NOT_SAID || preflight_is_obstacle(verdict))
        return false;
    container_try(&container, command, run->library, run->preload_name);
    closed = container.means == CONTAINER_TOLD && container.runtime->is_below;
    container_free(&container);
    return closed && backend_obstacle(run->options) == NULL;
}

static void tell_what_is_lost(const struct run *run, const struct preflight *preflight)
{
    if (run->notified && preflight_has_privileges(preflight->verdict))
        message(run->options, NORMAL,
                "%s runs without its set-user-ID bit or file capabilities: user notification "
                "takes them away",
                preflight->program);
}

/*
 * An engine that cannot be shimmed still runs where only its port would have been learned. With
 * a client it would wait for it, perhaps for ever: then nothing is started.
 */
static void check_engine_file(struct run *run)
{
    const char *const *command = (const char *const *)run->options->operands;
    struct preflight preflight;
    char text[PREFLIGHT_TEXT];
    const char *instead = "; user notification cannot take its place: ", *reason;
    bool closed = false;

    preflight_examine(command, run->library, &preflight);
    if (plan_find_runtime(command) != NULL) { /* what starts a container is not the engine */
        closed = is_closed_container(run, preflight.verdict);
        if (run->options->backend != BACKEND_NOTIFY)
            preflight.verdict = PREFLIGHT_FINE;
    }
    run->notified = choose_notify(run, preflight.verdict, &reason) || closed;
    tell_what_is_lost(run, &preflight);
    run->obstacle = !run->notified && preflight_is_obstacle(preflight.verdict);
    if (run->notified || preflight_must_not_preload(preflight.verdict))
        run->preload = NULL;
    if (!run->obstacle)
        return;
    preflight_explain(&preflight, text, sizeof text);
    if (reason == NULL)
        instead = reason = "";
    if (run->options->client != NULL)
        die(STATUS_FAILED, "not loaded: %s%s%s", text, instead, reason);
    message(run->options, NORMAL, "not loaded: %s%s%s", text, instead, reason);
}

static void open_notify_source(struct run *run)
{
    struct source *notify =
        run->notified ? notify_open(run->options, run_relay_port(&run->relay)) : NULL;

    if (notify != NULL)
        run->sources[run->source_count++] = notify;
    else if (run->notified)
        die_error(STATUS_FAILED, errno, "cannot start a process to watch over the engine");
}

static void check_that_it_is_carried(const struct options *options)
{
    char text[CARRY_TEXT];

    if (carry_is_lost((const char *const *)options->operands, text))
        message(options, NORMAL, "%s", text);
}

/*
 * The TCP port is always bound, for the library's environment must have it. It listens at once
 * if the command says that the engine may start on another host; else when a program that starts
 * others there has reported itself.
 */
static void offer_tcp_port(struct run *run)
{
    run->offer.fd = -1;
    run->offer_error = run->notified ? EOPNOTSUPP : tcp_offer_make(&run->offer) ? 0 : errno;
    if (!run->notified && cluster_may_leave_host((const char *const *)run->options->operands,
                                                 getenv("SLURM_JOB_NUM_NODES")))
        run_hear_other_hosts(run);
}

/*
 * A signal that came while there was no engine to get it ends us, as it would have ended the
 * engine.
 */
static void exit_on_pending_signal(struct run *run)
{
    struct signalfd_siginfo info;

    while (signals_next(&run->signals, &info)) {
        int signal = (int)info.ssi_signo;

        if (!signals_ends_programs(signal) || sigismember(&run->signals.ignored, signal) == 1)
            continue;
        source_close(&run->fifo.source);
        signals_end_self(signal);
    }
}

/* All that can fail while nothing is started. */
static void prepare(struct run *run)
{
    const struct options *options = run->options;

    if (options->only_me)
        peer_check();
    library_find(run->library);
    library_name_for_preload(run->library, run->preload_name);
    run->preload = run->looks.wanted.preload = run->preload_name;
    run->looks.wanted.library = run->library;
    gate_init(&run->gate);
    if (run_has_gate(run))
        gate_make(&run->gate, (unsigned)options->port);
    check_engine_file(run);
    check_that_it_is_carried(options);
    if (options->port_file != NULL)
        port_file_prepare(options->port_file);
    run_relay_open(&run->relay, options);
    orphans_begin(&run->orphans, options->client != NULL || run->notified);
    signals_take(&run->signals);
    open_notify_source(run);
    fifo_open(&run->fifo);
    run->sources[run->source_count++] = &run->fifo.source;
    offer_tcp_port(run);
    exit_on_pending_signal(run);
}

/* ---- the start ---- */

/* NULL: none has anything to do in the engine's process. */
static struct source *entering_source(const struct run *run)
{
    for (int i = 0; i < run->source_count; i++)
        if (run->sources[i]->class->enter != NULL)
            return run->sources[i];
    return NULL;
}

/* As child_start(). */
static int start_engine(struct run *run)
{
    const struct engine_channel channel = {
        .fifo = run->fifo.path,
        .tcp = run->offer_error == 0 ? run->offer.text : NULL,
        .leaves_host = run->looks.wanted.hears_tcp,
        .events = WIRE_EVENTS_ALL,
        .only_from = run_relay_port(&run->relay),
    };
    char **environment = engine_environment(run->options, run->preload, &channel);
    const struct container_needs needs = {
        .library = run->library,
        .preload = run->preload_name,
        .fifo = run->fifo.path,
        .leaves_host = run->looks.wanted.hears_tcp,
    };
    struct source *entering = entering_source(run);
    struct child_plan plan = {.argv = (const char *const *)run->options->operands,
                              .environment = environment,
                              .context = entering};
    int error;

    if (!run->notified && container_enter(&run->container, plan.argv, environment, &needs)) {
        if (run->container.means == CONTAINER_TOLD)
            message(run->options, NORMAL, "%s", run->container.text);
        plan.argv = (const char *const *)run->container.command.list;
        plan.environment = run->container.environment.list;
    }
    if (entering != NULL)
        plan.enter = entering->class->enter;
    error = child_start(&run->engine, &plan, &run->signals);
    if (error == 0 && entering != NULL)
        entering->class->started(entering, run->engine.pid, run->engine.received);
    free(environment);
    return error;
}

/* ---- afterwards ---- */

static void close_all(struct run *run)
{
    for (int i = 0; i < run->source_count; i++) {
        struct source *source = run->sources[i];

        if (source->malformed > 0)
            message(run->options, VERBOSE, "%s: %u malformed lines ignored",
                    source->class->name, source->malformed);
        source_close(source);
    }
    tcp_offer_close(&run->offer);
    run_relay_close(&run->relay);
    container_free(&run->container);
    gate_close(&run->gate);
    orphans_close(&run->orphans);
}

/* Returns the status, or ends by the engine's signal. */
static int end(struct run *run)
{
    int signal, status;

    run->outcome.client_asked = run->options->client != NULL;
    /* A client still blocked at the gate counts as never started, unless it gave up itself. */
    run->outcome.client_started =
        run->client.state != CHILD_NONE && (run->served || run->outcome.ending == BY_CLIENT);
    run->outcome.engine = run->engine.wait_status;
    run->outcome.client = run->client.wait_status;
    status = exit_status_of(&run->outcome, &signal);
    if (signal != 0)
        signals_end_self(signal);
    return status;
}

static int fail_to_start(const struct run *run, int error)
{
    const char *engine = run->options->operands[0];

    if (error < 0)
        die_error(STATUS_FAILED, -error, "cannot start a process for '%s'", engine);
    return engine_exec_failed(engine, error);
}

int run_main(const struct options *options)
{
    static struct run run; /* on the stack, zeros would be written to each of its 11 pages */
    int error;

    run.options = options;
    run.record_fd = -1;
    prepare(&run);
    error = start_engine(&run);
    if (error == 0) {
        run_begin(&run);
        fifo_sweep_others(&run.fifo);
        run_until_all_ended(&run);
    }
    close_all(&run);
    return error == 0 ? end(&run) : fail_to_start(&run, error);
}
