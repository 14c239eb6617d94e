/* Bad input: one line on stderr, status 125, nothing started, nothing left behind. */
#include "tests/support/suite.h"
#include "tests/system/support/launcher.h"

#define START " touch started"

/* stdout empty, nothing but what the test has made in the directory. */
static void assert_refused(const struct shell *shell, const char *command)
{
    struct shell left;

    ck_assert_msg(shell_status(shell) == 125, "%s: status %d", command, shell_status(shell));
    assert_one_line(shell->err, "imdshim: ");
    ck_assert_str_eq(shell->out, "");
    shell_run(&left, "find . -mindepth 1 ! -path './[a-z]' ! -path './given*' ! -path './tree*'"
                     " ! -path './own*'; find . -type p ! -path './[a-z]'");
    ck_assert_msg(left.out[0] == '\0', "%s: leaves %s", command, left.out);
}

static const char *const usages[] = {
    "--no-such-option",
    "run",
    "run --",
    "run -q",
    "run -Z" START,
    "run -qZ" START,
    "run --no-such-option" START,
    "run --quiet=yes" START,
    "run --port-f 8888" START,
    "run --port=0" START,
    "run -p 65536" START,
    "run -p 8888x" START,
    "run -p -1" START,
    "run -p ''" START,
    "run -l ''" START,
    "run -l localhost" START,
    "run -l 127.0.0.300" START,
    "run -l ::1" START,
    "run -l '[::1'" START,
    "run -l 127.0.0.1:" START,
    "run -l :70000" START,
    "run -l :50100-50000" START,
    "run -l :0-10" START,
    "run -l :" START,
    "run -l :1-2-3" START,
    "run -l :1-" START,
    "run -l :-5" START,
    "run -l :1-65536" START,
    "run -l 8888" START,
    "run -l []:0" START,
    "run -l [127.0.0.1]" START,
    "run -l [fe80::1%lo]" START,
    "run -l *" START,
    "run -m name=lmp" START,
    "run -m port=" START,
    "run -m lmp" START,
    "run -m ''" START,
    "run -m =lmp" START,
    "run -m port=1 -m exe=" START,
    "run -m exe=$(printf %01030d 0)" START,
    "run -m port=1 -m port=1 -m port=1 -m port=1 -m port=1 -m port=1 -m port=1 -m port=1 "
    "-m port=1" START,
    "exec --fd 1 -p 0 --" START,
    "exec --fd 1 -l :5-4 --" START,
    "exec --fd 1 -m port --" START,
    "run --time 5 --" START,
    "run -c '' --" START,
    "run --fd 3" START,
    "run --fifo f" START,
    "run -t" START,
    "run -t -- " START,
    "run -t 0 --" START,
    "run -t -1 --" START,
    "run -t 1.5 --" START,
    "run -t 10s --" START,
    "run -t 0x10 --" START,
    "run -t 99999999999999999999 --" START,
    "run -t '' --" START,
    "run --timeout= --" START,
    "run -c",
    "run --client",
    "run -o",
    "run -S" START,
    "run --stop-with-client" START,
    "exec",
    "exec --fd 1",
    "exec" START,
    "exec --fd 1 --fifo f" START,
    "exec --fd" START,
    "exec --fd -1" START,
    "exec --fd 1x" START,
    "exec --fd 99999999999" START,
    "exec --fd 1 -t 5" START,
    "exec --fd 1 -c true" START,
    "exec --fd 1 --client true" START,
    "exec --fd 1 -o given" START,
    "exec --fd 1 --stop-with-client" START,
    "exec -d 1" START,
    "exec -f f" START,
    "exec --fd 9" START,
    "exec --fd 1000000" START,
    "exec --fd 3" START " 3</dev/null",
    "exec --fifo f" START,
    "exec --fifo ''" START,
    "exec --fifo g" START,
    "exec --fifo given" START,
    "exec --fifo /dev/null" START,
    "exec --fifo f/f" START,
    "check",
    "check -q" START,
    "check -t 1" START,
    "check --fd 1" START,
    "rum" START,
    "''",
};

enum { USAGES = sizeof usages / sizeof usages[0] };

TEST_OPTIONS(IN_SANDBOX);

TEST(bad_usage_is_refused)
{
    int step = launcher_is_wrapped() ? 4 : 1;
    struct shell shell;

    for (int i = _i % step; i < USAGES; i += step) {
        shell_run(&shell, ">g; mkdir -p given; exec $IMDSHIM %s", usages[i]);
        assert_refused(&shell, usages[i]);
    }
}

TEST(the_line_names_the_wrong_word)
{
    static const char *const words[][2] = {
        {"run --no-such-option x", "--no-such-option"},
        {"run -t ten x", "ten"},
        {"exec --fd 99 x", "99"},
        {"run -p 70000 x", "70000"},
        {"run -l :7-5 x", ":7-5"},
        {"run -m name=x x", "name=x"},
        {"exec --fifo nowhere x", "nowhere"},
        {"rum x", "rum"},
    };
    struct shell shell;

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        shell_run(&shell, "exec $IMDSHIM %s", words[i][0]);
        ck_assert_msg(strstr(shell.err, words[i][1]) != NULL, "%s", shell.err);
    }
}

/* After AS_NOBODY. */
static const char *const faults[] = {
    "rm tree/lib/imdshim/libimdshim.so; as_nobody $IMDSHIM run --" START,
    "rm tree/lib/imdshim/libimdshim.so; as_nobody $IMDSHIM exec --fd 1 --" START,
    "rm tree/lib/imdshim/libimdshim.so; as_nobody $IMDSHIM check true",
    "chmod 000 tree/lib/imdshim/libimdshim.so; as_nobody $IMDSHIM run --" START,
    "chmod 000 tree/lib/imdshim/libimdshim.so; as_nobody $IMDSHIM exec --fd 1 --" START,
    "mkfifo -m 444 f; as_nobody $IMDSHIM exec --fifo f --" START,
    "mkdir -m 555 given; TMPDIR=$PWD/given as_nobody $IMDSHIM run --" START,
    "TMPDIR=$PWD/missing as_nobody $IMDSHIM run --" START,
    "TMPDIR=/dev/null as_nobody $IMDSHIM run --" START,
    "TMPDIR=/$(printf %04000d 0) as_nobody $IMDSHIM run --" START,
    "TMPDIR=/$(printf %05000d 0) as_nobody $IMDSHIM run --" START,
};

/* The last ones are of TMPDIR, where valgrind has files too. */
enum { FAULTS = sizeof faults / sizeof faults[0], FAULTS_OF_TMPDIR = 5 };

LOOP_TEST(a_fault_of_the_surroundings_is_refused,
          launcher_is_wrapped() ? FAULTS - FAULTS_OF_TMPDIR : FAULTS)
{
    struct shell shell;

    shell_run(&shell, AS_NOBODY "%s", faults[_i]);
    ck_assert_msg(shell_status(&shell) == 125, "%s", shell.err);
    assert_refused(&shell, faults[_i]);
}

TEST(a_command_must_be_named)
{
    struct shell shell;

    shell_run(&shell, "exec $IMDSHIM");
    ck_assert_int_eq(shell_status(&shell), 125);
    ck_assert_str_eq(shell.out, "");
    ck_assert_int_eq(strncmp(shell.err, "usage: imdshim run ", 19), 0);
}

TEST(what_follows_the_engine_is_the_engines)
{
    static const char *const commands[] = {
        "run -q echo -t --fd -Z -- x",
        "run -q -- echo -t --fd -Z -- x",
        "exec --fd 3 echo -t --fd -Z -- x",
        "exec --fd=3 -- echo -t --fd -Z -- x",
    };
    struct shell shell;

    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        shell_run(&shell, "POSIXLY_CORRECT=; exec $IMDSHIM %s 3>/dev/null", commands[i]);
        ck_assert_str_eq(shell.out, "-t --fd -Z -- x\n");
    }
}

TEST(empty_arguments_and_odd_ones_arrive)
{
    static const char *const prefixes[] = {"run -q --", "exec --fd 3 --"};
    struct shell shell;

    for (int i = 0; i < 2; i++) {
        shell_run(&shell,
                  "exec $IMDSHIM %s printf '<%%s>' '' 'a b' '' '\\' '*' '\"' 3>/dev/null",
                  prefixes[i]);
        ck_assert_str_eq(shell.out, "<><a b><><\\><*><\">");
    }
}

TEST(check_answers_in_one_line_with_a_status)
{
    static const struct {
        const char *engine;
        int status;
    } engines[] = {
        {ENGINE, 0}, {"true", 0},      {"./script", 0}, {"no-such", 127}, {"./no-such", 127},
        {"''", 127}, {"./plain", 126}, {"/", 126},      {"./link", 0},
    };
    struct shell shell;

    for (size_t i = 0; i < sizeof engines / sizeof engines[0]; i++) {
        shell_run(&shell,
                  "PATH=/usr/bin:/bin; echo '#!/bin/sh' >script; chmod +x script; >plain; ln "
                  "-sf script link;"
                  "exec $IMDSHIM check %s",
                  engines[i].engine);
        ck_assert_msg(shell_status(&shell) == engines[i].status, "%s: %d", engines[i].engine,
                      shell_status(&shell));
        assert_one_line(shell.out, "");
        ck_assert_str_eq(shell.err, "");
    }
}

/* As execvp(3) of glibc does, and env(1) with it: whatever the launcher is linked with. */
TEST(a_script_without_an_interpreter_line_is_run_by_the_shell)
{
    static const char *const prefixes[] = {"run -q", "exec -q --fd 1"};
    struct shell shell;

    for (int i = 0; i < COUNT(prefixes); i++) {
        shell_run(
            &shell,
            "mkdir -p bin; printf 'echo \"$0 $1\"; exit 3' >bin/script; chmod +x bin/script;"
            "$IMDSHIM %s -- ./bin/script one; echo $?; PATH=/nowhere:bin:$PATH;"
            "exec $IMDSHIM %s -- script two",
            prefixes[i], prefixes[i]);
        ck_assert_int_eq(shell_status(&shell), 3);
        ck_assert_str_eq(shell.out, "./bin/script one\n3\nbin/script two\n");
    }
}
