/* Which file a command executes, if it names a dynamic linker. */
#include "launcher/preload/program.h"

#include <stddef.h>

#include "launcher/preload/preflight.h"
#include "tests/support/sandbox.h"
#include "tests/support/shell.h"
#include "tests/support/suite.h"

#define LD "/lib64/ld-linux-x86-64.so.2"

static const struct {
    const char *command[8], *program;
} commands[] = {
    {{LD, "./engine", "-imdport", "0"}, "./engine"},
    {{LD, "--preload", "a.so", "./engine"}, "./engine"},
    {{LD, "--library-path", "/a:/b", "--argv0", "x", "./engine", "--list"}, "./engine"},
    {{LD, "--inhibit-cache", "./engine"}, "./engine"},
    {{"ld-musl-x86_64.so.1", "--library-path=/a", "--", "./engine"}, "./engine"},
    {{"ld-musl-x86_64.so.1", "--preload=a.so", "engine"}, "engine"},
    {{LD, "--list", "./engine"}, NULL},
    {{LD, "--help"}, NULL},
    {{LD, "--preload"}, NULL},
    {{LD, "--preload", "a.so"}, NULL},
    {{LD, "--"}, NULL},
    {{LD}, NULL},
};

TEST_OPTIONS(IN_SANDBOX);

LOOP_TEST(the_program_that_a_linker_runs_is_found, COUNT(commands))
{
    const char *program = program_of_linker(commands[_i].command);

    if (commands[_i].program == NULL)
        ck_assert_ptr_null(program);
    else
        ck_assert_pstr_eq(program, commands[_i].program);
}

static const struct {
    const char *path;
    bool is_linker;
} paths[] = {
    {LD, true},
    {"/lib/ld-musl-x86_64.so.1", true},
    {"/lib64/ld64.so.2", true},
    {"ld-2.31.so", true},
    {"./ld.so.1", true},
    {"/usr/bin/ld", false},
    {"/usr/bin/ld-engine", false},
    {"/lib/ld-linux-x86-64.so.2/engine", false},
    {"", false},
};

LOOP_TEST(a_linker_is_known_by_its_name, COUNT(paths))
{
    ck_assert(program_is_linker(paths[_i].path) == paths[_i].is_linker);
}

/* The linker itself is a static program: that says nothing of what it runs. */
TEST(the_program_is_examined_and_not_its_linker)
{
    struct shell shell;

    shell_run(&shell, "linker=$(ldd /bin/true | sed -n 's,[^/]*\\(/[^ ]*ld-[^ ]*\\).*,\\1,p');"
                      "exec $IMDSHIM run -- $linker $DOUBLES/launcher-engine listen=127.0.0.1"
                      " exit=4");
    ck_assert_int_eq(shell_status(&shell), 4);
    ck_assert_int_eq(shell_count_lines(shell.err, "listens on 127.0.0.1"), 1);
    ck_assert_int_eq(shell_count_lines(shell.err, "not loaded"), 0);
    shell_run(&shell, "linker=$(ldd /bin/true | sed -n 's,[^/]*\\(/[^ ]*ld-[^ ]*\\).*,\\1,p');"
                      "$IMDSHIM check $linker");
    ck_assert_int_eq(shell_status(&shell), 1);
    ck_assert_int_eq(shell_count_lines(shell.out, "is a dynamic linker"), 1);
}
