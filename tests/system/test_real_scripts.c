/*
 * The scripts that show imdshim to its users: the demo, the example clients, WESTPA's
 * runseg.sh.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/support/engines.h"
#include "tests/support/sandbox.h"
#include "tests/support/shell.h"
#include "tests/support/suite.h"

#define NOT_WAITING "gmx -quiet mdrun -s argon.tpr -deffnm seg -nt 1 -imdterm -imdport 0 "
#define DEMO "BUILD=${DOUBLES%%/tests/doubles} $SOURCE/scripts/demo.sh"

static struct shell shell;

/* The examples call imdshim by its name; under test it may be a command with a prefix. */
static void enter(void)
{
    sandbox_enter();
    shell_run(
        &shell,
        "mkdir bin && echo \"exec $IMDSHIM \\\"\\$@\\\"\" >bin/imdshim &&"
        "sed -i '1i#!/bin/sh' bin/imdshim && chmod +x bin/imdshim && echo $PWD/bin:$PATH");
    ck_assert_int_eq(shell_status(&shell), 0);
    shell.out[strcspn(shell.out, "\n")] = '\0';
    setenv("PATH", shell.out, 1);
}

START_TEST(example_clients_print_the_port_in_gromacs_own_log)
{
    static const char *const clients[] = {"client.py", "client.sh"};
    char port[16];

    engines_prepare_argon();
    shell_run(&shell, "$SOURCE/scripts/%s " NOT_WAITING, clients[_i]);
    ck_assert_msg(shell_status(&shell) == 0, "%s", shell.err);
    snprintf(port, sizeof port, "%u%c", engines_port_in_log("seg.log"), _i == 0 ? '\n' : ' ');
    ck_assert_ptr_eq(strstr(shell.out, port), shell.out);
}
END_TEST

START_TEST(example_clients_end_with_an_engine_that_never_listens)
{
    static const char *const clients[] = {"client.py", "client.sh"};

    shell_run(&shell, "$SOURCE/scripts/%s sh -c 'exit 3'", clients[_i]);
    ck_assert_int_eq(shell_status(&shell), 3);
    ck_assert_ptr_nonnull(strstr(shell.out, "ended"));
}
END_TEST

/* A simulation's files as WESTPA's GROMACS tutorials have them. The client is a script here. */
#define WESTPA                                                                                 \
    "mkdir gromacs_config westpa_scripts && cp argon.top gromacs_config/topol.top &&"          \
    "sed 's/gen-seed.*/gen-seed = RAND/' argon.mdp >gromacs_config/md.mdp &&"                  \
    "printf '#!/bin/sh\\n%%s\\n' '%s' >westpa_scripts/pcoord.py &&"                            \
    "chmod +x westpa_scripts/pcoord.py && export WEST_SIM_ROOT=$PWD WEST_RAND16=4711 &&"       \
    "segment() { WEST_PARENT_DATA_REF=$PWD/$1 WEST_CURRENT_SEG_DATA_REF=$PWD/$2"               \
    " WEST_PCOORD_RETURN=$PWD/$2.pcoord WEST_CURRENT_SEG_INITPOINT_TYPE=SEG_INITPOINT_$3"      \
    " $SOURCE/scripts/runseg.sh >$2.log 2>&1; };"

START_TEST(runseg_returns_what_the_client_computes)
{
    engines_prepare_argon();
    shell_run(&shell,
              WESTPA "segment argon.gro first NEWTRAJ && segment first second CONTINUES &&"
                     "cat first.pcoord second.pcoord && ls second/seg.gro second/seg.cpt",
              "exec imdshim watch \"$1\"");
    ck_assert_msg(shell_status(&shell) == 0, "%s", shell.err);
    ck_assert_int_eq(shell_count_lines(shell.out, "501 frames of 216 atoms"), 2);
}
END_TEST

START_TEST(runseg_fails_if_the_client_does)
{
    engines_prepare_argon();
    shell_run(&shell, WESTPA "segment argon.gro first NEWTRAJ", "exit 7");
    ck_assert_int_eq(shell_status(&shell), 7);
}
END_TEST

START_TEST(the_demo_says_that_it_is_real_gromacs)
{
    shell_run(&shell, DEMO);
    ck_assert_msg(shell_status(&shell) == 0, "%.2000s", shell.out);
    ck_assert_ptr_eq(strstr(shell.out, "imdshim demo: real GROMACS 20"), shell.out);
    ck_assert_ptr_nonnull(strstr(shell.out, "5001 frames of 216 atoms"));
    ck_assert_str_eq(shell.err, "");
    shell_run(&shell, "ls | grep -v -e '^bin$' -e '^imdshim-'");
    ck_assert_str_eq(shell.out, "");
}
END_TEST

/* The same tools, but no gmx among them. */
#define NO_GMX                                                                                 \
    "for tool in sh dirname mktemp sed head rm cat make; do ln -s $(command -v $tool) bin; "   \
    "done;"                                                                                    \
    "PATH=$PWD/bin;"

START_TEST(the_demo_without_gromacs_says_that_it_is_not)
{
    shell_run(&shell, NO_GMX DEMO);
    ck_assert_msg(shell_status(&shell) == 0, "%s %s", shell.out, shell.err);
    ck_assert_ptr_eq(strstr(shell.out, "imdshim demo: NOT GROMACS"), shell.out);
    ck_assert_ptr_nonnull(strstr(shell.out, " frames of "));
}
END_TEST

#define LIAR                                                                                   \
    "mkdir -p liar/bin liar/tests && ln -s $DOUBLES liar/tests/doubles &&"                     \
    "set -- $IMDSHIM && first=$(command -v $1) && shift &&"                                    \
    "printf '#!/bin/sh\\n{ %%s \"$@\" 2>&1 >&3 | %%s >&2; } 3>&1\\n'"                          \
    " \"$first $*\" 'sed \"s/:[0-9]* (asked/:1 (asked/\"' >liar/bin/imdshim &&"                \
    "chmod +x liar/bin/imdshim;"

START_TEST(the_demo_fails_if_another_port_was_told)
{
    shell_run(&shell, LIAR NO_GMX "BUILD=$TMPDIR/liar $SOURCE/scripts/demo.sh");
    ck_assert_int_eq(shell_status(&shell), 1);
    ck_assert_ptr_nonnull(strstr(shell.out, "The demo FAILED"));
    ck_assert_msg(strstr(shell.out, " frames of ") != NULL, "%s %s", shell.out, shell.err);
    ck_assert_ptr_nonnull(strstr(shell.out, ":1 (asked for 0)"));
    ck_assert_ptr_null(strstr(shell.out, "none"));
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("scripts");
    TCase *tests = tcase_create("scripts");
    int first_client = engines_have("python3") ? 0 : 1;

    suite_add_tcase(suite, tests);
    tcase_add_checked_fixture(tests, enter, sandbox_leave);
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, the_demo_without_gromacs_says_that_it_is_not);
    tcase_add_test(tests, the_demo_fails_if_another_port_was_told);
    tcase_add_loop_test(tests, example_clients_end_with_an_engine_that_never_listens,
                        first_client, 2);
    if (!engines_have("gmx"))
        return suite;
    tcase_add_loop_test(tests, example_clients_print_the_port_in_gromacs_own_log, first_client,
                        2);
    tcase_add_test(tests, runseg_returns_what_the_client_computes);
    tcase_add_test(tests, runseg_fails_if_the_client_does);
    tcase_add_test(tests, the_demo_says_that_it_is_real_gromacs);
    return suite;
}
