/*
 * --only-me where workers share a listener: a look for a client never blocks, whoever else looks
 * at the same moment, and leaves the listener as it was.
 */
#include "tests/support/suite.h"
#include "tests/system/support/launcher.h"

static const char *const kinds[] = {"processes", "threads"};
static const char *const looks[] = {"select", "pselect", "poll", "ppoll"};
static const char *const listeners[] = {"blocking", "timeout", "nonblocking"};

enum { KINDS = COUNT(kinds), LOOKS = COUNT(looks), LISTENERS = COUNT(listeners) };

static struct shell shell;

static void let_them_look(const char *launch, int i)
{
    const char *listener = listeners[i / KINDS / LOOKS];

    shell_run(&shell, "%s $DOUBLES/herd %s %s %s 9>events", launch, kinds[i % KINDS],
              looks[i / KINDS % LOOKS], listener);
    ck_assert_msg(shell_status(&shell) == 0, "%s %s %s: status %d: %s%s", kinds[i % KINDS],
                  looks[i / KINDS % LOOKS], listener, shell_status(&shell), shell.out,
                  shell.err);
    ck_assert_int_eq(shell_count_lines(shell.out, "all went on 3 times\n"), 1);
    if (strcmp(listener, "nonblocking") == 0)
        ck_assert_int_eq(shell_count_lines(shell.out, "3 served\n"), 1);
}

TEST_OPTIONS(IN_SANDBOX);

LOOP_TEST(a_look_never_blocks_and_leaves_no_trace, KINDS *LOOKS *LISTENERS)
{
    let_them_look("exec $IMDSHIM exec --only-me --fd 9 --", _i);
}

/* It is so without us. */
LOOP_TEST(the_workers_are_right_by_themselves, KINDS *LOOKS *LISTENERS)
{
    let_them_look("exec", _i);
}

static const char *const sharings[] = {"threads", "fork"};

LOOP_TEST(who_shares_a_listener_gets_what_is_his, COUNT(sharings))
{
    shell_run(&shell, "exec $IMDSHIM exec --only-me --fd 9 -- $DOUBLES/sharers %s 9>events",
              sharings[_i]);
    ck_assert_msg(shell_status(&shell) == 0, "%s: status %d: %s", sharings[_i],
                  shell_status(&shell), shell.err);
    shell_run(&shell, "exec $DOUBLES/sharers %s", sharings[_i]);
    ck_assert_int_eq(shell_status(&shell), 0);
}
