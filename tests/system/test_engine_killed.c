/* The launcher killed at any moment: engine and client end, the next run clears up. */
#include "tests/system/support/engine_events.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

/* The sandbox has given every process that was left its two seconds to end; a FIFO fails it. */
static void kill_launcher(struct shell *shell)
{
    kill(shell->pid, SIGKILL);
    shell_finish(shell);
    ck_assert_int_eq(shell_status(shell), 128 + SIGKILL);
}

static void next_run_clears_up(void)
{
    struct shell shell;

    shell_run(&shell, "ls -A imdshim-$(id -u) | grep -c .");
    ck_assert_int_eq(atoi(shell.out), 1);
    shell_run(&shell, "$IMDSHIM run -q -- true; ls -A imdshim-$(id -u) | grep -c .");
    ck_assert_int_eq(atoi(shell.out), 0);
}

static bool all_children_end(void)
{
    for (int i = 0; i < 1000; i++) {
        if (waitpid(-1, NULL, WNOHANG) < 0)
            return true;
        shell_pause(10);
    }
    return false;
}

static void survives_nothing(struct shell *shell)
{
    kill_launcher(shell);
    ck_assert(all_children_end());
    next_run_clears_up();
}

TEST_OPTIONS(IN_SANDBOX);

TEST(killed_before_the_engine_listens)
{
    struct shell shell;

    shell_start(&shell, "exec $IMDSHIM run -- sh -c 'echo here; exec sleep 30'");
    ck_assert(shell_wait_for_out(&shell, "here"));
    survives_nothing(&shell);
}

TEST(killed_while_the_engine_waits)
{
    struct shell shell;

    shell_start(&shell, "exec $IMDSHIM run -v -- $DOUBLES/engine gmx 0 3000");
    ck_assert(shell_wait_for_err(&shell, "waits for a client"));
    survives_nothing(&shell);
}

TEST(killed_while_a_client_is_connected)
{
    struct shell shell;

    shell_start(&shell, "exec $IMDSHIM run --client 'exec $DOUBLES/engine client $IMD_PORT' -- "
                        "$DOUBLES/engine gmx 0 3000");
    ck_assert(shell_wait_for_err(&shell, "a client came"));
    survives_nothing(&shell);
}

/* The engine then talks to a FIFO that nobody reads any more, and is about to be ended. */
TEST(killed_at_any_moment)
{
    for (int i = 0; i < 15; i++) {
        struct shell shell;

        shell_start(&shell, "exec $IMDSHIM run -q -- $DOUBLES/engine gmx 0 3000");
        shell_pause(i * 2);
        kill_launcher(&shell);
        ck_assert(all_children_end());
    }
    struct shell shell;

    shell_run(&shell, "$IMDSHIM run -q -- true; ls -A imdshim-$(id -u) | grep -c .");
    ck_assert_int_eq(atoi(shell.out), 0);
}
