/* The exit status of a run, from how its engine and its client have ended. */
#include <signal.h>

#include "launcher/run/exit_status.h"
#include "tests/support/suite.h"

/* wait(2) statuses, as the kernel puts them together. */
#define EXITED(status) ((status) << 8)
#define KILLED(number) (number)

static int signal_of_engine;

static int status_of(struct outcome outcome)
{
    return exit_status_of(&outcome, &signal_of_engine);
}

LOOP_TEST(the_engines_status_is_the_status, 256)
{
    ck_assert_int_eq(status_of((struct outcome){.engine = EXITED(_i)}), _i);
    ck_assert_int_eq(signal_of_engine, 0);
}

TEST(the_engines_signal_is_told_apart)
{
    ck_assert_int_eq(status_of((struct outcome){.engine = KILLED(SIGSEGV)}), 128 + SIGSEGV);
    ck_assert_int_eq(signal_of_engine, SIGSEGV);
}

TEST(a_run_that_timed_out_has_124_however_its_engine_ended)
{
    struct outcome outcome = {.ending = TIMED_OUT, .engine = KILLED(SIGKILL)};

    ck_assert_int_eq(status_of(outcome), 124);
    ck_assert_int_eq(signal_of_engine, 0);
}

TEST(a_client_that_was_never_started_has_125_however_the_engine_ended)
{
    ck_assert_int_eq(status_of((struct outcome){.client_asked = true}), 125);
    ck_assert_int_eq(status_of((struct outcome){.client_asked = true, .engine = EXITED(3)}),
                     125);
}

TEST(an_interrupted_run_has_the_engines_status)
{
    struct outcome outcome = {.interrupted = true, .client_asked = true};

    ck_assert_int_eq(status_of(outcome), 0);
    outcome.engine = KILLED(SIGINT);
    ck_assert_int_eq(status_of(outcome), 128 + SIGINT);
    ck_assert_int_eq(signal_of_engine, SIGINT);
    outcome =
        (struct outcome){.interrupted = true, .client_asked = true, .client_started = true};
    outcome.client = KILLED(SIGINT);
    ck_assert_int_eq(status_of(outcome), 0);
}

TEST(the_client_that_ended_the_run_decides)
{
    struct outcome outcome = {
        .ending = BY_CLIENT, .client_asked = true, .client_started = true};

    outcome.engine = KILLED(SIGTERM);
    ck_assert_int_eq(status_of(outcome), 0);
    outcome.client = EXITED(7);
    ck_assert_int_eq(status_of(outcome), 7);
    outcome.client = KILLED(SIGSEGV);
    ck_assert_int_eq(status_of(outcome), 128 + SIGSEGV);
    ck_assert_int_eq(signal_of_engine, 0);
}

TEST(a_client_that_failed_after_the_engine_succeeded_counts)
{
    struct outcome outcome = {
        .client_asked = true, .client_started = true, .client = EXITED(7)};

    ck_assert_int_eq(status_of(outcome), 7);
    outcome.engine = EXITED(2);
    ck_assert_int_eq(status_of(outcome), 2);
}

TEST(an_engine_was_killed_by_a_signal_but_the_one_of_a_client_that_is_gone)
{
    ck_assert(engine_was_killed(KILLED(SIGKILL)) && engine_was_killed(KILLED(SIGSEGV)));
    ck_assert(engine_was_killed(EXITED(128 + SIGKILL)));
    ck_assert(!engine_was_killed(KILLED(SIGPIPE)) && !engine_was_killed(EXITED(128 + SIGPIPE)));
    for (int status = 0; status <= 128; status++)
        ck_assert(!engine_was_killed(EXITED(status)));
    ck_assert(!engine_was_killed(EXITED(255)));
}
