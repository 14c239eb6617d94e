/*
 * Engines that no library can be preloaded into, under imdshim run: statically linked with
 * glibc, with musl, and in Go; behind a wrapper that clears the environment; in a foreign root.
 */
#include <stdio.h>
#include <string.h>

#include "tests/support/engines.h"
#include "tests/support/network.h"
#include "tests/support/suite.h"
#include "tests/system/support/launcher.h"
#include "tests/system/support/notify.h"

/* A client that connects and goes: in double quotes, for it stands in single ones. */
#define MEET(port) "bash -c \": <>/dev/tcp/127.0.0.1/" port "\""

static struct shell shell;

static void assert_status(int status)
{
    ck_assert_msg(shell_status(&shell) == status, "status %d:\n%s%s", shell_status(&shell),
                  shell.out, shell.err);
}

static void assert_says(const char *part)
{
    ck_assert_msg(strstr(shell.err, part) != NULL, "'%s' is not in:\n%s%s", part, shell.out,
                  shell.err);
}

/* ---- each kind of engine ---- */

static bool has_musl(void)
{
    return engines_have("musl-gcc");
}

static bool has_go(void)
{
    return engines_have("go");
}

/* Each ends when its client does. */
static const struct {
    const char *make, *before, *after; /* the port that it asks for */
    bool (*needs)(void);
} engines[] = {
    {MAKE_STATIC, "./static gmx ", " 3000", NULL},
    {MAKE_STATIC_MUSL, "./static gmx ", " 3000", has_musl},
    {MAKE_GO, "./static ", "", has_go},
    {"", "env -i $DOUBLES/engine gmx ", " 3000", NULL},
    {MAKE_STATIC, "sh -c './static gmx ", " 3000; exit $?'", NULL},
};

static bool make(int i)
{
    if (engines[i].needs != NULL && !engines[i].needs())
        return false;
    shell_run(&shell, "%s", engines[i].make);
    ck_assert_msg(shell_status(&shell) == 0, "%s", shell.err);
    return true;
}

static void run(const char *options, int i, unsigned port)
{
    shell_run(&shell, "exec $IMDSHIM run --backend notify %s -- %s%u%s", options,
              engines[i].before, port, engines[i].after);
}

TEST_OPTIONS(IN_SANDBOX, .needs = notify_can_be_had);

LOOP_TEST(a_client_is_started_with_the_port_when_the_engine_is_ready, COUNT(engines))
{
    if (!make(_i))
        return;
    run("-v -o port -c 'echo $IMD_PORT; " MEET("$IMD_PORT") "'", _i, 0);
    assert_status(0);
    ck_assert_uint_eq(engines_port_told(&shell), engines_port_in_text(shell.err));
    ck_assert_uint_eq((unsigned)atoi(shell.out), engines_port_told(&shell));
    assert_says("(asked for 0)");
    assert_says("imdshim: the engine waits for a client on port ");
    assert_says("a client came");
}

TEST(such_a_run_is_listed_as_others_are)
{
    char line[64];

    shell_run(&shell, MAKE_STATIC "exec $IMDSHIM run -c '$IMDSHIM list; " MEET(
                          "$IMD_PORT") "' -- ./static gmx 0 3000");
    assert_status(0);
    snprintf(line, sizeof line, "  ready      127.0.0.1:%u ", engines_port_told(&shell));
    ck_assert_msg(strstr(shell.out, line) != NULL, "%s", shell.out);
}

TEST(the_client_that_the_engine_accepts_is_told)
{
    shell_run(&shell, "exec $IMDSHIM run -v --backend notify -c 'exec $IMDSHIM watch $IMD_URL' "
                      "-- $DOUBLES/imd-engine frames=20 pace=50");
    assert_status(0);
    ck_assert_int_eq(shell_count_lines(shell.err, "the engine has accepted a client"), 1);
}

/* The engine asks for a port that another program has. */
LOOP_TEST(the_port_of_the_option_is_a_free_one_and_the_client_reaches_it, COUNT(engines))
{
    unsigned port = engines_free_port();
    char options[128];
    struct shell holder;

    if (!make(_i))
        return;
    snprintf(options, sizeof options, "-p %u -c '" MEET("%u") "'", port, port);
    shell_start(&holder, "exec $DOUBLES/engine 0.0.0.0 %u listen port until=done", port);
    ck_assert(shell_wait_for_err(&holder, "port"));
    run(options, _i, port);
    assert_status(0);
    ck_assert_uint_ne(engines_port_told(&shell), port);
    assert_says("a client came");
    make_file("done");
    shell_finish(&holder);
}

/* ---- which back end ---- */

TEST(a_static_engine_is_seen_without_being_asked)
{
    shell_run(&shell, MAKE_STATIC "$IMDSHIM run -c '" MEET("$IMD_PORT") "' -- "
                                                                        "./static gmx 0 3000");
    assert_status(0);
    assert_says("a client came");
    ck_assert_int_eq(shell_count_lines(shell.err, "imdshim: "), 1);
}

static const char *const refusals[][2] = {
    {"--backend nonsense", "imdshim: --backend 'nonsense': give preload or notify\n"},
    {"--backend notify --only-me", "imdshim: --backend notify cannot be had: --only-me needs"},
    {"--backend notify -m object=x",
     "imdshim: --backend notify cannot be had: --match object="},
    {"--backend preload", "imdshim: not loaded: ./static is statically linked"},
    {"--only-me", "imdshim: not loaded: ./static is statically linked"},
};

LOOP_TEST(what_cannot_be_had_is_said_in_a_line_and_nothing_is_started, COUNT(refusals))
{
    shell_run(&shell, MAKE_STATIC "exec $IMDSHIM run %s -c '>client' -- ./static pids",
              refusals[_i][0]);
    assert_status(125);
    assert_one_line(shell.err, refusals[_i][1]);
    ck_assert(!exists("engine") && !exists("client") && !exists("launcher"));
}

/* Such a program is a run of ours, or a container's. */
TEST(below_a_program_that_watches_too_it_is_refused_with_the_reason)
{
    shell_run(
        &shell, MAKE_STATIC
        "exec $IMDSHIM run -q --backend notify -- $IMDSHIM run -c '>client' -- ./static pids");
    assert_status(125);
    assert_one_line(shell.err, "imdshim: not loaded: ./static is statically linked");
    assert_says("a program above this one watches it by seccomp user notification already");
    ck_assert(!exists("client") && !exists("launcher"));
}

/* The engine itself runs as it would without us. */
TEST(below_a_program_that_watches_too_an_engine_without_a_client_runs)
{
    shell_run(&shell, MAKE_STATIC "exec $IMDSHIM run -q --backend notify -- $IMDSHIM run -- "
                                  "./static listen=127.0.0.1 exit=4");
    assert_status(4);
}

static bool can_be_set_id(void)
{
    return geteuid() == 0 && sandbox_honours_privileges()
               ? true
               : suite_skip("set-id engines", "needs root and a file system without nosuid");
}

/* It does what the user asks for, and says what that takes away. */
TEST(a_set_user_id_engine_is_seen_if_asked_for_and_that_it_has_no_privileges_is_said,
     .needs = can_be_set_id)
{
    shell_run(&shell,
              AS_NOBODY "chmod 4755 tree/engine; as_nobody $IMDSHIM run --backend notify "
                        "-- tree/engine listen=127.0.0.1 exit=4");
    assert_status(4);
    assert_says("tree/engine runs without its set-user-ID bit");
    assert_says("] listens on 127.0.0.1:");
}

/* ---- which socket ---- */

static const struct {
    const char *options, *taken;
} choices[] = {
    {"", "(asked for $a)"},
    {"-p $b", "(asked for $b)"},
    {"-m port=$b", "(asked for $b)"},
    {"-m exe=stati? -m port=$b", "(asked for $b)"},
};

LOOP_TEST(the_socket_that_is_meant_is_taken_and_the_other_named, COUNT(choices))
{
    unsigned first = engines_free_ports(2);

    shell_run(&shell,
              MAKE_STATIC
              "a=%u b=%u; $IMDSHIM run -v %s -- ./static tcp bind=127.0.0.1/$a listen "
              "tcp bind=127.0.0.1/$b listen; [ $? = 0 ] && echo \"%s\"",
              first, first + 1, choices[_i].options, choices[_i].taken);
    assert_status(0);
    shell.out[strcspn(shell.out, "\n")] = '\0';
    assert_says(shell.out);
    ck_assert_int_eq(shell_count_lines(shell.err, "] listens on 127.0.0.1:"), 1);
    ck_assert_int_eq(shell_count_lines(shell.err, "imdshim: ignored port "), 1);
}

TEST(the_socket_listens_where_the_option_says)
{
    unsigned port = engines_free_port();
    char told[64];

    shell_run(&shell, MAKE_STATIC "exec $IMDSHIM run -l 127.0.0.1:%u -- ./static gmx 0 1",
              port);
    assert_status(0);
    snprintf(told, sizeof told, "] listens on 127.0.0.1:%u (asked for 0)\n", port);
    assert_says(told);
    ck_assert_uint_eq(engines_port_in_text(shell.err), port);
}

TEST(a_port_in_use_is_named_with_what_to_do)
{
    unsigned port = engines_free_port();
    struct shell holder;

    shell_start(&holder, "exec $DOUBLES/engine 0.0.0.0 %u listen port until=done", port);
    ck_assert(shell_wait_for_err(&holder, "port"));
    shell_run(&shell, MAKE_STATIC "exec $IMDSHIM run -- ./static gmx %u 1", port);
    assert_status(1);
    assert_says("imdshim: cannot listen: static[");
    assert_says("which is in use");
    make_file("done");
    shell_finish(&holder);
}

/* The engine sees its own errors: of bind(2), of listen(2). */
TEST(an_engine_gets_the_errors_that_it_would_get)
{
    static const char steps[] =
        "tcp bind=1.2.3.4/0 tcp bind=127.0.0.1/0 bind=127.0.0.1/0 udp bind=127.0.0.1/0 listen";
    char alone[SHELL_OUTPUT];

    shell_run(&shell, MAKE_STATIC "./static %s", steps);
    memcpy(alone, shell.err, sizeof alone);
    ck_assert_int_eq(shell_count_lines(alone, "failed with"), 3);
    shell_run(&shell, "exec $IMDSHIM run -q -- ./static %s", steps);
    ck_assert_str_eq(shell.err, alone);
}

/* ---- ready ---- */

static const char *const methods[] = {
    "wait=accept",           "wait=accept4",       "wait=select accept", "wait=pselect accept",
    "wait=poll accept",      "wait=ppoll accept",  "wait=epoll accept",  "wait=gromacs accept",
    "wait=poll-many accept", "thread wait=accept",
};

/* Until the file is there, it waits for a client of another socket. */
LOOP_TEST(a_client_comes_when_the_engine_waits_and_not_before, COUNT(methods))
{
    shell_run(&shell,
              MAKE_STATIC "b=%u; exec $IMDSHIM run -v --backend notify -c '[ -e go ] && " MEET(
                  "$IMD_PORT") "' -- sh -c \"./static tcp bind=127.0.0.1/0 listen "
                               "listen=127.0.0.1/$b accept swap %s & sleep 0.5; >go; "
                               "bash -c ': <>/dev/tcp/127.0.0.1/$b'; wait\"",
              engines_free_port(), methods[_i]);
    assert_status(0);
    assert_says("imdshim: the engine waits for a client on port ");
}

/* ---- places ---- */

TEST(an_ordinary_user_needs_no_privilege)
{
    shell_run(&shell, AS_NOBODY MAKE_STATIC "install -m 755 static tree/static; echo '" MEET(
                          "8888") "' >meet; chmod 644 meet; as_nobody $IMDSHIM run -p 8888 -c "
                                  "'. ./meet' -- tree/static gmx 8888 3000");
    assert_status(0);
    assert_says("a client came");
}

static bool can_change_root(void)
{
    return geteuid() == 0 || suite_skip("engines in a foreign root", "needs root");
}

TEST(an_engine_in_a_foreign_root_is_seen_with_nothing_bound, .needs = can_change_root)
{
    shell_run(&shell,
              MAKE_STATIC "mkdir root; cp static root; exec $IMDSHIM run --backend notify "
                          "-p 8888 -c '" MEET("8888") "' -- chroot root "
                                                      "/static gmx 8888 3000");
    assert_status(0);
    assert_says("a client came");
}

static bool has_bwrap(void)
{
    return suite_has_program("bwrap", "engines in bubblewrap") &&
           (system("bwrap --bind / / true 2>/dev/null") == 0 ||
            suite_skip("engines in bubblewrap", "bwrap does not work here"));
}

TEST(an_engine_in_a_container_of_its_own_processes_is_seen, .needs = has_bwrap)
{
    shell_run(&shell, MAKE_STATIC
              "mkdir root; cp static root; exec $IMDSHIM run --backend notify -p 8888 -c "
              "'" MEET("8888") "' -- bwrap --bind root / --unshare-pid "
                               "--unshare-ipc --clearenv /static gmx 8888 3000");
    assert_status(0);
    assert_says("a client came");
}

static bool can_have_network(void)
{
    return network_can_be_had();
}

TEST(an_engine_in_a_network_of_its_own_is_told_to_be_cut_off, .needs = can_have_network)
{
    shell_run(&shell,
              MAKE_STATIC "exec $IMDSHIM run --backend notify -c '>client' -- unshare -n "
                          "./static gmx 0 3000");
    assert_says("is in a network namespace of its own");
    ck_assert(!exists("client"));
}
