/* An engine may put its socket into an epoll before it listens: it is ready then at once. */
#include "tests/system/support/engine_events.h"

static const char *const ready[] = {
    "level", "edge", "oneshot", "later",   "duplicate", "first-closed",
    "inner", "many", "crowd",   "blocked", "child",
};

static struct shell shell;

TEST_OPTIONS(IN_SANDBOX);

/* epoll_wait(2) is not ours: it is listen() that says so, or EPOLL_CTL_MOD. */
LOOP_TEST(what_is_in_an_epoll_before_it_listens_is_ready_once, COUNT(ready))
{
    static const char *const launches[] = {EXEC, EXEC_VERBOSE};

    for (int i = 0; i < COUNT(launches); i++) {
        struct event event;

        shell_run(&shell, "%s$DOUBLES/epolls %s" EVENTS_TO_OUT, launches[i], ready[_i]);
        ck_assert_uint_eq(engine_told_its_port(&shell).port, engine_printed_port(&shell));
        event = engine_told(&shell, KIND_READY);
        ck_assert_uint_eq(event.port, engine_printed_port(&shell));
        ck_assert_int_eq(engine_count(&shell, EVENT_READY), 1);
        ck_assert_ptr_nonnull(strstr(shell.err, "served\n"));
    }
}

/* "read -r port event rest" in a shell: whoever has read "ready" has read the port. */
LOOP_TEST(the_port_is_told_before_ready, COUNT(ready))
{
    shell_run(&shell, EXEC "$DOUBLES/epolls %s" EVENTS_TO_OUT, ready[_i]);
    ck_assert_ptr_nonnull(strstr(shell.out, " listening "));
    ck_assert_ptr_nonnull(strstr(strstr(shell.out, " listening "), " ready "));
}

static const char *const not_ready[] = {"none",   "other",    "left",
                                        "closed", "replaced", "reused"};

LOOP_TEST(what_is_in_no_epoll_is_not_ready, COUNT(not_ready))
{
    shell_run(&shell, EXEC_VERBOSE "$DOUBLES/epolls %s" EVENTS_TO_OUT, not_ready[_i]);
    engine_told_its_port(&shell);
    ck_assert_msg(engine_count(&shell, EVENT_READY) == 0, "%s", shell.out);
}

TEST(a_client_is_started_for_an_engine_of_an_event_loop)
{
    shell_run(&shell,
              "exec $IMDSHIM run -q -c 'echo client $IMD_PORT' -- $DOUBLES/epolls edge");
    ck_assert_msg(shell_status(&shell) == 0, "status %d: %s", shell_status(&shell), shell.err);
    ck_assert_uint_eq(strtoul(shell.out + strlen("client "), NULL, 10),
                      engine_printed_port(&shell));
}
