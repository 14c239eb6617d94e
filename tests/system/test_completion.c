/*
 * Completion in bash, zsh and fish: each shell is asked what it offers, tests/support/complete.sh.
 */
#include "tests/support/engines.h"
#include "tests/support/suite.h"
#include "tests/system/support/launcher.h"

static const char *const shells[] = {"bash", "zsh", "fish"};

enum { SHELLS = COUNT(shells) };

#define COMPLETE "$SOURCE/tests/support/complete.sh "

static struct shell shell, run;

static bool can_ask(const char *name)
{
    return engines_have(name) &&
           (strcmp(name, "bash") != 0 || exists("/usr/share/bash-completion/bash_completion") ||
            suite_skip("completion in bash", "no bash-completion here"));
}

/* An installed tree, in it an engine that has completions of its own, and files to complete. */
static void enter(void)
{
    sandbox_enter();
    shell_run(&shell,
              "unset MAKEFLAGS MFLAGS MAKELEVEL; make -s -C \"$SOURCE\" -o all install "
              "BUILD=\"${DOUBLES%%/tests/doubles}\" PREFIX=\"$PWD/tree\" &&"
              "ln \"$DOUBLES/launcher-engine\" tree/bin/fake-engine && touch some-file &&"
              "echo \"_fake() { COMPREPLY=(\\$(compgen -W '--imd-port --imd-wait' -- "
              "\\${COMP_WORDS[COMP_CWORD]})); }; complete -F _fake fake-engine\" >bash &&"
              "echo \"_fake() { _arguments '--imd-port[x]' '--imd-wait[x]' '*:x:'; };"
              "compdef _fake fake-engine\" >zsh &&"
              "echo 'complete -c fake-engine -l imd-port; complete -c fake-engine -l imd-wait' "
              ">fish");
    ck_assert_msg(shell_status(&shell) == 0, "%s", shell.err);
}

/* What is offered for the lines, a line each. */
static void ask(const char *name, const char *lines)
{
    shell_run(&shell, COMPLETE "%s \"$PWD/tree\" %s", name, lines);
    ck_assert_msg(shell.err[0] == '\0', "%s, %s: %s", name, lines, shell.err);
}

TEST_OPTIONS(.setup = enter, .teardown = sandbox_leave, .timeout = 120);

static const struct {
    const char *line, *offered;
} cases[] = {
    {"imdshim l", "list"},
    {"imdshim help w", "watch"},
    {"imdshim run --po", "--port --port-file"},
    {"imdshim exec -q --li", "--listen"},
    {"imdshim run --port ", ""},
    {"imdshim exec --when ", "listening ready"},
    {"imdshim run --when=l", "listening"},
    {"imdshim run --backend ", "notify preload"},
    {"imdshim run --match ", "exe= object= port="},
    {"imdshim run --port-file some-", "some-file"},
    {"imdshim run --port-file=some-", "some-file"},
    {"imdshim exec --fifo some-", "some-file"},
    {"imdshim run -qo some-", "some-file"},
    {"imdshim run --client fake-en", "fake-engine"},
    {"imdshim run fake-en", "fake-engine"},
    {"imdshim run -- fake-en", "fake-engine"},
    {"imdshim check fake-en", "fake-engine"},
    {"imdshim exec --fd 3 -qp 8888 --listen [::1]:50 -- fake-en", "fake-engine"},
    {"imdshim run fake-engine --imd-", "--imd-port --imd-wait"},
    {"imdshim run -- fake-engine --imd-w", "--imd-wait"},
    {"imdshim run -p8888 --port-file=x:y -- fake-engine --imd-w", "--imd-wait"},
    {"imdshim run -vp 8888 fake-engine x:y=z --imd-w", "--imd-wait"},
    {"imdshim run -- fake-engine --qui", ""},
    {"imdshim check fake-engine --imd-", ""},
    {"imdshim nonsense --", ""},
};

LOOP_TEST(what_fits_is_offered_and_nothing_else, SHELLS)
{
    static char lines[8192];
    char *offered;

    if (!can_ask(shells[_i]))
        return;
    for (int i = 0; i < COUNT(cases); i++)
        sprintf(lines + strlen(lines), " '%s'", cases[i].line);
    ask(shells[_i], lines);
    offered = shell.out;
    for (int i = 0; i < COUNT(cases); i++) {
        char *one = strsep(&offered, "\n");

        ck_assert_ptr_nonnull(offered);
        ck_assert_msg(strcmp(one, cases[i].offered) == 0, "%s offers '%s' for '%s'", shells[_i],
                      one, cases[i].line);
    }
}

/* What --help names is what there is: a new command or option needs nothing here. */
LOOP_TEST(every_command_is_offered, SHELLS)
{
    if (!can_ask(shells[_i]))
        return;
    shell_run(
        &shell,
        "tree/bin/imdshim help | "
        "grep -o ' imdshim [a-z]*' | cut -c 10- | sort -u >commands;" COMPLETE
        "%s \"$PWD/tree\" 'imdshim ' | tr ' ' '\\n' | grep -v '^--' | diff - commands >&2;"
        "wc -l <commands",
        shells[_i]);
    ck_assert_str_eq(shell.err, "");
    ck_assert_int_ge(atoi(shell.out), 6);
}

LOOP_TEST(every_option_of_every_command_is_offered, SHELLS)
{
    if (!can_ask(shells[_i]))
        return;
    shell_run(
        &shell,
        "for command in $(tree/bin/imdshim help | grep -o ' imdshim [a-z]*' | cut -c 10- |"
        "grep -v help); do "
        "tree/bin/imdshim $command --help | sed -n 's/^  \\(.*--[^ ]*\\) .*/\\1/p' |"
        "tr -d , | tr ' ' '\\n' | grep . | sort >options;" COMPLETE
        "%s \"$PWD/tree\" \"imdshim $command -\" | tr ' ' '\\n' | grep . | sort |"
        "comm -13 - options >&2; cat options; done | wc -l",
        shells[_i]);
    ck_assert_str_eq(shell.err, "");
    ck_assert_int_ge(atoi(shell.out), 40);
}

LOOP_TEST(watch_is_offered_where_the_runs_of_this_user_listen, SHELLS)
{
    char port[64], expected[256];

    if (!can_ask(shells[_i]))
        return;
    ask(shells[_i], "'imdshim watch '");
    ck_assert_str_eq(shell.out, "\n");
    shell_start(&run, "exec tree/bin/imdshim run -q -o port -- " ENGINE
                      " listen=127.0.0.1 until=end");
    wait_for_file("port");
    read_line("port", port, sizeof port);
    /* readline has a word of its own behind the colon */
    snprintf(expected, sizeof expected, "%s\n%s\n", port,
             strcmp(shells[_i], "bash") == 0 ? strchr(port, ':') + 1 : port);
    ask(shells[_i], "'imdshim watch ' 'imdshim watch 127.0.0.1:'");
    ck_assert_str_eq(shell.out, expected);
    make_file("end");
    shell_finish(&run);
}

/* Its own completion, as Debian's package has it. */
TEST(gromacs_completes_as_it_does_by_itself, .needs = engines_have_gromacs)
{
    if (!can_ask("bash"))
        return;
    ask("bash", "'imdshim run -p 8888 -- gmx mdrun -deff'");
    ck_assert_str_eq(shell.out, "-deffnm\n");
}
