/*
 * imdshim watch at a terminal: what real engines do at its keys.
 */
#include <stdlib.h>
#include <sys/wait.h>

#include "tests/support/engines.h"
#include "tests/support/suite.h"
#include "tests/support/terminal.h"
#include "tests/system/support/launcher.h"

static struct shell engine;
static struct terminal terminal;

static void see(const char *text)
{
    ck_assert_msg(terminal_wait_for(&terminal, text), "'%s' does not come:\n%s", text,
                  terminal.screen);
}

static void start_watch(unsigned port)
{
    char command[128];

    snprintf(command, sizeof command, "exec $IMDSHIM watch %u", port);
    terminal_start(&terminal, command);
    see("keys: space + - k q ?");
    for (int i = 0; i < SHELL_SECONDS * 100 && !terminal_gives_keys(&terminal); i++)
        shell_pause(10);
}

/* The engine is paused: for half a second nothing has come. */
static void pause_and_go_on(void)
{
    terminal_type(&terminal, " ");
    see(" 0.0 frames/s  0.0 MB/s  paused  asked: pause");
    terminal_type(&terminal, " ");
    see("asked: resume");
    terminal_type(&terminal, "-");
    see("asked: every 2 steps");
}

static void end_run(void)
{
    terminal_type(&terminal, "k");
    see("end the run? y: yes");
    terminal_type(&terminal, "y");
    terminal_finish(&terminal);
    shell_finish(&engine);
    ck_assert_msg(WIFEXITED(terminal.wait_status) && WEXITSTATUS(terminal.wait_status) == 0,
                  "%s", terminal.screen);
}

TEST_OPTIONS(IN_SANDBOX);

/* Its default is a frame for every step. It ends with the status 2 then. */
LOOP_TEST(gromacs_pauses_goes_on_and_with_imdterm_ends, 2, .needs = engines_have_gromacs)
{
    shell_run(&engine, "$SOURCE/scripts/argon-gromacs.sh . 100000000");
    shell_start(&engine,
                "exec $IMDSHIM run -o port -- gmx -quiet mdrun -s argon.tpr -deffnm seg"
                " -nt 1 -imdwait -imdterm -imdport 0");
    wait_for_file("port");
    start_watch((unsigned)atoi(strrchr(engines_read("port"), ':') + 1));
    pause_and_go_on();
    see("every 2 steps  T ");
    if (_i == 1)
        terminal_type(&terminal, " ");
    end_run();
    ck_assert_ptr_nonnull(strstr(engine.err, "Un-pause command received"));
    ck_assert_ptr_nonnull(strstr(engine.err, "Update frequency will be set to 2"));
    ck_assert_ptr_nonnull(strstr(engine.err, "Terminating connection"));
}

TEST(gromacs_without_imdterm_does_not_end, .needs = engines_have_gromacs)
{
    shell_run(&engine, "$SOURCE/scripts/argon-gromacs.sh . 100000000");
    shell_start(&engine,
                "exec $IMDSHIM run -o port -- gmx -quiet mdrun -s argon.tpr -deffnm seg"
                " -nt 1 -imdwait -imdport 0");
    wait_for_file("port");
    start_watch((unsigned)atoi(strrchr(engines_read("port"), ':') + 1));
    terminal_type(&terminal, "ky");
    see("asked: end of the run");
    ck_assert(shell_wait_for_err(&engine, "Set -imdterm"));
    terminal_type(&terminal, "q");
    terminal_finish(&terminal);
    kill(engine.pid, SIGTERM);
    shell_finish(&engine);
}

/* LAMMPS tells no steps in version 2: the rate begins with every step. It ends as on an error. */
TEST(lammps_pauses_goes_on_and_ends, .needs = engines_have_lammps)
{
    unsigned port = engines_free_port();

    engines_allow_root();
    shell_start(&engine,
                "exec $IMDSHIM run -o port -- stdbuf -oL lmp -log none -in "
                "$SOURCE/scripts/argon-lammps.in -var steps 100000000 -var port %u",
                port);
    wait_for_file("port");
    ck_assert(shell_wait_for_out(&engine, "Waiting for IMD connection"));
    start_watch(port);
    pause_and_go_on();
    end_run();
    ck_assert_int_eq(shell_status(&engine), 1);
    ck_assert_ptr_nonnull(strstr(engine.out, "Continuing run on IMD client request"));
    ck_assert_ptr_nonnull(strstr(engine.out, "Now it is 2."));
    ck_assert_ptr_nonnull(strstr(engine.out, "terminated on IMD request"));
}
