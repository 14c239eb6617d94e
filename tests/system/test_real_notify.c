/*
 * GROMACS and LAMMPS under --backend notify: no library is in them, the port and the moment are
 * the same.
 */
#include <stdio.h>
#include <string.h>

#include "tests/support/engines.h"
#include "tests/support/sandbox.h"
#include "tests/support/shell.h"
#include "tests/support/suite.h"
#include "tests/system/support/notify.h"

#define GMX "gmx -quiet mdrun -s argon.tpr -deffnm seg -nt 1 -imdwait -imdport 0"
#define GMX_CLEARED "env -i PATH=\"$PATH\" " GMX
#define GMX_MPI "gmx_mpi -quiet mdrun -s argon.tpr -deffnm seg -ntomp 1 -imdwait -imdport 0"
#define LMP "lmp -in $SOURCE/scripts/argon-lammps.in -log none -var port %u >out"
#define MPIRUN "mpirun --oversubscribe -np 2 "
#define RUN "$IMDSHIM run -v --backend notify -c '$IMDSHIM watch $IMD_URL >frames' -- "

static struct shell shell;

static void enter(void)
{
    sandbox_enter();
    engines_allow_root();
}

static bool has_engines(void)
{
    return notify_can_be_had() && engines_have("gmx") && engines_have("gmx_mpi") &&
           engines_have("lmp") && engines_have("mpirun");
}

static void assert_frames(const char *frames)
{
    ck_assert_msg(shell_status(&shell) == 0, "%s", shell.err);
    ck_assert_int_eq(shell_count_lines(shell.err, "] listens on "), 1);
    ck_assert_int_eq(shell_count_lines(shell.err, "the engine waits for a client"), 1);
    ck_assert_ptr_eq(strstr(engines_read("frames"), frames), engines_read("frames"));
}

TEST_OPTIONS(.setup = enter, .teardown = sandbox_leave, .timeout = 120, .needs = has_engines);

static const char *const gromacs[] = {GMX, GMX_MPI, MPIRUN GMX_MPI, GMX_CLEARED};

LOOP_TEST(the_port_told_is_the_one_in_gromacs_own_log, COUNT(gromacs))
{
    engines_prepare_argon();
    shell_run(&shell, RUN "%s", gromacs[_i]);
    assert_frames("501 frames of 216 atoms");
    ck_assert_uint_ne(engines_port_told(&shell), 0);
    ck_assert_uint_eq(engines_port_told(&shell), engines_port_in_log("seg.log"));
}

static const char *const lammps[] = {"", MPIRUN};

/* LAMMPS listens long before it waits, and ends if a client comes between. */
LOOP_TEST(a_client_of_lammps_comes_when_it_waits, COUNT(lammps))
{
    unsigned port = engines_free_port();

    shell_run(&shell, RUN "%s" LMP, lammps[_i], port);
    assert_frames("50 frames of 256 atoms");
    ck_assert_uint_eq(engines_port_told(&shell), port);
}

#ifdef __x86_64__
/* By the module that made the call, as the library tells it. */
LOOP_TEST(the_sockets_of_open_mpi_are_not_taken, COUNT(lammps))
{
    shell_run(&shell, RUN "%s" LMP, lammps[_i], engines_free_port());
    assert_frames("50 frames of 256 atoms");
    ck_assert_int_ge(shell_count_lines(shell.err, "(libpmix.so."), 1);
    ck_assert_int_ge(shell_count_lines(shell.err, "(mca_oob_tcp.so)"), 1);
    ck_assert_int_ge(shell_count_lines(shell.err, "(mca_btl_tcp.so)"), 1);
    ck_assert_int_eq(shell_count_lines(shell.err, "cluster runtime (liblammps.so."), 1);
}
#endif

LOOP_TEST(lammps_gets_a_free_port_for_the_one_in_its_input, COUNT(lammps))
{
    shell_run(&shell,
              "exec $IMDSHIM run -v --backend notify -p 8888 -c '$IMDSHIM watch "
              "127.0.0.1:8888 >frames' -- %s" LMP,
              lammps[_i], 8888);
    assert_frames("50 frames of 256 atoms");
    ck_assert_uint_ne(engines_port_told(&shell), 8888);
}
