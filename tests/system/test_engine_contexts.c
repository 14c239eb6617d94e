/* Where engines listen: handlers, forks, threads, the end of the program. */
#include "tests/system/test_engine.h"

static const char *const contexts[] = {"handler", "altstack",    "malloc",    "child",
                                       "atexit",  "own-sigpipe", "no-sigpipe"};

START_TEST(a_listener_is_told_wherever_listen_is_called)
{
    struct shell shell;

    shell_run(&shell, EXEC "$DOUBLES/contexts %s" EVENTS_TO_OUT, contexts[_i]);
    engine_told_its_port(&shell);
}
END_TEST

START_TEST(a_listener_in_a_child_is_told_as_the_childs)
{
    struct shell shell;
    struct event event;

    shell_run(&shell, EXEC "$DOUBLES/contexts child" EVENTS_TO_OUT);
    event = engine_told_its_port(&shell);
    ck_assert_int_eq(event.pid, atoi(strstr(shell.err, "pid ") + 4));
}
END_TEST

START_TEST(a_program_started_by_vfork_is_told)
{
    struct shell shell;

    shell_run(&shell, EXEC "$DOUBLES/contexts vfork $DOUBLES/engine" EVENTS_TO_OUT);
    ck_assert_str_eq(engine_told_its_port(&shell).exe, "engine");
}
END_TEST

/* Once before the fork; the parent's and the child's after it are second listeners. */
START_TEST(a_signal_around_fork_may_listen)
{
    struct shell shell;

    shell_run(&shell, EXEC_VERBOSE "$DOUBLES/contexts atfork" EVENTS_TO_OUT);
    engine_ended_well(&shell);
    ck_assert_int_eq(engine_count(&shell, EVENT_LISTENING), 1);
    ck_assert_int_eq(engine_count(&shell, EVENT_PASSED), 2);
}
END_TEST

START_TEST(a_handler_that_listens_while_malloc_is_interrupted_ends_no_engine)
{
    struct shell shell;

    shell_run(&shell, EXEC_VERBOSE "$DOUBLES/contexts malloc 9>events");
    engine_ended_well(&shell);
    shell_run(&shell, "cat events");
    ck_assert_int_ge(engine_count(&shell, EVENT_PASSED), 100);
}
END_TEST

START_TEST(a_handler_that_jumps_out_of_listen_leaves_no_descriptor)
{
    struct shell shell;

    shell_run(&shell, EXEC_VERBOSE "$DOUBLES/contexts jump 9>events");
    engine_ended_well(&shell);
}
END_TEST

static void run_without_reader(const char *mode)
{
    struct shell shell;

    shell_run(&shell,
              "mkfifo fifo; exec 8<>fifo; exec 9>fifo 8<&-; exec " EXEC "$DOUBLES/contexts %s",
              mode);
    engine_ended_well(&shell);
}

START_TEST(sigpipe_stays_the_engines_own)
{
    run_without_reader("own-sigpipe");
    run_without_reader("no-sigpipe");
}
END_TEST

START_TEST(of_threads_that_listen_at_once_one_is_told)
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
END_TEST

START_TEST(the_others_of_threads_that_listen_at_once_are_named)
{
    struct shell shell;

    shell_run(&shell, EXEC_VERBOSE "$DOUBLES/threads at-once 9>events; cat events");
    engine_ended_well(&shell);
    ck_assert_int_eq(engine_count(&shell, EVENT_LISTENING), 1);
    ck_assert_int_eq(engine_count(&shell, EVENT_PASSED), 63);
}
END_TEST

START_TEST(of_threads_that_wait_at_once_one_is_told)
{
    for (int i = 0; i < 10; i++) {
        struct shell shell;

        shell_run(&shell, EXEC "$DOUBLES/threads wait-at-once" EVENTS_TO_OUT);
        engine_ended_well(&shell);
        ck_assert_int_eq(engine_count(&shell, EVENT_READY), 1);
    }
}
END_TEST

START_TEST(a_thread_with_the_smallest_stack_can_listen)
{
    struct shell shell;

    shell_run(&shell, EXEC_VERBOSE "$DOUBLES/threads small" EVENTS_TO_OUT);
    engine_ended_well(&shell);
    ck_assert_int_eq(engine_count(&shell, EVENT_LISTENING), 1);
}
END_TEST

static const struct {
    const char *mode, *said;
} cancellations[] = {
    {"cancel-listen", "cancelled after 2 calls\n"},
    {"cancel-accept", "cancelled after 0 calls\n"},
    {"cancel-poll", "cancelled after 0 calls\n"},
};

/* A FIFO without a reader keeps the library busy for longest. */
START_TEST(calls_are_the_cancellation_points_that_they_were)
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
END_TEST

START_TEST(a_child_forked_while_others_listen_can_listen)
{
    struct shell shell;

    shell_run(&shell, EXEC_VERBOSE "$DOUBLES/threads forks 9>events");
    engine_ended_well(&shell);
    ck_assert_str_eq(shell.out, "0 failed\n");
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("engine_contexts");
    TCase *tests = engine_tests(suite, "contexts");

    tcase_add_loop_test(tests, a_listener_is_told_wherever_listen_is_called, 0, 7);
    tcase_add_test(tests, a_listener_in_a_child_is_told_as_the_childs);
    tcase_add_test(tests, a_program_started_by_vfork_is_told);
    tcase_add_test(tests, a_signal_around_fork_may_listen);
    tcase_add_test(tests, a_handler_that_listens_while_malloc_is_interrupted_ends_no_engine);
    tcase_add_test(tests, a_handler_that_jumps_out_of_listen_leaves_no_descriptor);
    tcase_add_test(tests, sigpipe_stays_the_engines_own);
    tcase_add_test(tests, of_threads_that_listen_at_once_one_is_told);
    tcase_add_test(tests, the_others_of_threads_that_listen_at_once_are_named);
    tcase_add_test(tests, of_threads_that_wait_at_once_one_is_told);
    tcase_add_test(tests, a_thread_with_the_smallest_stack_can_listen);
    tcase_add_loop_test(tests, calls_are_the_cancellation_points_that_they_were, 0, 3);
    tcase_add_test(tests, a_child_forked_while_others_listen_can_listen);
    return suite;
}
