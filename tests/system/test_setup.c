/*
 * scripts/setup.sh in a world of its own: PATH is a folder with the few tools that it needs,
 * and id, sudo and apt-get are ours. What apt-get is asked for is noted in the file calls.
 */
#include <string.h>

#include "tests/support/engines.h"
#include "tests/support/sandbox.h"
#include "tests/support/shell.h"
#include "tests/support/suite.h"

#define TOOL(name, script)                                                                     \
    "printf '#!/bin/sh\\n" script "\\n' >bin/" name "; chmod +x bin/" name ";"
#define WORLD                                                                                  \
    "mkdir bin; for tool in sh env find grep cat chmod cc make; do"                            \
    " ln -s $(command -v $tool) bin; done; PATH=$PWD/bin;"
#define SETUP "$SOURCE/scripts/setup.sh "

#define ROOT TOOL("id", "echo 0")
#define USER TOOL("id", "echo 1000") TOOL("sudo", "exit 1")
#define SUDOER                                                                                 \
    TOOL("id", "echo 1000")                                                                    \
    TOOL("true", "exit 0") TOOL("sudo", "echo \"sudo $1\" >>calls; shift; exec \"$@\"")
#define GMX TOOL("gmx", "exit 0")
#define APT_INSTALLS                                                                           \
    TOOL("apt-get", "echo \"$*\" >>calls\\ncat bin/sh >bin/gmx; chmod +x bin/gmx")
#define APT_FAILS TOOL("apt-get", "echo \"$*\" >>calls; exit 100")

#define INSTALL_GROMACS "install --no-install-recommends gromacs\n"

static struct shell shell;

TEST_OPTIONS(IN_SANDBOX);

TEST(where_nothing_is_lacking_nothing_happens)
{
    shell_run(&shell, WORLD ROOT GMX APT_INSTALLS SETUP "build demo");
    ck_assert_int_eq(shell_status(&shell), 0);
    ck_assert_str_eq(shell.out, "");
    ck_assert_str_eq(shell.err, "");
    ck_assert_str_eq(engines_read("calls"), "");
}

TEST(root_installs_what_is_lacking_and_only_that)
{
    shell_run(&shell, WORLD ROOT APT_INSTALLS SETUP "build demo");
    ck_assert_msg(shell_status(&shell) == 0, "%s", shell.err);
    ck_assert_int_eq(shell_count_lines(engines_read("calls"), "install "), 1);
    ck_assert_ptr_nonnull(strstr(engines_read("calls"), INSTALL_GROMACS));
    ck_assert_str_eq(shell.out, "");
}

TEST(sudo_is_used_where_it_does_not_ask)
{
    shell_run(&shell, WORLD SUDOER APT_INSTALLS SETUP "demo");
    ck_assert_msg(shell_status(&shell) == 0, "%s", shell.err);
    ck_assert_ptr_nonnull(strstr(engines_read("calls"), INSTALL_GROMACS));
    ck_assert_int_eq(shell_count_lines(engines_read("calls"), "sudo -n"),
                     1 + shell_count_lines(engines_read("calls"), "-q"));
}

TEST(others_are_told_the_one_command_to_type)
{
    shell_run(&shell, WORLD USER APT_INSTALLS SETUP "build demo");
    ck_assert_int_eq(shell_status(&shell), 2);
    ck_assert_ptr_nonnull(strstr(shell.err, "    sudo apt-get " INSTALL_GROMACS));
    ck_assert_str_eq(engines_read("calls"), "");
}

/* The demo can do without GROMACS, the build cannot do without make. */
TEST(what_is_needed_and_lacking_is_a_failure)
{
    shell_run(&shell, WORLD USER APT_INSTALLS "command -p rm bin/make;" SETUP "build demo");
    ck_assert_int_eq(shell_status(&shell), 1);
    ck_assert_ptr_nonnull(strstr(shell.err, "--no-install-recommends make gromacs\n"));
}

TEST(an_installation_that_fails_is_tried_again_with_new_lists)
{
    const char *again;

    shell_run(&shell, WORLD ROOT APT_FAILS SETUP "demo");
    ck_assert_int_eq(shell_status(&shell), 2);
    again = strstr(engines_read("calls"), INSTALL_GROMACS);
    ck_assert_ptr_nonnull(again);
    ck_assert_ptr_nonnull(strstr(again, "-q update\n"));
}

TEST(without_apt_the_names_are_told)
{
    shell_run(&shell, WORLD ROOT SETUP "demo");
    ck_assert_int_eq(shell_status(&shell), 2);
    ck_assert_ptr_nonnull(strstr(shell.err, "no apt-get here"));
    ck_assert_ptr_nonnull(strstr(shell.err, ": gromacs\n"));
}
