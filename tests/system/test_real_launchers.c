/*
 * Engines with MPI under each launcher, on this host: Open MPI's mpirun, MPICH's hydra, Slurm's
 * srun onto two nodes; imdshim before the launcher, and behind it.
 */
#include "tests/system/support/real_mpi.h"

#define MPIRUN "mpirun --oversubscribe -np 2 "
#define HYDRA "mpiexec.mpich -np 2 "
#define SRUN "srun --mpi=pmi2 -N2 "
static struct shell shell;

#define RUN                                                                                    \
    "$IMDSHIM run -v --port 8888 --client 'echo $IMD_URL; $IMDSHIM watch $IMD_URL >frames' "   \
    "-- "

static const struct {
    const char *cluster, *command, *frames, *runtime;
} befores[] = {
    {"", RUN HYDRA MPI_ENGINE, MPI_ENGINE_FRAMES, "of mpiexec.hydra["},
    {SLURM, RUN SRUN MPI_ENGINE, MPI_ENGINE_FRAMES, "of srun["},
    {SLURM, RUN "salloc -Q -N2 " MPIRUN LMP "8888", LMP_FRAMES, "(mca_oob_tcp.so)"},
};

enum { FIRST_BEFORE_IN_SLURM = 1, BEFORES = 3 };

static bool has_engines(void)
{
    return engines_have("mpicc.mpich") && engines_have("lmp") && engines_have("mpirun");
}

static bool has_slurm(void)
{
    return can_be_in(SLURM);
}

TEST_OPTIONS(IN_REAL_SANDBOX, .needs = has_engines);

LOOP_TEST(imdshim_before_the_launcher_learns_the_port_of_the_rank_that_listens,
          suite_has(has_slurm) ? BEFORES : FIRST_BEFORE_IN_SLURM)
{
    build_mpi_engine();
    run_in(&shell, befores[_i].cluster, befores[_i].command);
    assert_status(&shell, 0);
    assert_has(engines_read("frames"), befores[_i].frames);
    assert_has(shell.out, "imd://127.0.0.1:");
    ck_assert_int_eq(shell_count_lines(shell.err, "] listens on "), 1);
    ck_assert_int_eq(shell_count_lines(shell.err, "(asked for 8888)\n"), 1);
    assert_has(shell.err, befores[_i].runtime);
}

/* The reader is ours; when all has ended, what is left in the FIFO is what was told beyond. */
#define READ                                                                                   \
    " >out & engine=$!; read -r port event rest <&3; echo $event $rest;"                       \
    "read -r port event rest <&3; echo $event; $IMDSHIM watch $port >frames;"                  \
    "wait $engine; status=$?; echo end >&3; sed /^end/q <&3; exit $status"
#define FIFO "mkfifo events; exec 3<>events; "
#define EXEC "$IMDSHIM exec --fifo events --port 8888 -- "

static const struct {
    const char *cluster, *command, *frames;
} behinds[] = {
    {"", FIFO MPIRUN EXEC LMP "8888" READ, LMP_FRAMES},
    {"", FIFO HYDRA EXEC MPI_ENGINE READ, MPI_ENGINE_FRAMES},
    {SLURM, FIFO SRUN EXEC MPI_ENGINE READ, MPI_ENGINE_FRAMES},
};

enum { FIRST_BEHIND_IN_SLURM = 2, BEHINDS = 3 };

LOOP_TEST(imdshim_behind_the_launcher_tells_the_port_on_a_fifo,
          suite_has(has_slurm) ? BEHINDS : FIRST_BEHIND_IN_SLURM)
{
    build_mpi_engine();
    run_in(&shell, behinds[_i].cluster, behinds[_i].command);
    assert_status(&shell, 0);
    ck_assert_ptr_eq(strstr(shell.out, "listening host="), shell.out);
    assert_has(shell.out, " asked=8888 ");
    assert_has(shell.out, "\nready\nend\n");
    assert_has(engines_read("frames"), behinds[_i].frames);
}

/* What "#SBATCH --export=NONE", or a list, leaves in a job. */
static const struct {
    const char *set, *mine;
} exports[] = {
    {"NONE", "none"},
    {"MINE", "1"},
    {"ALL", "1"},
};

LOOP_TEST(what_a_batch_job_does_not_export_does_not_keep_the_engine_from_us, COUNT(exports),
          .needs = has_slurm)
{
    char command[512];

    snprintf(command, sizeof command,
             "export MINE=1 SLURM_EXPORT_ENV=%s; exec $IMDSHIM run --port 8888 "
             "--client '$IMDSHIM watch $IMD_URL >frames' -- srun -N1 --mpi=pmi2 "
             "/bin/sh -c 'echo mine=${MINE-none}; exec $PWD/" MPI_ENGINE "'",
             exports[_i].set);
    build_mpi_engine();
    run_in(&shell, SLURM, command);
    assert_status(&shell, 0);
    assert_has(engines_read("frames"), MPI_ENGINE_FRAMES);
    snprintf(command, sizeof command, "mine=%s\n", exports[_i].mine);
    assert_has(shell.out, command);
}
