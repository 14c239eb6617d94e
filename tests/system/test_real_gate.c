/*
 * Real engines that meet their clients: however many are told one port, however long they take
 * from listening to waiting, and without the sleep that GROMACS puts between.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/support/engines.h"
#include "tests/support/sandbox.h"
#include "tests/support/suite.h"
#include "tests/system/support/launcher.h"

enum { PAIRS = 8, SLOW = 10, GROUPS = 2, SMALLEST = 4, ATOMS_OF_CELL = 64 };

#define LMP "lmp -in %s -log none -var port 8888 -var cells %d"
#define FAST "$SOURCE/scripts/argon-lammps.in"
/* As imdclient: it gives up if no greeting comes in time. */
#define WATCH "$IMDSHIM watch -t 5 "

static struct shell shell, shells[SLOW];

static void enter(void)
{
    sandbox_enter();
    engines_allow_root();
    shell_run(&shell,
              "sed '/^thermo/i shell sleep 7' " FAST " >slow.in; grep -c sleep slow.in");
    ck_assert_str_eq(shell.out, "1\n");
}

static void enter_gromacs(void)
{
    sandbox_enter();
    engines_prepare_argon();
}

/*
 * Each has as many atoms as nobody else. And its own place for the daemon that a lone LAMMPS
 * starts: in one that they share, Open MPI's race to make the same directory ("File exists").
 */
static void meet(const char *input, int count)
{
    for (int i = 0; i < count; i++)
        shell_start(&shells[i],
                    "export OMPI_MCA_orte_tmpdir_base=$(mktemp -d -p $PWD);"
                    "exec $IMDSHIM run -q -p 8888 -c '" WATCH "localhost:8888 >&2' -- " LMP
                    " >out.%d",
                    input, SMALLEST + i, i);
}

static void assert_met(int count)
{
    char part[64];

    for (int i = 0; i < count; i++) {
        shell_finish(&shells[i]);
        snprintf(part, sizeof part, "50 frames of %d atoms", (SMALLEST + i) * ATOMS_OF_CELL);
        ck_assert_msg(shell_status(&shells[i]) == 0 && strstr(shells[i].err, part) != NULL,
                      "%d of %d: status %d, not '%s' but: %s%s", i, count,
                      shell_status(&shells[i]), part, shells[i].out, shells[i].err);
    }
}

TEST_OPTIONS(.setup = enter, .teardown = sandbox_leave, .timeout = 120,
             .needs = engines_have_lammps);

TEST(eight_lammps_and_eight_clients_all_on_one_port_meet_in_pairs)
{
    meet(FAST, PAIRS);
    assert_met(PAIRS);
}

/* 20 in all. The control is started with them: a client that comes when LAMMPS listens. */
LOOP_TEST(a_lammps_that_waits_late_gets_its_client_every_time_but_not_one_that_comes_early,
          GROUPS)
{
    unsigned port = engines_free_port();

    shell_start(&shell,
                "export OMPI_MCA_orte_tmpdir_base=$(mktemp -d -p $PWD); mkfifo events; exec "
                "3<>events; $IMDSHIM exec --fd 3 -- lmp -in slow.in -log none"
                " -var port %u >/dev/null & read -r port event rest <&3; " WATCH
                "$port; echo $event"
                " $?; wait $!",
                port);
    meet("slow.in", SLOW);
    assert_met(SLOW);
    shell_finish(&shell);
    ck_assert_msg(shell_status(&shell) == 1, "%s%s", shell.out, shell.err);
    ck_assert_str_eq(shell.out, "listening 1\n");
}

#define MDRUN "gmx -quiet mdrun -s argon.tpr -deffnm seg -nt 1 -imdwait -imdport 0"

/* From connect to the first byte behind the greeting; then the rest is read. */
#define FIRST_FRAME                                                                            \
    "python3 -c '\\''import os, socket, struct, time\n"                                        \
    "start = time.monotonic()\n"                                                               \
    "s = socket.create_connection((\"127.0.0.1\", int(os.environ[\"IMD_PORT\"])))\n"           \
    "s.recv(8, socket.MSG_WAITALL)\n"                                                          \
    "s.sendall(struct.pack(\">ii\", 3, 0))\n"                                                  \
    "s.recv(1)\n"                                                                              \
    "print(time.monotonic() - start)\n"                                                        \
    "while s.recv(65536): pass'\\''"

static double seconds_to_first_frame(const char *options)
{
    double seconds;

    shell_run(&shell, "exec $IMDSHIM run -q %s -c '" FIRST_FRAME "' -- " MDRUN " 2>/dev/null",
              options);
    ck_assert_msg(shell_status(&shell) == 0, "%s%s", shell.out, shell.err);
    seconds = atof(shell.out);
    ck_assert_msg(seconds > 0, "%s%s", shell.out, shell.err);
    return seconds;
}

TEST_OPTIONS(.setup = enter_gromacs, .teardown = sandbox_leave, .timeout = 120,
             .needs = engines_have_gromacs);

/* 2 s without: a machine under load adds to both. */
TEST(gromacs_does_not_sleep_once_its_client_is_there)
{
    double without = seconds_to_first_frame("--no-wake"), with = seconds_to_first_frame("");

    ck_assert_msg(with < 0.4 * without, "%.3f s, %.3f s with --no-wake", with, without);
}
