/* Which runs may leave this host, and what Open MPI's daemons there are given. */
#include "launcher/cluster.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/sandbox.h"
#include "tests/support/shell.h"
#include "tests/support/suite.h"

#define COUNT(array) ((int)(sizeof(array) / sizeof(array)[0]))

static const struct {
    const char *words[6];
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
};

START_TEST(a_word_that_is_a_runtimes_program_may_start_others_elsewhere)
{
    ck_assert_msg(cluster_may_leave_host(commands[_i].words, NULL) == commands[_i].leaves,
                  "'%s %s %s' does%s leave the host", commands[_i].words[0],
                  commands[_i].words[1], commands[_i].words[2] ? commands[_i].words[2] : "",
                  commands[_i].leaves ? " not" : "");
}
END_TEST

START_TEST(a_job_of_several_nodes_may_leave_this_one_whatever_the_command)
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
END_TEST

START_TEST(a_word_of_any_length_is_looked_at)
{
    enum { LONG = 1 << 20 };
    char *word = malloc(LONG + 1);
    const char *const command[] = {word, NULL};

    memset(word, 'x', LONG);
    word[LONG] = '\0';
    ck_assert(!cluster_may_leave_host(command, NULL));
    memset(word, '/', LONG);
    ck_assert(!cluster_may_leave_host(command, NULL));
    memcpy(word + LONG - 6, "mpirun", 6);
    ck_assert(cluster_may_leave_host(command, NULL));
    memset(word, ' ', LONG - 6);
    ck_assert(cluster_may_leave_host(command, NULL));
    free(word);
}
END_TEST

static char *compose(const char *user_value, const char *value)
{
    const struct variable variables[] = {
        {"IMDSHIM_TCP", value}, {"IMDSHIM_PORT", NULL}, {"IMDSHIM_EVENTS", "all"}};

    return cluster_compose_agent(user_value, variables, 3);
}

/* Without a quote: in an allocation of Slurm's there is no shell to take it away. */
START_TEST(the_agent_sets_the_variables_that_there_are)
{
    char *agent = compose(NULL, "node1:1:s:10.0.0.1");

    ck_assert_str_eq(agent, "env IMDSHIM_TCP=node1:1:s:10.0.0.1 IMDSHIM_EVENTS=all orted");
    free(agent);
}
END_TEST

START_TEST(the_users_own_agent_is_kept)
{
    char *agent = compose("/opt/bin/orted --debug", "v");

    ck_assert_str_eq(agent, "env IMDSHIM_TCP=v IMDSHIM_EVENTS=all /opt/bin/orted --debug");
    free(agent);
}
END_TEST

/* What orted's start is without any agent at all. */
START_TEST(a_users_agent_that_is_empty_is_none)
{
    char *agent = compose("", "v");

    ck_assert_str_eq(agent, "env IMDSHIM_TCP=v IMDSHIM_EVENTS=all orted");
    free(agent);
}
END_TEST

START_TEST(a_value_that_a_shell_on_its_way_would_change_is_refused)
{
    static const char *const values[] = {"'", "\"", "a$b", "`id`", "\\", "a\nb", "it's"};

    for (int i = 0; i < COUNT(values); i++)
        ck_assert_msg(compose(NULL, values[i]) == NULL, "taken: %s", values[i]);
}
END_TEST

/* Quoted as Open MPI has it: in a line for the remote shell. */
START_TEST(any_other_value_gets_through_two_shells)
{
    static const char value[] = " a  b*?[!x]~#;&|()<>{}%=:,.-+@^ ";
    char *agent = compose("printenv IMDSHIM_TCP", value), *line;
    struct shell shell;

    ck_assert_ptr_nonnull(agent);
    ck_assert_int_gt(asprintf(&line, "sh -c \"%s\"", agent), 0);
    setenv("LINE", line, 1);
    shell_run(&shell, "sh -c \"$LINE\"");
    ck_assert_str_eq(shell.out, " a  b*?[!x]~#;&|()<>{}%=:,.-+@^ \n");
    free(line);
    free(agent);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("cluster");
    TCase *decisions = tcase_create("decisions");
    TCase *shells = tcase_create("shells");

    suite_add_tcase(suite, decisions);
    tcase_set_timeout(decisions, 60);
    tcase_add_loop_test(decisions, a_word_that_is_a_runtimes_program_may_start_others_elsewhere,
                        0, COUNT(commands));
    tcase_add_test(decisions, a_job_of_several_nodes_may_leave_this_one_whatever_the_command);
    tcase_add_test(decisions, a_word_of_any_length_is_looked_at);
    tcase_add_test(decisions, the_agent_sets_the_variables_that_there_are);
    tcase_add_test(decisions, the_users_own_agent_is_kept);
    tcase_add_test(decisions, a_users_agent_that_is_empty_is_none);
    tcase_add_test(decisions, a_value_that_a_shell_on_its_way_would_change_is_refused);

    suite_add_tcase(suite, shells);
    tcase_set_timeout(shells, 60);
    tcase_add_checked_fixture(shells, sandbox_enter, sandbox_leave);
    tcase_add_test(shells, any_other_value_gets_through_two_shells);
    return suite;
}
