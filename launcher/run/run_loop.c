#include "launcher/run/run_loop.h"

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/wait.h>

#include "launcher/base/clock.h"
#include "launcher/proc/proc_tree.h"
#include "launcher/run/run_events.h"

enum {
    EVENTS_PER_TURN = 256,
    TURNS_AT_THE_END = 16, /* as many events as a FIFO of 64 KiB can hold */
    ENGINE_ENDING = 5,     /* seconds that mpirun may take after a rank has ended */
};

/* A program that writes without end must not keep us from the rest: false if more may be there. */
static bool read_events(struct run *run)
{
    struct received received;
    bool all_read = true;

    for (int i = 0; i < run->source_count; i++) {
        int count = 0;

        while (count < EVENTS_PER_TURN && source_next(run->sources[i], &received)) {
            run_on_event(run, &received);
            count++;
        }
        all_read &= count < EVENTS_PER_TURN;
    }
    return all_read;
}

/* True if one of them says that a child has changed: it may have done so since it was looked at. */
static bool read_signals(struct run *run)
{
    struct signalfd_siginfo info;
    bool of_child = false;

    while (signals_next(&run->signals, &info)) {
        of_child |= info.ssi_signo == SIGCHLD;
        run_on_signal(run, &info);
    }
    return of_child;
}

static void check_deadline(struct run *run, int64_t deadline, enum happening happening)
{
    if (deadline != 0 && deadline <= clock_now())
        run_happens(run, happening);
}

static bool serve(struct run *run)
{
    bool idle;

    if (run->phase == ENDED)
        run_relay_refuse(&run->relay);
    idle = run_relay_turn(&run->relay);
    if (run->record.clients != run_relay_clients(&run->relay)) {
        run->record.clients = run_relay_clients(&run->relay);
        record_write(run->record_fd, &run->record);
    }
    return idle;
}

/*
 * Of both, if they have ended: LAMMPS ends because its client is gone, and is not the one that
 * failed. An engine that was killed is: its client has ended, well or not, because it was gone.
 */
static void tell_ends(struct run *run, bool engine_ended, bool client_ended)
{
    bool killed = engine_ended && engine_was_killed(run->engine.wait_status);

    if (killed)
        run_happens(run, ENGINE_ENDS);
    if (client_ended)
        run_happens(run, CLIENT_ENDS);
    if (engine_ended && !killed)
        run_happens(run, ENGINE_ENDS);
}

/* The command, or what listened below it: mpirun and scripts end some time after that. */
static bool engine_seems_to_end(const struct run *run)
{
    return run->engine.state == CHILD_RUNS &&
           (proc_is_exiting(run->engine.pid) || run_listener_is_gone(run));
}

/*
 * A client whose connection the engine's end has closed may be waited for sooner than the engine:
 * it is judged when both can be, or when the engine goes on nevertheless.
 */
static bool client_has_ended(struct run *run)
{
    if (child_poll(&run->client))
        run->judge_at = clock_in(ENGINE_ENDING);
    if (run->judge_at == 0 || (clock_now() < run->judge_at && engine_seems_to_end(run)))
        return false;
    run->judge_at = 0;
    return true;
}

/*
 * Children first: what they did before their end, and a signal that came to all of us, can be
 * read once the end is seen. The engine before the client: if its client's end has ended it, that
 * is seen too. False if there may be more to do at once.
 */
static bool take_turn(struct run *run)
{
    bool engine_ended = child_poll(&run->engine), client_ended = client_has_ended(run);
    bool all_read = read_events(run), of_child;

    for (int i = 0; i < TURNS_AT_THE_END && engine_ended && !all_read; i++)
        all_read = read_events(run);
    if (!child_poll(&run->ender) && run->ender_until <= clock_now())
        child_signal(&run->ender, SIGKILL);
    run_admit(run);
    of_child = read_signals(run);
    child_reap_others(&run->engine, &run->client);
    tell_ends(run, engine_ended, client_ended);
    if (engine_ended && (WIFSIGNALED(run->engine.wait_status) ||
                         run->outcome.ending != BY_ITSELF || run->outcome.interrupted))
        run_end_container(run);
    check_deadline(run, run_look_at(run), LOOK_IS_DUE);
    check_deadline(run, run->give_up_at, TIME_IS_UP);
    check_deadline(run, run->remark_at, NO_WAIT_SEEN);
    check_deadline(run, run->kill_at, GRACE_IS_OVER);
    return serve(run) && all_read && !of_child;
}

/* Milliseconds for poll(2). */
static int time_to_wait(const struct run *run)
{
    int64_t next = clock_sooner(clock_sooner(run->give_up_at, run->remark_at),
                                clock_sooner(run->kill_at, gate_deadline(&run->gate)));
    int64_t left;

    next = clock_sooner(clock_sooner(next, run_look_at(run)), run_relay_deadline(&run->relay));
    next = clock_sooner(next, run->judge_at);
    for (int i = 0; i < run->source_count; i++)
        next = clock_sooner(next, run->sources[i]->deadline);
    if (run->ender.state == CHILD_RUNS)
        next = clock_sooner(next, run->ender_until);
    if (next == 0)
        return -1;
    left = next - clock_now();
    return left > 0 ? (int)left : 0;
}

static void wait_for_something(const struct run *run)
{
    struct pollfd fds[5 + RUN_SOURCES] = {
        {.fd = run->signals.fd, .events = POLLIN},
        {.fd = child_fd(&run->engine), .events = POLLIN},
        {.fd = child_fd(&run->client), .events = POLLIN},
        {.fd = gate_fd(&run->gate), .events = POLLIN},
        {.fd = run_relay_fd(&run->relay), .events = POLLIN},
    };

    for (int i = 0; i < run->source_count; i++)
        fds[5 + i] = (struct pollfd){.fd = run->sources[i]->fd, .events = POLLIN};
    poll(fds, 5 + (nfds_t)run->source_count, time_to_wait(run));
}

static bool is_over(struct run *run)
{
    return run->engine.state != CHILD_RUNS && run->client.state != CHILD_RUNS &&
           run->ender.state != CHILD_RUNS &&
           !run_relay_is_owed(&run->relay, run->outcome.interrupted);
}

void run_until_all_ended(struct run *run)
{
    bool idle = true, orphans_left = false;

    while (!is_over(run) || orphans_left) {
        if (idle)
            wait_for_something(run);
        idle = take_turn(run);
        orphans_left = run->phase == ENDED && run->outcome.ending != BY_ITSELF &&
                       orphans_end(&run->orphans);
    }
}
