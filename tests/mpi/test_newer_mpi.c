/*
 * The MPI of today, from PyPI: Open MPI 5, MPICH 5 and Intel MPI, on one, two and three hosts, as
 * typed and inside a script. make check-mpi installs them and names their folder in MPI.
 *
 * imdshim(1), "Other hosts", has the table of what is shown here.
 */
#include "tests/system/support/real_mpi.h"

#define RUN "$IMDSHIM run -v --port 8888 --client '$IMDSHIM watch $IMD_URL >frames' -- "
#define CC                                                                                     \
    "-std=c11 -D_GNU_SOURCE -I$SOURCE -o mpi-engine $SOURCE/tests/doubles/mpi/mpi-engine.c "   \
    "$SOURCE/tests/doubles/support/imd_stream.c "
#define HYDRA "mpiexec.hydra -launcher rsh -launcher-exec $AGENT -ppn 1 -hosts "

static struct shell shell;

/* Intel's package has no compiler and no headers: its library has MPICH's binary interface. */
static const struct {
    const char *name, *build, *start, *said; /* said: of a listener that was passed */
} runtimes[] = {
    {"openmpi", "$MPI/openmpi/bin/mpicc " CC,
     "$MPI/openmpi/bin/mpirun --prtemca plm_ssh_agent $AGENT --prtemca rml_base_radix 1 -H ",
     "an MPI or cluster runtime's (libpmix.so."},
    {"mpich", "$MPI/mpich/bin/mpicc " CC, "$MPI/mpich/bin/" HYDRA, "of mpiexec.hydra["},
    {"impi-rt",
     "cc -I$MPI/mpich/include " CC "$MPI/impi-rt/lib/libmpi.so.12 -Wl,-rpath,$MPI/impi-rt/lib",
     "$MPI/impi-rt/bin/" HYDRA, "of mpiexec.hydra["},
};

/* Where the ranks are, rank 0 first. */
static const struct {
    const char *hosts, *first;
    int count;
} places[] = {
    {"node1", "node1", 1},
    {"node2", "node2", 1},
    {"node2,node3", "node2", 2},
    {"node3,node1,node2", "node3", 3},
};

enum { RUNTIMES = COUNT(runtimes), PLACES = COUNT(places), ALL = RUNTIMES * PLACES };

static void enter(void)
{
    real_mpi_enter();
    setenv("PRTE_ALLOW_RUN_AS_ROOT", "1", 1);
    setenv("PRTE_ALLOW_RUN_AS_ROOT_CONFIRM", "1", 1);
}

static bool has_all(void)
{
    const char *mpi = getenv("MPI");

    return (mpi != NULL || suite_skip("newer MPI", "use make check-mpi")) && can_be_in(HOSTS);
}

TEST_OPTIONS(.setup = enter, .teardown = sandbox_leave, .timeout = 120, .needs = has_all);

static void assert_heard_on(const char *host)
{
    char text[64];

    snprintf(text, sizeof text, "] on %s listens on 0.0.0.0:", host);
    if (strcmp(host, "node1") == 0)
        strcpy(text, "] listens on 0.0.0.0:");
    ck_assert_msg(shell_count_lines(shell.err, text) == 1, "%s", shell.err);
    ck_assert_int_eq(shell_count_lines(shell.err, "(asked for 8888)\n"), 1);
    assert_has(engines_read("frames"), MPI_ENGINE_FRAMES);
}

/* What to put into a script, or behind RUN: without single quotes. */
static void run_at(int runtime, int place, bool in_script)
{
    char start[512], command[2048];

    snprintf(start, sizeof start, "%s%s -n %d $PWD/" MPI_ENGINE, runtimes[runtime].start,
             places[place].hosts, places[place].count);
    snprintf(command, sizeof command, "%s || exit; echo '%s' >script; " RUN "%s",
             runtimes[runtime].build, start, in_script ? "sh ./script" : start);
    run_in(&shell, HOSTS, command);
    assert_status(&shell, 0);
    assert_heard_on(places[place].first);
}

LOOP_TEST(the_client_is_led_to_rank_0_wherever_it_is, ALL)
{
    run_at(_i / PLACES, _i % PLACES, false);
    assert_has(shell.err, runtimes[_i / PLACES].said);
}

LOOP_TEST(a_launcher_inside_a_script_needs_no_word, ALL)
{
    run_at(_i / PLACES, _i % PLACES, true);
}
