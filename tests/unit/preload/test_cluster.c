/* Which runs may leave this host. */
#include "launcher/preload/cluster.h"

#include <stdlib.h>
#include <string.h>

#include "tests/support/suite.h"

static const struct {
    const char *words[7];
    bool leaves;
} commands[] = {
    {{"gmx", "mdrun", "-imdport", "0"}, false},
    {{"lmp", "-in", "in.lmp"}, false},
    {{"mpirun", "-np", "2", "lmp"}, true},
    {{"/usr/bin/mpirun", "lmp"}, true},
    {{"/opt/a path/bin/mpirun", "lmp"}, true},
    {{"./mpiexec.hydra", "lmp"}, true},
    {{"mpirun.openmpi", "lmp"}, true},
    {{"srun", "-N2", "lmp"}, true},
    {{"env", "A=b", "nice", "prterun", "lmp"}, true},
    {{"sh", "-c", "module load x; mpirun -np 2 lmp"}, true},
    {{"sh", "-c", "exec mpirun lmp"}, true},
    {{"sh", "-c", "cd a&&mpirun lmp"}, true},
    {{"sh", "-c", "(mpirun lmp)|tee log"}, true},
    {{"sh", "-c", "x=`mpirun lmp`"}, true},
    {{"sh", "-c", "\"/usr/bin/mpirun\" lmp"}, true},
    {{"sh", "-c", "'mpirun' lmp"}, true},
    {{"sh", "-c", "M=mpirun; $M lmp"}, true},
    {{"sh", "-c", "mpirun>log lmp"}, true},
    {{"sh", "-c", "mpirun<input"}, true},
    {{"sh", "-c", "set -e\nsrun lmp"}, true},
    {{"sh", "-c", ";;; &&& "}, false},
    {{"gmx", "mpirunx", "my-mpirun", "srunner"}, false},
    {{"mpirun/", "lmp"}, false},
    {{"/opt/mpirun/bin/lmp", "-in", "mpirun/in.lmp"}, false},
    {{"", "", ""}, false},
    {{"/", "//", "a/"}, false},
    {{NULL}, false},
    /* arguments name files */
    {{"echo", "mpirun.log"}, false},
    {{"echo", "mpirun"}, false},
    {{"gmx", "mdrun", "-o", "prun.in"}, false},
    {{"gmx", "--title=srun"}, false},
    {{"tail", "-f", "/scratch/mpirun"}, false},
    {{"mpirun.log"}, false},
    {{"./mpiexec.py", "lmp"}, false},
    {{"srun.sh"}, false},
    {{"mpirunx"}, false},
    {{"mpirun.mpich", "lmp"}, true},
    {{"/opt/bin/mpiexec.openmpi", "lmp"}, true},
    {{"mpirun.hydra.log"}, false},
    {{"srun.openmpi"}, true},
    /* daemons on the far end are started by launchers alone */
    {{"orted", "lmp"}, false},
    /* prefixes */
    {{"nice", "-n", "5", "mpirun", "lmp"}, true},
    {{"nice", "-n5", "lmp", "mpirun"}, false},
    {{"nice", "-n", "mpirun", "lmp"}, false},
    {{"time", "-o", "srun", "lmp"}, false},
    {{"time", "-o", "log", "srun", "lmp"}, true},
    {{"timeout", "--signal", "TERM", "60", "mpirun"}, true},
    {{"timeout", "60", "lmp", "mpirun"}, false},
    {{"taskset", "-c", "0-3", "mpirun", "lmp"}, true},
    {{"/usr/bin/env", "-u", "X", "A=b", "mpirun"}, true},
    {{"env", "-", "mpirun"}, true},
    {{"env", "cat", "srun"}, false},
    {{"env", "MPIRUN=srun", "./run.sh"}, true},
    {{"env", "LOG=srun.log", "./run.sh"}, false},
    {{"stdbuf", "-oL", "mpirun"}, true},
    {{"numactl", "--cpunodebind=0", "mpirun", "lmp"}, true},
    {{"imdshim", "run", "-p", "8888", "--", "mpirun"}, true},
    {{"nice", "sh", "-c", "mpirun lmp"}, true},
    {{"nice"}, false},
    {{"timeout", "-k"}, false},
    /* lines for the shell */
    {{"bash", "-lc", "mpirun lmp"}, true},
    {{"bash", "-e", "-o", "pipefail", "-c", "mpirun lmp"}, true},
    {{"sh", "-ec", "lmp -log mpirun.log"}, false},
    {{"sh", "-c", "cat mpirun"}, false},
    {{"sh", "-c", "lmp >mpirun"}, false},
    {{"sh", "-c", "lmp 2> mpirun; true"}, false},
    {{"sh", "-c", "lmp 2>&1 | tee srun"}, false},
    {{"sh", "-c", "echo 'a; mpirun b'"}, false},
    {{"sh", "-c", "echo \"a; mpirun b\""}, false},
    {{"sh", "-c", "echo \"$(mpirun b)\""}, true},
    {{"sh", "-c", "x=\"$(date)\"; mpirun lmp"}, true},
    {{"sh", "-c", "x=$((1 + 2)); y=`date`; exec srun lmp"}, true},
    {{"sh", "-c", "# mpirun\nlmp"}, false},
    {{"sh", "-c", "echo a#b; mpirun"}, true},
    {{"sh", "-c", "if true; then mpirun lmp; fi"}, true},
    {{"sh", "-c", "for i in mpirun; do echo $i; done"}, false},
    {{"sh", "-c", "for i in 1 2; do A=b nice mpirun; done"}, true},
    {{"sh", "-c", "{ mpirun lmp; }"}, true},
    {{"sh", "-c", "bash -c \"env A=b srun lmp\""}, true},
    {{"sh", "-c", "mpi\\run lmp"}, true},
    {{"sh", "-c", "mpi'ru'n lmp"}, true},
    {{"sh", "-c", "\"mpirun"}, true},
    {{"sh", "-c", "$(", "`"}, false},
    {{"sh", "run.sh", "mpirun"}, false},
    {{"sh", "mpirun"}, false},
    {{"sh", "-c"}, false},
};

TEST_OPTIONS(.timeout = 120);

/* Each line within the one before: it must end, whatever it is. */
TEST(lines_within_lines_are_read_to_a_depth)
{
    enum { DEEP = 4000 };
    char line[2 * DEEP + 32] = "";
    const char *const command[] = {"sh", "-c", line, NULL};

    for (int i = 0; i < DEEP; i++)
        strcat(line, "$(");
    strcat(line, "mpirun");
    ck_assert(!cluster_may_leave_host(command, NULL));
    ck_assert(cluster_may_leave_host(
        (const char *const[]){"sh", "-c", line + 2 * (DEEP - 4), NULL}, NULL));
}

LOOP_TEST(a_command_that_is_a_launcher_may_start_others_elsewhere, COUNT(commands))
{
    ck_assert_msg(cluster_may_leave_host(commands[_i].words, NULL) == commands[_i].leaves,
                  "'%s %s %s' does%s leave the host", commands[_i].words[0],
                  commands[_i].words[1], commands[_i].words[2] ? commands[_i].words[2] : "",
                  commands[_i].leaves ? " not" : "");
}

TEST(a_job_of_several_nodes_may_leave_this_one_whatever_the_command)
{
    static const char *const command[] = {"./run.sh", NULL};
    static const struct {
        const char *nodes;
        bool leaves;
    } jobs[] = {{NULL, false}, {"", false},    {"0", false}, {"1", false},
                {"2", true},   {"1000", true}, {"x", false}, {"-3", false}};

    for (int i = 0; i < COUNT(jobs); i++)
        ck_assert_msg(cluster_may_leave_host(command, jobs[i].nodes) == jobs[i].leaves,
                      "SLURM_JOB_NUM_NODES='%s'", jobs[i].nodes ? jobs[i].nodes : "(none)");
}

TEST(a_word_of_any_length_is_looked_at)
{
    enum { LONG = 1 << 20 };
    char *word = malloc(LONG + 1);
    const char *const command[] = {word, NULL}, *const line[] = {"sh", "-c", word, NULL};

    memset(word, 'x', LONG);
    word[LONG] = '\0';
    ck_assert(!cluster_may_leave_host(command, NULL));
    memset(word, '/', LONG);
    ck_assert(!cluster_may_leave_host(command, NULL));
    memcpy(word + LONG - 6, "mpirun", 6);
    ck_assert(cluster_may_leave_host(command, NULL));
    ck_assert(cluster_may_leave_host(line, NULL));
    memset(word, ' ', LONG - 6);
    ck_assert(cluster_may_leave_host(line, NULL));
    memset(word, ';', LONG - 6);
    ck_assert(cluster_may_leave_host(line, NULL));
    free(word);
}

static const struct {
    const char *exe, *object;
    bool starts;
} programs[] = {
    {"mpirun", "", true},
    {"orterun", "libopen-rte.so.40", true},
    {"mpiexec.hydra", "", true},
    {"srun", "libslurmfull.so", true},
    {"ssh", "", true},
    {"pdsh", "", true},
    {"nobody-listed-it", "libprrte.so.3", true},
    {"gmx", "", false},
    {"mpirun.log", "", false},
    {"orted", "libopen-rte.so.40", false},
    {"prted", "libprrte.so.3", false},
    {"hydra_pmi_proxy", "libslurm.so.38", false},
    {"slurmstepd", "libslurmfull.so", false},
    {"", "", false},
};

LOOP_TEST(a_program_is_known_as_a_launcher_by_its_name_or_a_module, COUNT(programs))
{
    ck_assert_msg(cluster_starts_others(programs[_i].exe, programs[_i].object) ==
                      programs[_i].starts,
                  "%s with '%s'", programs[_i].exe, programs[_i].object);
}
