/* Where engines listen: handlers, forks, threads, the end of the program. */
#include "tests/system/support/engine_events.h"

static const char *const contexts[] = {"handler", "altstack",    "malloc",    "child",
                                       "atexit",  "own-sigpipe", "no-sigpipe"};

TEST_OPTIONS(IN_SANDBOX);

LOOP_TEST(a_listener_is_told_wherever_listen_is_called, 7)
{
    struct shell shell;

    shell_run(&shell, EXEC "$DOUBLES/contexts %s" EVENTS_TO_OUT, contexts[_i]);
    engine_told_its_port(&shell);
}

/* The smallest stack that a handler has. */
TEST(a_handler_on_a_small_stack_tells_a_fifo)
{
    struct shell shell;

    shell_run(&shell,
              "mkfifo fifo; exec 9<>fifo; $IMDSHIM exec --fifo fifo -- "
              "$DOUBLES/contexts altstack >/dev/null; read -r line <&9; echo \"$line\"");
    engine_told_its_port(&shell);
}

/* The wrapper's FIFO is none: as on another host. */
TEST(a_handler_on_a_small_stack_tells_by_tcp)
{
    struct shell shell;

    shell_run(&shell, "SLURM_JOB_NUM_NODES=2 exec $IMDSHIM run -- sh -c "
                      "'IMDSHIM_FIFO=$PWD/none exec $DOUBLES/contexts altstack' srun");
    ck_assert_int_eq(shell_status(&shell), 0);
    ck_assert_ptr_nonnull(strstr(shell.err, " listens on 127.0.0.1:"));
}

TEST(a_listener_in_a_child_is_told_as_the_childs)
{
    struct shell shell;
    struct event event;

    shell_run(&shell, EXEC "$DOUBLES/contexts child" EVENTS_TO_OUT);
    event = engine_told_its_port(&shell);
    ck_assert_int_eq(event.pid, atoi(strstr(shell.err, "pid ") + 4));
}

TEST(a_program_started_by_vfork_is_told)
{
    struct shell shell;

    shell_run(&shell, EXEC "$DOUBLES/contexts vfork $DOUBLES/engine" EVENTS_TO_OUT);
    ck_assert_str_eq(engine_told_its_port(&shell).exe, "engine");
}

/* Once before the fork; the parent's and the child's after it are second listeners. */
TEST(a_signal_around_fork_may_listen)
{
    struct shell shell;

    shell_run(&shell, EXEC_VERBOSE "$DOUBLES/contexts atfork" EVENTS_TO_OUT);
    engine_ended_well(&shell);
    ck_assert_int_eq(engine_count(&shell, EVENT_LISTENING), 1);
    ck_assert_int_eq(engine_count(&shell, EVENT_PASSED), 2);
}

TEST(a_handler_that_listens_while_malloc_is_interrupted_ends_no_engine)
{
    struct shell shell;

    shell_run(&shell, EXEC_VERBOSE "$DOUBLES/contexts malloc 9>events");
    engine_ended_well(&shell);
    shell_run(&shell, "cat events");
    ck_assert_int_ge(engine_count(&shell, EVENT_PASSED), 100);
}

TEST(a_handler_that_jumps_out_of_listen_leaves_no_descriptor)
{
    struct shell shell;

    shell_run(&shell, EXEC_VERBOSE "$DOUBLES/contexts jump 9>events");
    engine_ended_well(&shell);
}

static void run_without_reader(const char *mode)
{
    struct shell shell;

    shell_run(&shell,
              "mkfifo fifo; exec 8<>fifo; exec 9>fifo 8<&-; exec " EXEC "$DOUBLES/contexts %s",
              mode);
    engine_ended_well(&shell);
}

TEST(sigpipe_stays_the_engines_own)
{
    run_without_reader("own-sigpipe");
    run_without_reader("no-sigpipe");
}

TEST(of_threads_that_listen_at_once_one_is_told)
{
    for (int i = 0; i < 10; i++) {
        struct shell shell;

        shell_run(&shell, EXEC "$DOUBLES/threads at-once 9>events");
        engine_ended_well(&shell);
        ck_assert_str_eq(shell.out, "64 listen\n");
        shell_run(&shell, "cat events");
        ck_assert_int_eq(engine_count(&shell, EVENT_LISTENING), 1);
        ck_assert_int_eq(shell_count_lines(shell.out, "\n"), 1);
    }
}

TEST(the_others_of_threads_that_listen_at_once_are_named)
{
    struct shell shell;

    shell_run(&shell, EXEC_VERBOSE "$DOUBLES/threads at-once 9>events; cat events");
    engine_ended_well(&shell);
    ck_assert_int_eq(engine_count(&shell, EVENT_LISTENING), 1);
    ck_assert_int_eq(engine_count(&shell, EVENT_PASSED), 63);
}

TEST(of_threads_that_wait_at_once_one_is_told)
{
    for (int i = 0; i < 10; i++) {
        struct shell shell;

        shell_run(&shell, EXEC "$DOUBLES/threads wait-at-once" EVENTS_TO_OUT);
        engine_ended_well(&shell);
        ck_assert_int_eq(engine_count(&shell, EVENT_READY), 1);
    }
}

TEST(a_thread_with_the_smallest_stack_can_listen)
{
    struct shell shell;

    shell_run(&shell, EXEC_VERBOSE "$DOUBLES/threads small" EVENTS_TO_OUT);
    engine_ended_well(&shell);
    ck_assert_int_eq(engine_count(&shell, EVENT_LISTENING), 1);
}

static const struct {
    const char *mode, *said;
} cancellations[] = {
    {"cancel-listen", "cancelled after 2 calls\n"},
    {"cancel-accept", "cancelled after 0 calls\n"},
    {"cancel-poll", "cancelled after 0 calls\n"},
};

/* A FIFO without a reader keeps the library busy for longest. */
LOOP_TEST(calls_are_the_cancellation_points_that_they_were, 3)
{
    struct shell shell;

    shell_run(&shell, "$DOUBLES/threads %s", cancellations[_i].mode);
    ck_assert_str_eq(shell.out, cancellations[_i].said);
    shell_run(&shell, EXEC_VERBOSE "$DOUBLES/threads %s 9>events", cancellations[_i].mode);
    ck_assert_str_eq(shell.out, cancellations[_i].said);
    shell_run(&shell, "mkfifo fifo; $IMDSHIM exec -v --fifo fifo -- $DOUBLES/threads %s",
              cancellations[_i].mode);
    ck_assert_str_eq(shell.out, cancellations[_i].said);
}

TEST(a_child_forked_while_others_listen_can_listen)
{
    struct shell shell;

    shell_run(&shell, EXEC_VERBOSE "$DOUBLES/threads forks 9>events");
    engine_ended_well(&shell);
    ck_assert_str_eq(shell.out, "0 failed\n");
}
