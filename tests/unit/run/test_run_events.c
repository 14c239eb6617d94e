/* What happens in which phase: the phase that follows, and the deadlines that are left. */
#include "launcher/run/run_events.h"

#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "launcher/base/clock.h"
#include "tests/support/suite.h"

static char name[] = "engine", *words[] = {name, NULL};
static struct options options;
static struct run run;

/* A run without processes: no signal is sent to anybody. */
static void begin(bool with_client)
{
    options = (struct options){.verbosity = QUIET, .timeout = 60, .operands = words};
    options.client = with_client ? "false" : NULL;
    run = (struct run){.options = &options, .record_fd = -1};
    sigemptyset(&run.signals.ignored);
    gate_init(&run.gate);
    run.signals.fd = -1;
    run_begin(&run);
}

static void be_in(enum phase phase)
{
    begin(false);
    run.phase = phase;
    if (phase == ENDING)
        orphans_adopt(&run.orphans, &run.engine, &run.client, "/no/fifo");
}

#define S STARTING
#define L LISTENING
#define R READY
#define C CONNECTED
#define G ENDING
#define E ENDED

/* clang-format off */
static const enum phase next[HAPPENINGS][PHASES] = { /* by the phase in which it happens */
    /*                 S  L  R  C  G  E */
    [LISTENS]       = {L, L, L, L, G, E},
    [WAITS]         = {S, R, R, C, G, E},
    [ACCEPTS]       = {S, L, C, C, G, E},
    [ENGINE_ENDS]   = {E, E, E, E, E, E},
    [CLIENT_ENDS]   = {S, L, R, C, G, E}, /* it succeeded */
    [INTERRUPTED]   = {S, L, R, C, G, E},
    [TIME_IS_UP]    = {G, G, R, C, G, E},
    [NO_WAIT_SEEN]  = {S, L, R, C, G, E},
    [GRACE_IS_OVER] = {S, L, R, C, G, E},
    [LOOK_IS_DUE]   = {S, L, R, C, G, E},
};
/* clang-format on */

LOOP_TEST(each_phase_has_one_that_follows, PHASES *(int)HAPPENINGS)
{
    enum happening happening = (enum happening)(_i / PHASES);
    enum phase phase = (enum phase)(_i % PHASES);

    be_in(phase);
    run_happens(&run, happening);
    ck_assert_int_eq(run.phase, next[happening][phase]);
    if (run.phase != phase)
        ck_assert_int_eq(run.record.state, run.phase);
}

LOOP_TEST(a_client_that_fails_ends_an_engine_that_runs, PHASES)
{
    static const enum phase after[PHASES] = {G, G, G, G, G, E};

    be_in((enum phase)_i);
    run.client.wait_status = 3 << 8;
    run_happens(&run, CLIENT_ENDS);
    ck_assert_int_eq(run.phase, after[_i]);
    ck_assert_int_eq(run.outcome.ending, _i < ENDING ? BY_CLIENT : BY_ITSELF);
}

LOOP_TEST(a_client_that_fails_after_an_interrupt_ends_nothing, ENDING)
{
    be_in((enum phase)_i);
    run_happens(&run, INTERRUPTED);
    run.client.wait_status = 3 << 8;
    run_happens(&run, CLIENT_ENDS);
    ck_assert_int_eq(run.phase, _i);
}

TEST(the_time_limit_is_over_once_the_port_is_known_and_no_client_is_due)
{
    begin(false);
    ck_assert_int_gt(run.give_up_at, clock_now());
    run_happens(&run, LISTENS);
    ck_assert_int_eq(run.give_up_at, 0);
    ck_assert_int_eq(run.remark_at, 0);
}

TEST(the_time_limit_holds_until_the_client_could_be_started)
{
    int64_t limit;

    begin(true);
    limit = run.give_up_at;
    run_happens(&run, LISTENS);
    ck_assert_int_eq(run.give_up_at, limit);
    ck_assert_int_gt(run.remark_at, clock_now());
    run_happens(&run, NO_WAIT_SEEN);
    ck_assert_int_eq(run.remark_at, 0);
    run_happens(&run, TIME_IS_UP);
    ck_assert_int_eq(run.outcome.ending, TIMED_OUT);
}

TEST(what_is_being_ended_has_its_grace_and_no_other_limit)
{
    begin(true);
    run_happens(&run, TIME_IS_UP);
    ck_assert_int_eq(run.give_up_at, 0);
    ck_assert_int_gt(run.kill_at, clock_now());
    run_happens(&run, GRACE_IS_OVER);
    ck_assert(run.orphans.kill);
    ck_assert_int_gt(run.kill_at, clock_now());
}

/* Nobody but we ended it: a client may take its time. */
TEST(an_engine_that_ends_by_itself_leaves_no_limit)
{
    be_in(CONNECTED);
    run_happens(&run, ENGINE_ENDS);
    ck_assert_int_eq(run.give_up_at, 0);
    ck_assert_int_eq(run.remark_at, 0);
    ck_assert_int_eq(run.kill_at, 0);
    run_happens(&run, INTERRUPTED);
    ck_assert_int_gt(run.kill_at, clock_now());
}

static const char *address = "127.0.0.1";

static unsigned pid = 4711;

static void receive(enum event_kind kind, unsigned port, unsigned netns, bool remote)
{
    struct received received = {.event = {.kind = kind,
                                          .port = port,
                                          .pid = pid,
                                          .netns = netns,
                                          .host = "",
                                          .reason = "",
                                          .exe = "gmx",
                                          .object = "",
                                          .comm = ""},
                                .remote = remote};

    ck_assert(address_parse(&received.event.address, address));
    ck_assert(address_parse(&received.peer, "10.77.0.2"));
    run_on_event(&run, &received);
}

TEST(events_bring_the_phases)
{
    begin(false);
    receive(KIND_READY, 42165, 0, false);
    ck_assert_int_eq(run.phase, STARTING);
    receive(KIND_LISTENING, 42165, 0, false);
    ck_assert_int_eq(run.phase, LISTENING);
    ck_assert_str_eq(run.record.host, "127.0.0.1");
    ck_assert_uint_eq(run.record.port, 42165);
    pid++;
    receive(KIND_LISTENING, 42166, 0, false);
    ck_assert_uint_eq(run.record.port, 42165);
    receive(KIND_READY, 42165, 0, false);
    receive(KIND_CONNECTED, 42165, 0, false);
    ck_assert_int_eq(run.phase, CONNECTED);
}

TEST(a_process_that_listens_again_brings_them_once_more)
{
    begin(false);
    receive(KIND_LISTENING, 42165, 0, false);
    receive(KIND_READY, 42165, 0, false);
    receive(KIND_CONNECTED, 42165, 0, false);
    receive(KIND_LISTENING, 42166, 0, false);
    ck_assert_int_eq(run.phase, LISTENING);
    ck_assert_uint_eq(run.record.port, 42166);
    receive(KIND_READY, 42166, 0, false);
    receive(KIND_CONNECTED, 42166, 0, false);
    ck_assert_int_eq(run.phase, CONNECTED);
}

TEST(an_engine_in_another_network_namespace_is_ended_if_a_client_is_due)
{
    begin(true);
    receive(KIND_LISTENING, 42165, 1, false);
    ck_assert_int_eq(run.phase, ENDING);
    ck_assert_int_eq(run.outcome.ending, CUT_OFF);
    ck_assert_int_eq(run.client.state, CHILD_NONE);
}

TEST(an_engine_in_another_network_namespace_has_no_port_for_others)
{
    begin(false);
    receive(KIND_LISTENING, 42165, 1, false);
    ck_assert_int_eq(run.phase, LISTENING);
    ck_assert_uint_eq(run.record.port, 0);
}

TEST(an_engine_on_the_loopback_of_another_host_is_ended_if_a_client_is_due)
{
    begin(true);
    receive(KIND_LISTENING, 42165, 0, true);
    ck_assert_int_eq(run.phase, ENDING);
    ck_assert_int_eq(run.outcome.ending, CUT_OFF);
}

/* Namespaces are each host's own. */
TEST(the_network_namespace_of_another_host_is_nothing_to_us)
{
    address = "0.0.0.0";
    begin(false);
    receive(KIND_LISTENING, 42165, 1, true);
    ck_assert_uint_eq(run.record.port, 42165);
}

static const struct {
    enum phase phase;
    int status;
    bool limited;
} ends[] = {
    {READY, 7 << 8, true},
    {READY, 0, false},
    {CONNECTED, 7 << 8, false},
};

LOOP_TEST(a_client_has_a_limit_if_the_engine_failed_and_had_accepted_none, COUNT(ends))
{
    be_in(ends[_i].phase);
    run.client.state = CHILD_RUNS;
    run.engine.wait_status = ends[_i].status;
    run_happens(&run, ENGINE_ENDS);
    ck_assert_int_eq(run.kill_at != 0, ends[_i].limited);
    run.client.state = CHILD_NONE;
}

/* Returns its number once it listens. */
static pid_t start_listener(void)
{
    int pipes[2];
    char byte;
    pid_t listener;

    ck_assert_int_eq(pipe(pipes), 0);
    listener = fork();
    ck_assert_int_ge(listener, 0);
    if (listener == 0) {
        if (listen(socket(AF_INET, SOCK_STREAM, 0), 1) != 0 || write(pipes[1], "", 1) != 1)
            _exit(1);
        for (;;)
            pause();
    }
    ck_assert_int_eq(read(pipes[0], &byte, 1), 1);
    return listener;
}

TEST(a_port_that_is_open_when_the_time_is_up_may_be_reported_yet)
{
    pid_t engine = start_listener();

    be_in(STARTING);
    run.reports.engine = engine;
    run.reports.notified = true; /* it needs no library */
    run.looks.wanted.library = run.looks.wanted.preload = "/none/libimdshim.so";
    run.looks.wanted.fifo = "/none/fifo";
    run_happens(&run, TIME_IS_UP);
    ck_assert_int_eq(run.phase, STARTING);
    ck_assert_int_gt(run.give_up_at, clock_now());
    run_happens(&run, TIME_IS_UP);
    ck_assert_int_eq(run.phase, ENDING);
    ck_assert_int_eq(kill(engine, SIGKILL), 0);
    ck_assert_int_eq(waitpid(engine, NULL, 0), engine);
}
