/* The build, as distributions and clusters do it: from a copy of the sources, with their flags. */
#include "tests/support/suite.h"

#include "tests/support/engines.h"
#include "tests/support/sanitizer.h"
#include "tests/system/support/launcher.h"

/*
 * copy DIRECTORY: the sources there. built DIRECTORY ARGUMENT...: make in it, in silence. The
 * flags of the build that runs this test must not reach them.
 */
#define BUILDS                                                                                 \
    "unset MAKEFLAGS MFLAGS MAKELEVEL CFLAGS CPPFLAGS LDFLAGS SANITIZE BUILD CC;"              \
    "copy() { mkdir -p \"$1\" && cp -a \"$SOURCE/Makefile\" \"$SOURCE/shim\" "                 \
    "\"$SOURCE/launcher\" \"$1\"; };"                                                          \
    "built() { dir=$1; shift; make -s -j2 -C \"$dir\" \"$@\" >log 2>&1 || "                    \
    "{ cat log; exit 99; }; };"

#define LIBRARY "build/lib/imdshim/libimdshim.so"

/* Where it is not asked how well the code runs. */
#define FAST "CFLAGS=-O0"

static struct shell shell;

static void assert_passes(void)
{
    ck_assert_msg(shell_status(&shell) == 0, "status %d:\n%s%s", shell_status(&shell),
                  shell.out, shell.err);
}

TEST_OPTIONS(IN_SANDBOX);

/* With the first the launcher is built too. */
enum { LAUNCHER_TOO = 1 };

static const char *const flags[] = {
    "CFLAGS='-O2 -D_FORTIFY_SOURCE=3'",
    "CFLAGS='-O2 -flto -flto-partition=max'",
    "CFLAGS='-O2 -Wp,-D_FORTIFY_SOURCE=3'",
    "CFLAGS=-O3 CPPFLAGS=-D_FORTIFY_SOURCE=2",
    "CFLAGS='-O2 -flto=auto -ffat-lto-objects -fcf-protection -fstack-clash-protection' "
    "LDFLAGS='-Wl,-z,relro -Wl,-z,now -Wl,--as-needed'",
    "CFLAGS='-O0 -g3'",
    "CC=clang CFLAGS='-O2 -D_FORTIFY_SOURCE=2'",
};

/* Fortified functions end programs of other C libraries; dlsym is what keeps other preloads. */
LOOP_TEST(anyones_flags_leave_a_library_that_loads_anywhere, COUNT(flags))
{
    if (strstr(flags[_i], "clang") != NULL && !engines_have("clang"))
        return;
    shell_run(&shell,
              BUILDS "copy tree; built tree %s %s; nm -D tree/" LIBRARY ";"
                     "[ -e tree/build/bin/imdshim ] ||"
                     "install -D ${IMDSHIM##* } tree/build/bin/imdshim;"
                     "tree/build/bin/imdshim run -q -o port -- " ENGINE
                     " listen=127.0.0.1 && cat port",
              _i < LAUNCHER_TOO ? "" : LIBRARY, flags[_i]);
    assert_passes();
    ck_assert_ptr_nonnull(strstr(shell.out, "127.0.0.1:"));
    ck_assert_int_eq(shell_count_lines(shell.out, " dlsym@"), 1);
    /* What we export is defined, "T"; what the library lacks is undefined, "U". */
    for (const char *line = strtok(shell.out, "\n"); line != NULL; line = strtok(NULL, "\n"))
        ck_assert_msg(strstr(line, " U ") == NULL || strstr(line, "_chk") == NULL ||
                          strstr(line, "__stack_chk_fail") != NULL,
                      "%s", line);
}

/* Two links, and what the flags are. */
TEST(flags_of_the_builder_reach_the_compiler)
{
    shell_run(&shell, BUILDS "copy tree; make -C tree -n V=1 CPPFLAGS=-DONE CFLAGS=-DTWO "
                             "LDFLAGS=-Wl,--three >plan; grep -c -- ' -c -o ' plan;"
                             "grep -c -- ' -DONE -DTWO .*-c -o' plan; grep -c -- --three plan");
    assert_passes();
    ck_assert_int_gt(atoi(shell.out), 100);
    ck_assert_int_eq(atoi(shell.out), atoi(strchr(shell.out, '\n')));
    ck_assert_str_eq(strrchr(shell.out, '\n') - 2, "\n3\n");
}

TEST(the_bytes_are_the_same_wherever_it_is_built)
{
    shell_run(&shell,
              BUILDS "for d in one 'two words/longer'; do copy \"$d\"; built \"$d\" " FAST
                     "; done; cmp one/build/bin/imdshim two*/longer/build/bin/imdshim &&"
                     "cmp one/" LIBRARY " two*/longer/" LIBRARY);
    assert_passes();
}

static bool has_gold(void)
{
    return engines_have("ld.gold");
}

/* It knows fewer options, and ends at one that it does not know. */
TEST(another_linker_is_given_what_it_knows, .needs = has_gold)
{
    shell_run(&shell,
              BUILDS "copy tree; built tree " LIBRARY " " FAST " LDFLAGS=-fuse-ld=gold");
    assert_passes();
}

TEST(what_depends_on_a_changed_flag_or_version_is_built_again)
{
    shell_run(&shell,
              BUILDS "copy tree; cd tree; built . " FAST "; make -n " FAST " | grep -c .;"
                     "sed -i 's/^version = .*/version = 9.9.9/' Makefile;"
                     "built . " FAST "; build/bin/imdshim --version;"
                     "built . " LIBRARY " CFLAGS='-O0 -g'; make -n " LIBRARY
                     " CFLAGS='-O0 -g' | grep -c .;"
                     "make -n V=1 CFLAGS=-O3 | grep -c shim/hooks/calls.c");
    assert_passes();
    ck_assert_str_eq(shell.out, "1\nimdshim 9.9.9\n1\n1\n"); /* 1: "nothing to be done" */
}

TEST(a_header_that_changes_is_built_again_and_nothing_else)
{
    shell_run(&shell, BUILDS "copy tree; built tree " FAST "; touch tree/shim/hooks/gate.h;"
                             "make -C tree -n " FAST " | grep -c -- ' -c -o '");
    assert_passes();
    ck_assert_str_eq(shell.out, "4\n"); /* gate.c, poll.c, select.c and calls.c */
}

/* A sanitizer brings libraries of its own. */
static bool is_as_users_have_it(void)
{
    return !built_with_sanitizer();
}

/* On clusters there is nothing else, and nobody may install it. */
TEST(the_launcher_needs_the_c_library_alone, .needs = is_as_users_have_it)
{
    shell_run(&shell, "readelf -d \"$IMDSHIM\" | sed -n 's/.*(NEEDED).*\\[\\(.*\\)\\]/\\1/p'");
    ck_assert_str_eq(shell.out, "libc.so.6\n");
}
