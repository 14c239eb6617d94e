/*
 * Rank 0 on another host: node2, where the run's FIFO is not. Its client, on the first host, is
 * led there.
 */
#include "tests/system/support/real_mpi.h"

#define OPEN_MPI "mpirun -mca plm_rsh_agent $AGENT -H node2 -np 1 "
#define HYDRA "mpiexec.mpich -launcher rsh -launcher-exec $AGENT -hosts node2 -np 1 "
#define SRUN "srun --mpi=pmi2 -N1 -w node2 "
#define RUN "$IMDSHIM run -v --client 'echo $IMD_HOST; $IMDSHIM watch $IMD_URL >frames' "

/* The status is then nothing that a launcher or we would have chosen. */
#define ENDS_WITH_7 "sh ./engine.sh "
#define WRITE_ENGINE "printf '\"$@\"\\nexit 7\\n' >engine.sh;"

static struct shell shell;

static const struct {
    const char *place, *command, *frames;
} runs[] = {
    {HOSTS, RUN "-- " OPEN_MPI ENDS_WITH_7 LMP "8888", LMP_FRAMES},
    {HOSTS, RUN "--port 8888 -- " OPEN_MPI ENDS_WITH_7 LMP "8888", LMP_FRAMES},
    {HOSTS, RUN "--only-me -- " OPEN_MPI ENDS_WITH_7 LMP "8888", LMP_FRAMES},
    {HOSTS, RUN "-- " HYDRA ENDS_WITH_7 MPI_ENGINE, MPI_ENGINE_FRAMES},
    {HOSTS, RUN "--port 8888 -- " HYDRA ENDS_WITH_7 MPI_ENGINE, MPI_ENGINE_FRAMES},
    {HOSTS SLURM, RUN "--port 8888 -- " SRUN ENDS_WITH_7 MPI_ENGINE, MPI_ENGINE_FRAMES},
    {HOSTS SLURM,
     RUN "--port 8888 -- salloc -Q -N2 mpirun -H node2 -np 1 " ENDS_WITH_7 LMP "8888",
     LMP_FRAMES},
};

/* The launcher is inside a script, or has a name that nobody has listed. */
static const struct {
    const char *place, *before, *command, *frames;
} scripts[] = {
    {HOSTS, "", OPEN_MPI LMP "8888", LMP_FRAMES},
    {HOSTS, "", HYDRA MPI_ENGINE, MPI_ENGINE_FRAMES},
    {HOSTS, "cp $(command -v mpiexec.mpich) start-it; ln -s $(command -v hydra_pmi_proxy) .;",
     "./start-it -launcher rsh -launcher-exec $AGENT -hosts node2 -np 1 " MPI_ENGINE,
     MPI_ENGINE_FRAMES},
    {HOSTS SLURM, "", SRUN MPI_ENGINE, MPI_ENGINE_FRAMES},
    {HOSTS SLURM, "cp $(command -v srun) start-it;",
     "./start-it --mpi=pmi2 -N1 -w node2 " MPI_ENGINE, MPI_ENGINE_FRAMES},
};

enum { SCRIPTS_WITHOUT_SLURM = 3, SCRIPTS = sizeof scripts / sizeof *scripts };

enum { RUNS_WITHOUT_SLURM = 5, RUNS = sizeof runs / sizeof *runs };

/* With --port the client is told no more than the port, and led by its connect(). */
static void assert_led_to_node2(const char *command, const char *address, const char *frames)
{
    const char *told = strstr(command, "--port") != NULL ? "127.0.0.1\n" : "10.77.0.2\n";
    char text[64];

    snprintf(text, sizeof text, "] on node2 listens on %s:", address);
    ck_assert_int_eq(shell_count_lines(shell.err, text), 1);
    ck_assert_int_eq(shell_count_lines(shell.err, "] listens on "), 0);
    assert_has(shell.out, told);
    assert_has(engines_read("frames"), frames);
}

static bool has_hosts(void)
{
    return engines_have("mpicc.mpich") && engines_have("lmp") && engines_have("mpirun") &&
           can_be_in(HOSTS);
}

TEST_OPTIONS(IN_REAL_SANDBOX, .needs = has_hosts);

LOOP_TEST(a_client_is_led_to_the_host_of_rank_0,
          can_be_in(HOSTS SLURM) ? RUNS : RUNS_WITHOUT_SLURM)
{
    char command[1024];

    build_mpi_engine();
    snprintf(command, sizeof command, WRITE_ENGINE "%s", runs[_i].command);
    run_in(&shell, runs[_i].place, command);
    assert_status(&shell, 7);
    assert_led_to_node2(runs[_i].command, "0.0.0.0", runs[_i].frames);
    assert_has(shell.err, ": its listener is an MPI or cluster runtime's");
    assert_has(shell.err, "the engine waits for a client on port");
}

LOOP_TEST(a_launcher_inside_a_script_needs_no_word,
          can_be_in(HOSTS SLURM) ? SCRIPTS : SCRIPTS_WITHOUT_SLURM)
{
    char command[1024];

    build_mpi_engine();
    snprintf(command, sizeof command, "%s echo '%s' >script; unset SLURM_JOB_NUM_NODES;%s",
             scripts[_i].before, scripts[_i].command, RUN "--port 8888 -- sh ./script");
    run_in(&shell, scripts[_i].place, command);
    assert_status(&shell, 0);
    assert_led_to_node2("--port", "0.0.0.0", scripts[_i].frames);
    assert_has(shell.err, "receives events from other hosts by TCP");
}

/* What users of Open MPI set themselves; the engine shows what has come of it. */
#define SHOWS "sh -c 'echo shown=$MINE; exec \"$@\"' sh "

static const char *const own_settings[] = {
    "export MINE=1;" RUN "--port 8888 -- mpirun -x MINE -mca plm_rsh_agent $AGENT -H node2"
    " -np 1 " SHOWS LMP "8888",
    "export OMPI_MCA_orte_launch_agent='env MINE=1 orted';" RUN "-- " OPEN_MPI SHOWS LMP "8888",
};

LOOP_TEST(what_the_user_has_told_open_mpi_holds, 2)
{
    run_in(&shell, HOSTS, own_settings[_i]);
    assert_status(&shell, 0);
    assert_led_to_node2(own_settings[_i], "0.0.0.0", LMP_FRAMES);
    assert_has(shell.out, "shown=1\n");
}

static const struct {
    const char *listen, *command, *address, *frames;
} places[] = {
    {"10.77.0.2", OPEN_MPI LMP "8888", "10.77.0.2", LMP_FRAMES},
    {":20001-20003", HYDRA MPI_ENGINE, "0.0.0.0:2000", MPI_ENGINE_FRAMES},
};

LOOP_TEST(listen_holds_on_the_host_of_rank_0, 2)
{
    char command[1024];

    build_mpi_engine();
    snprintf(command, sizeof command, RUN "--listen %s -- %s", places[_i].listen,
             places[_i].command);
    run_in(&shell, HOSTS, command);
    assert_status(&shell, 0);
    ck_assert_int_eq(shell_count_lines(shell.err, places[_i].address), 1);
    assert_has(engines_read("frames"), places[_i].frames);
    assert_has(shell.out, "10.77.0.2\n");
}

/* What is said there before the engine begins has all but the secret, and is no event. */
#define FORGES                                                                                 \
    "bash -c 'IFS=: read -r host port secret addresses <<<$IMDSHIM_TCP;"                       \
    "for word in ${secret//[0-9a-f]/0} \"\"; do echo \"$word 4711 listening host=node2"        \
    " addr=0.0.0.0 asked=8888 pid=1 fd=1 exe=x object=x\" >/dev/tcp/10.77.0.1/$port; done;"    \
    "exec \"$@\"' bash "

TEST(who_has_not_the_secret_is_not_heard_from_another_host)
{
    build_mpi_engine();
    run_in(&shell, HOSTS, RUN "-- " HYDRA FORGES MPI_ENGINE);
    assert_status(&shell, 0);
    assert_led_to_node2("", "0.0.0.0", MPI_ENGINE_FRAMES);
    ck_assert_ptr_null(strstr(shell.err, "4711"));
    assert_has(shell.err, "the TCP port: 2 malformed lines ignored");
}

TEST(a_listener_on_the_loopback_of_another_host_is_told_and_ended)
{
    build_mpi_engine();
    run_in(&shell, HOSTS, RUN "--listen 127.0.0.1 -- " HYDRA MPI_ENGINE);
    assert_status(&shell, 125);
    assert_has(shell.err, "] listens on the loopback of node2, where no client");
    assert_has(shell.err, "--listen 0.0.0.0");
    /* The client would say where it is led. The engine may have time to say its port. */
    ck_assert_int_eq(shell_count_lines(shell.out, "\n"),
                     shell_count_lines(shell.out, "port 8888\n"));
}
