/*
 * What shows imdshim to its users: the demo, and how other launchers learn the port.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/system/support/scripts.h"

#define NOT_WAITING "gmx -quiet mdrun -s argon.tpr -deffnm seg -nt 1 -imdterm -imdport 0 "
#define DEMO "BUILD=${DOUBLES%%/tests/doubles} $SOURCE/scripts/demo.sh"

static struct shell shell;

/* The README's Python, which is given its command and then says what it has learned. */
static const char *const learners[] = {
    "{ echo 'import os, subprocess, sys; command = sys.argv[1:]';"
    " sed -n '/^```python$/,/^```$/p' $SOURCE/README.md | grep -v '```';"
    " echo 'print(port, flush=True); sys.exit(engine.wait())'; } >client.py;"
    "exec python3 client.py",
    "exec $SOURCE/scripts/client.sh",
};

TEST_OPTIONS(.setup = scripts_enter, .teardown = sandbox_leave, .timeout = 120);

RANGE_TEST(other_launchers_learn_the_port_in_gromacs_own_log, engines_have("python3") ? 0 : 1,
           2, .needs = engines_have_gromacs)
{
    char port[16];

    engines_prepare_argon();
    shell_run(&shell, "%s " NOT_WAITING, learners[_i]);
    ck_assert_msg(shell_status(&shell) == 0, "%s", shell.err);
    snprintf(port, sizeof port, "%u%c", engines_port_in_log("seg.log"), _i == 0 ? '\n' : ' ');
    ck_assert_ptr_eq(strstr(shell.out, port), shell.out);
}

TEST(a_launcher_in_bash_ends_with_an_engine_that_never_listens)
{
    shell_run(&shell, "%s sh -c 'exit 3'", learners[1]);
    ck_assert_int_eq(shell_status(&shell), 3);
    ck_assert_ptr_nonnull(strstr(shell.out, "ended"));
}

TEST(the_demo_says_that_it_is_real_gromacs, .needs = engines_have_gromacs)
{
    shell_run(&shell, DEMO);
    ck_assert_msg(shell_status(&shell) == 0, "%.2000s", shell.out);
    ck_assert_ptr_eq(strstr(shell.out, "imdshim demo: real GROMACS 20"), shell.out);
    ck_assert_ptr_nonnull(strstr(shell.out, "5001 frames of 216 atoms"));
    ck_assert_str_eq(shell.err, "");
    shell_run(&shell, "ls | grep -v -e '^bin$' -e '^imdshim-'");
    ck_assert_str_eq(shell.out, "");
}

/* The same tools, but no gmx among them. */
#define NO_GMX                                                                                 \
    "for tool in sh dirname mktemp sed head rm cat make; do ln -s $(command -v $tool) bin; "   \
    "done;"                                                                                    \
    "PATH=$PWD/bin;"

TEST(the_demo_without_gromacs_says_that_it_is_not)
{
    shell_run(&shell, NO_GMX DEMO);
    ck_assert_msg(shell_status(&shell) == 0, "%s %s", shell.out, shell.err);
    ck_assert_ptr_eq(strstr(shell.out, "imdshim demo: NOT GROMACS"), shell.out);
    ck_assert_ptr_nonnull(strstr(shell.out, " frames of "));
}

#define LIAR                                                                                   \
    "mkdir -p liar/bin liar/tests && ln -s $DOUBLES liar/tests/doubles &&"                     \
    "set -- $IMDSHIM && first=$(command -v $1) && shift &&"                                    \
    "printf '#!/bin/sh\\n{ %%s \"$@\" 2>&1 >&3 | %%s >&2; } 3>&1\\n'"                          \
    " \"$first $*\" 'sed \"s/:[0-9]* (asked/:1 (asked/\"' >liar/bin/imdshim &&"                \
    "chmod +x liar/bin/imdshim;"

TEST(the_demo_fails_if_another_port_was_told)
{
    shell_run(&shell, LIAR NO_GMX "BUILD=$TMPDIR/liar $SOURCE/scripts/demo.sh");
    ck_assert_int_eq(shell_status(&shell), 1);
    ck_assert_ptr_nonnull(strstr(shell.out, "The demo FAILED"));
    ck_assert_msg(strstr(shell.out, " frames of ") != NULL, "%s %s", shell.out, shell.err);
    ck_assert_ptr_nonnull(strstr(shell.out, ":1 (asked for 0)"));
    ck_assert_ptr_null(strstr(shell.out, "none"));
}
