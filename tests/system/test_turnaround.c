/*
 * What a segment takes, as ratios of times that are measured in turn: the machine may be busy.
 * Figures come from make bench.
 */
#include <time.h>

#include "tests/support/engines.h"
#include "tests/support/sandbox.h"
#include "tests/support/shell.h"
#include "tests/support/suite.h"

#define MDRUN "gmx -quiet mdrun -s argon.tpr -deffnm seg -nt 1 "
#define WAITS "-imdwait -imdport 0"
#define WATCH "exec $IMDSHIM watch $IMD_URL"

enum { TURNS = 3 };

static struct shell shell;

static void enter(void)
{
    sandbox_enter();
    engines_prepare_argon();
}

static double seconds(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* The quickest turn is the one that the rest of the machine has disturbed least. */
static void time_in_turn(const char *const *commands, int count, double *quickest)
{
    for (int i = 0; i < TURNS * count; i++) {
        double start = seconds(), took;

        shell_run(&shell, "%s", commands[i % count]);
        took = seconds() - start;
        ck_assert_msg(shell_status(&shell) == 0, "%s", shell.err);
        if (i < count || took < quickest[i % count])
            quickest[i % count] = took;
    }
}

TEST_OPTIONS(.setup = enter, .teardown = sandbox_leave, .timeout = 120,
             .needs = engines_have_gromacs);

TEST(gromacs_does_not_sleep_while_its_client_is_there)
{
    static const char *const commands[] = {
        "exec " MDRUN,
        "exec $IMDSHIM run -q --client '" WATCH "' -- " MDRUN WAITS,
        "exec $IMDSHIM run -q --no-wake --client '" WATCH "' -- " MDRUN WAITS,
    };
    double took[3];

    time_in_turn(commands, 3, took);
    ck_assert_msg(took[2] - took[0] > 2 * (took[1] - took[0]),
                  "%.2f s, with a client %.2f s, without wake %.2f s", took[0], took[1],
                  took[2]);
}

TEST(engine_and_client_start_at_the_same_time)
{
    static const char *const commands[] = {
        "exec $IMDSHIM run -q --client 'sleep 1; " WATCH
        "' -- sh -c 'sleep 1; exec " MDRUN WAITS "'",
        "exec $IMDSHIM run -q --port 8888 --client 'sleep 1; " WATCH "' -- sh -c 'sleep 1;"
        " exec " MDRUN "-imdwait -imdport 8888'",
    };
    double took[2];

    time_in_turn(commands, 2, took);
    ck_assert_msg(took[1] < 0.8 * took[0], "%.2f s, together %.2f s", took[0], took[1]);
}
