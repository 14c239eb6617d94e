/* An installed tree works wherever it is, and beside other preloads. */
#include "tests/support/suite.h"
#include "tests/system/support/launcher.h"

static const char *const places[] = {
    "plain",           "with space", "with:colon", "with:both of them",
    "a/deep/../place", "-dash",      "per%cent",
};

enum { PLACES = sizeof places / sizeof places[0], WITH_SEPARATOR = 1, SEPARATORS = 3 };

/* run and exec of a tree, heard by what they tell. */
static void assert_works(const char *place)
{
    struct shell shell;
    char expected[64];

    shell_run(&shell,
              TREE "$with \"$PWD/%s/bin/imdshim\" run -q -o port -- " ENGINE
                   " listen=127.0.0.1 print-port exit=4; echo $?; cat port",
              place);
    ck_assert_str_eq(shell.err, "");
    snprintf(expected, sizeof expected, "%d\n4\n127.0.0.1:%d\n", atoi(shell.out),
             atoi(shell.out));
    ck_assert_str_eq(shell.out, expected);
    shell_run(&shell,
              TREE "exec $with \"$PWD/%s/bin/imdshim\" exec --fd 3 -- " ENGINE
                   " listen=127.0.0.1 3>&1",
              place);
    ck_assert_str_eq(shell.err, "");
    ck_assert_int_eq(shell_count_lines(shell.out, " listening "), 1);
}

static void install(const char *place)
{
    struct shell shell;

    shell_run(&shell, TREE "mkdir -p a/deep; tree \"./%s\"", place);
    ck_assert_int_eq(shell_status(&shell), 0);
}

TEST_OPTIONS(IN_SANDBOX);

LOOP_TEST(a_tree_works_in_any_place, PLACES)
{
    install(places[_i]);
    assert_works(places[_i]);
}

LOOP_TEST(a_tree_that_is_moved_goes_on_working, WITH_SEPARATOR + SEPARATORS - 1)
{
    const char *from = places[_i], *to = places[(_i + 1) % PLACES];

    install(from);
    assert_works(from);
    ck_assert_int_eq(rename(from, to), 0);
    assert_works(to);
}

TEST(a_tree_that_is_installed_again_in_its_place_goes_on_working)
{
    struct shell shell;

    install("with space");
    assert_works("with space");
    shell_run(&shell, "rm -r 'with space'");
    install("with space");
    assert_works("with space");
}

TEST(a_tree_is_found_through_a_link_and_through_path)
{
    struct shell shell;

    install("tree");
    shell_run(&shell, TREE "ln -s tree/bin/imdshim link; $with ./link run -- " ENGINE
                           " listen=127.0.0.1 exit=4");
    ck_assert_int_eq(shell_status(&shell), 4);
    ck_assert_int_eq(shell_count_lines(shell.err, " listens on "), 1);
    shell_run(&shell, TREE "PATH=$PWD/tree/bin:$PATH $with imdshim run -- " ENGINE
                           " listen=127.0.0.1 exit=4");
    ck_assert_int_eq(shell_status(&shell), 4);
    ck_assert_int_eq(shell_count_lines(shell.err, " listens on "), 1);
}

/* Where a separator is in the path the library is named by a link, of which there is one. */
RANGE_TEST(the_link_is_in_the_private_directory_and_made_once, WITH_SEPARATOR,
           WITH_SEPARATOR + SEPARATORS)
{
    struct shell shell;

    install(places[_i]);
    assert_works(places[_i]);
    shell_run(&shell, "readlink imdshim-*/*; ls -A imdshim-* | wc -l");
    ck_assert_int_eq(shell_count_lines(shell.out, "/lib/imdshim/libimdshim.so\n"), 1);
    ck_assert_int_eq(shell_count_lines(shell.out, "1\n"), 1);
}

TEST(the_engine_starts_another_engine_after_we_are_gone)
{
    struct shell shell;

    install("with space");
    shell_run(&shell, TREE "$with \"$PWD/with space/bin/imdshim\" exec --fd 3 -- sh -c '" ENGINE
                           " listen=127.0.0.1; " ENGINE " listen=127.0.0.1' 3>events;"
                           "grep -c listening events");
    ck_assert_str_eq(shell.out, "2\n");
    ck_assert_str_eq(shell.err, "");
}

static const struct {
    const char *before, *after;
} preloads[] = {
    {"libm.so.6", "libm.so.6:"},
    {"'libm.so.6 libdl.so.2'", "libm.so.6 libdl.so.2:"},
    {"libm.so.6:libdl.so.2", "libm.so.6:libdl.so.2:"},
    {"''", ""},
};

/* valgrind changes the environment itself */
LOOP_TEST(the_preloads_of_the_user_stay_first, COUNT(preloads), .needs = launcher_is_bare)
{
    static const char *const prefixes[] = {"run -q --", "exec --fd 3 --"};
    struct shell shell;
    char expected[4096];

    snprintf(expected, sizeof expected, "%s%s\n", preloads[_i].after, sandbox_library());
    for (int i = 0; i < 2; i++) {
        shell_run(&shell,
                  "LD_PRELOAD=%s; export LD_PRELOAD; exec $IMDSHIM %s sh -c "
                  "'echo \"$LD_PRELOAD\"' 3>/dev/null",
                  preloads[_i].before, prefixes[i]);
        ck_assert_str_eq(shell.out, expected);
    }
}

TEST(the_library_is_not_preloaded_twice)
{
    struct shell shell;
    char expected[4096];

    snprintf(expected, sizeof expected, "%s\n", sandbox_library());
    shell_run(&shell,
              "exec $IMDSHIM run -q -- $IMDSHIM run -q -- $IMDSHIM exec --fd 3 -- sh -c "
              "'echo $LD_PRELOAD' 3>/dev/null");
    ck_assert_str_eq(shell.out, expected);
}

TEST(the_engine_has_no_other_variables_than_ours_in_addition, .needs = launcher_is_bare)
{
    struct shell shell;

    unsetenv("ASAN_OPTIONS");
    setenv("LC_ALL", "C", 1);
    shell_run(&shell, "env | sort >plain; $IMDSHIM run -q -- env | sort >run;"
                      "diff plain run | grep '^[<>]' | sed 's/=.*//'");
    ck_assert_str_eq(shell.out,
                     "> ASAN_OPTIONS\n> IMDSHIM_EVENTS\n> IMDSHIM_FIFO\n> IMDSHIM_TCP\n"
                     "> LD_PRELOAD\n> OMPI_IMDSHIM_EVENTS\n> OMPI_IMDSHIM_FIFO\n"
                     "> OMPI_IMDSHIM_TCP\n> OMPI_MCA_orte_launch_agent\n");
    shell_run(&shell, "env | sort >plain; $IMDSHIM exec --fd 3 -- env 3>/dev/null | sort >run;"
                      "diff plain run | grep '^[<>]' | sed 's/=.*//'");
    ck_assert_str_eq(shell.out, "> ASAN_OPTIONS\n> IMDSHIM_FD\n> LD_PRELOAD\n");
}
