/* Every call returns with the library what it returns without, errno included. */
#include "tests/system/support/engine_events.h"

static void compare_with(const char *options, const char *command)
{
    struct shell without, with;

    shell_run(&without, "exec %s", command);
    engine_ended_well(&without);
    ck_assert_int_gt(shell_count_lines(without.out, "\n"), 3);
    shell_run(&with, "exec $IMDSHIM exec -v --fd 9 %s -- %s 9>events", options, command);
    ck_assert_msg(shell_status(&with) == 0, "status %d after: %s", shell_status(&with),
                  with.out);
    ck_assert_str_eq(with.out, without.out);
}

static void compare(const char *command)
{
    compare_with("", command);
}

TEST_OPTIONS(IN_SANDBOX);

TEST(good_and_bad_calls_return_what_they_would)
{
    compare("$DOUBLES/results calls");
}

TEST(a_bad_address_is_refused_as_ever)
{
    compare("$DOUBLES/results bind");
}

/* The bad calls are made before any listener, when every socket may be the one. */
TEST(bad_calls_are_refused_as_ever_whatever_is_to_be_rewritten)
{
    static const char *const options[] = {
        "--port 8888",
        "--listen :0",
        "--listen 127.0.0.1:0",
        "--listen [::1]:0",
        "--listen 127.0.0.1:20000-20100",
    };

    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++)
        compare_with(options[i], "$DOUBLES/results bind");
    compare_with(options[0], "$DOUBLES/results calls");
    compare_with(options[2], "$DOUBLES/results calls");
}

TEST(a_wait_with_a_bad_pointer_fails_as_ever)
{
    struct shell shell;

    compare("$DOUBLES/results waits");
    compare_with("--only-me", "$DOUBLES/results waits");
    compare_with("--only-me", "$DOUBLES/results calls");
    shell_run(&shell, "cat events");
    ck_assert_int_eq(engine_count(&shell, EVENT_LISTENING), 1);
}

TEST(a_wait_for_a_client_returns_what_it_would)
{
    compare("$DOUBLES/results clients");
    compare_with("--only-me", "$DOUBLES/results clients");
}

/* The kernel then has not looked at the address. 13 is EACCES. */
TEST(a_bad_address_is_refused_as_ever_where_a_sandbox_forbids_bind)
{
    compare("$DOUBLES/forbid bind 13 $DOUBLES/results bind");
}

TEST(a_wait_with_a_bad_pointer_fails_as_ever_where_a_sandbox_forbids_reading_memory)
{
    compare("$DOUBLES/forbid process_vm_readv 1 $DOUBLES/results waits");
}

TEST(calls_return_what_they_would_when_the_reader_is_gone)
{
    struct shell without, with;

    shell_run(&without, "exec $DOUBLES/results calls");
    shell_run(&with, "mkfifo fifo; exec $IMDSHIM exec --fifo fifo -- $DOUBLES/results calls");
    engine_ended_well(&with);
    ck_assert_str_eq(with.out, without.out);
}
