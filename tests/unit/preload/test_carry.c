/* What carries the engine's environment: Open MPI's launch agents, Slurm's list. */
#include "launcher/preload/carry.h"

#include <stdlib.h>
#include <string.h>

#include "tests/support/suite.h"

/* ---- Open MPI 4 ---- */

/* Without a quote: in an allocation of Slurm's there is no shell to take it away. */
TEST(the_agent_preloads_the_library_and_says_nothing_else)
{
    char *agent = carry_openmpi_4(NULL, "/opt/lib.so:/x-1.2/libimdshim.so");

    ck_assert_str_eq(agent, "env LD_PRELOAD=/opt/lib.so:/x-1.2/libimdshim.so orted");
    free(agent);
}

TEST(the_users_own_agent_is_kept)
{
    char *agent = carry_openmpi_4("/opt/bin/orted --debug x=y", "a=b.so");

    ck_assert_str_eq(agent, "env LD_PRELOAD=a=b.so /opt/bin/orted --debug x=y");
    free(agent);
}

/* What orted's start is without any agent at all. */
TEST(a_users_agent_that_is_empty_is_none)
{
    char *agent = carry_openmpi_4("", "v");

    ck_assert_str_eq(agent, "env LD_PRELOAD=v orted");
    free(agent);
}

TEST(blanks_in_the_list_become_colons)
{
    char *agent = carry_openmpi_4("a b", " a.so b.so:c.so ");

    ck_assert_str_eq(agent, "env LD_PRELOAD=:a.so:b.so:c.so: a b");
    free(agent);
}

TEST(a_list_that_a_shell_on_its_way_would_change_is_refused)
{
    static const char *const values[] = {"'", "\"",  "a$b", "`id`", "\\", "a\nb", "it's",
                                         "*", "[x]", "a;b", "a&b",  "~",  "#",    "a|b"};

    for (int i = 0; i < COUNT(values); i++)
        ck_assert_msg(carry_openmpi_4(NULL, values[i]) == NULL, "taken: %s", values[i]);
}

TEST(a_run_within_a_run_adds_no_second_agent)
{
    char *agent = carry_openmpi_4(NULL, "/opt/lib.so"), *again;

    again = carry_openmpi_4(agent, "/opt/lib.so");
    ck_assert_str_eq(again, agent);
    free(again);
    free(agent);
}

/* ---- Open MPI 5 ---- */

TEST(the_agent_of_open_mpi_5_has_no_equals_sign)
{
    char *agent = carry_openmpi_5(NULL, "/opt/bin/imdshim"), *again;

    ck_assert_str_eq(agent, "/opt/bin/imdshim preload prted");
    again = carry_openmpi_5(agent, "/opt/bin/imdshim");
    ck_assert_str_eq(again, agent);
    free(again);
    free(agent);
    agent = carry_openmpi_5("my-prted -x", "/opt/bin/imdshim");
    ck_assert_str_eq(agent, "/opt/bin/imdshim preload my-prted -x");
    free(agent);
    ck_assert_ptr_null(carry_openmpi_5(NULL, "/opt/a=b/imdshim"));
    ck_assert_ptr_null(carry_openmpi_5(NULL, "/opt/a b/imdshim"));
    ck_assert_ptr_null(carry_openmpi_5(NULL, "/opt/$a/imdshim"));
}

/* ---- Slurm ---- */

static const char *const names[] = {"LD_PRELOAD", "IMDSHIM_FIFO"};

#define OURS "LD_PRELOAD,IMDSHIM_FIFO"

static const struct {
    const char *set, *becomes; /* NULL: it stays as it is */
} exports[] = {
    {NULL, NULL},
    {"ALL", NULL},
    {"all", NULL},
    {"ALL,A=1", NULL},
    {"A=1,ALL", NULL},
    {"NONE", OURS},
    {"none", OURS},
    {"NIL", OURS},
    {"", OURS},
    {"NONE,A", OURS},
    {"A", "A," OURS},
    {"A,B=1", "A,B=1," OURS},
    {"A,NONE", "A,NONE," OURS},
    {"ALLOW", "ALLOW," OURS},
    {"NONESUCH", "NONESUCH," OURS},
    {"A=ALL", "A=ALL," OURS},
};

LOOP_TEST(what_srun_carries_has_ours_as_well, COUNT(exports))
{
    char *list = carry_slurm(exports[_i].set, names, COUNT(names));

    ck_assert_pstr_eq(list, exports[_i].becomes);
    free(list);
}

/* ---- what carries nothing ---- */

static const struct {
    const char *words[6], *says; /* NULL: nothing */
} commands[] = {
    {{"ssh", "node2", "gmx"}, "ssh does not carry the environment"},
    {{"/usr/bin/pdsh", "-w", "node[1-2]", "lmp"}, "pdsh does not carry"},
    {{"nice", "-n", "5", "taktuk", "-m", "node2"}, "taktuk does not carry"},
    {{"env", "A=1", "ssh", "node2"}, "ssh does not carry"},
    {{"sbatch", "job.sh"}, "sbatch queues a job"},
    {{"srun", "-n", "2", "--container-image=x", "gmx"}, "srun --container... starts"},
    {{"srun", "--container", "x", "gmx"}, "srun --container... starts"},
    {{"toolbox", "run", "gmx"}, "toolbox starts the engine in a container"},
    {{"distrobox", "enter", "x", "--", "gmx"}, "distrobox starts"},
    {{"qsub", "job.sh"}, "into the batch script"},
    {{"sh", "-c", "ssh node2 hostname; gmx mdrun"}, NULL},
    {{"gmx", "ssh"}, NULL},
    {{"sshd"}, NULL},
    {{"srun", "-N2", "ssh"}, NULL},
    {{"nice"}, NULL},
    {{"A=1"}, NULL},
    {{NULL}, NULL},
};

LOOP_TEST(only_a_command_that_carries_nothing_is_told_of, COUNT(commands))
{
    char text[CARRY_TEXT] = "";
    bool lost = carry_is_lost(commands[_i].words, text);

    ck_assert_int_eq(lost, commands[_i].says != NULL);
    if (lost)
        ck_assert_msg(strstr(text, commands[_i].says) != NULL, "%s", text);
}
