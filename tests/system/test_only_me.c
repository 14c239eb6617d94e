/* --only-me: another user's connection is closed before the engine sees it. */
#include "tests/support/suite.h"
#include "tests/system/support/launcher.h"

static struct shell shell;

/* The engine with its events, and clients in the order in which they come. */
#define ENGINE_AND_CLIENTS                                                                     \
    "rm -f err; exec 9>events; %s $DOUBLES/engine %s >served 2>err 9>&9 & engine=$!; n=0;"     \
    "until port=$(sed -n 's/^port //p' err) && [ \"$port\" ]; do sleep 0.01; n=$((n + 1));"    \
    "[ $n -lt 3000 ] || exit 98; done;"                                                        \
    "$DOUBLES/knock %s $port %s; knock=$?; wait $engine && [ $knock = 0 ] || { cat err >&2; "  \
    "exit 96; };"                                                                              \
    "cat served; cat events >&2"
#define ONLY_ME "$IMDSHIM exec --only-me -v --fd 9 --"

static void meet(const char *prefix, const char *engine, const char *target, const char *who)
{
    shell_run(&shell, ENGINE_AND_CLIENTS, prefix, engine, target, who);
    ck_assert_msg(shell_status(&shell) == 0, "%s, %s: status %d: %s%s", engine, who,
                  shell_status(&shell), shell.out, shell.err);
}

#define LISTENS "listen=127.0.0.1 "

static const struct {
    const char *engine, *served; /* as accept(2) has it */
} methods[] = {
    {LISTENS "port wait=select accept echo", "127.0.0.1 16"},
    {LISTENS "port wait=pselect accept=little-room echo", "0.0.0.0 16"},
    {LISTENS "port wait=poll accept echo", "127.0.0.1 16"},
    {LISTENS "port wait-duplicate=poll accept echo", "127.0.0.1 16"},
    {LISTENS "port wait=ppoll-time accept=unnamed echo", "unnamed 128"},
    {LISTENS "port wait=poll-chk accept=flags echo", "127.0.0.1 16"},
    {LISTENS "port wait=ppoll-chk accept echo", "127.0.0.1 16"},
    {LISTENS "port wait=gromacs accept echo", "127.0.0.1 16"},
    {LISTENS "port accept echo", "127.0.0.1 16"},
    {LISTENS "port accept=little-room echo", "0.0.0.0 16"},
    {LISTENS "port accept=unnamed echo", "unnamed 128"},
    {LISTENS "port accept=flags echo", "127.0.0.1 16"},
    {LISTENS "port accept=nonblocking echo", "127.0.0.1 16"},
    {LISTENS "port accept=epoll echo", "127.0.0.1 16"},
    {LISTENS "port fork wait=poll accept echo", "127.0.0.1 16"},
    {LISTENS "close " LISTENS "port wait=poll accept echo", "127.0.0.1 16"},
    {LISTENS "others=20 port wait=poll accept echo", "127.0.0.1 16"},
};

enum { METHODS = COUNT(methods) };

static bool is_root(void)
{
    return geteuid() == 0 ||
           suite_skip("another user's connections", "only root can be another user");
}

TEST_OPTIONS(IN_SANDBOX);

LOOP_TEST(a_stranger_is_hung_up_on_and_the_engine_waits_on, METHODS, .needs = is_root)
{
    char expected[128];

    meet(ONLY_ME, methods[_i].engine, "127.0.0.1", "other other-gone me");
    snprintf(expected, sizeof expected, "other closed\nme served\nserved %s\n",
             methods[_i].served);
    ck_assert_str_eq(shell.out, expected);
    ck_assert_int_eq(shell_count_lines(shell.err, " denied "), 1);
    ck_assert_int_eq(shell_count_lines(shell.err, " uid=65534"), 1);
}

LOOP_TEST(one_of_ours_is_found_among_strangers, METHODS, .needs = is_root)
{
    char expected[128];

    meet(ONLY_ME, methods[_i].engine, "127.0.0.1", "at-once other other-gone me other");
    snprintf(expected, sizeof expected, "served %s\n", methods[_i].served);
    ck_assert_int_eq(shell_count_lines(shell.out, "other closed"), 2);
    ck_assert_ptr_nonnull(strstr(shell.out, "me served\n"));
    ck_assert_ptr_nonnull(strstr(shell.out, expected));
}

LOOP_TEST(without_strangers_the_engine_sees_what_it_sees_without_us, METHODS)
{
    char without[SHELL_OUTPUT];

    meet("", methods[_i].engine, "127.0.0.1", "me");
    strcpy(without, shell.out);
    meet(ONLY_ME, methods[_i].engine, "127.0.0.1", "me");
    ck_assert_str_eq(shell.out, without);
    ck_assert_int_eq(shell_count_lines(shell.err, " denied "), 0);
}

LOOP_TEST(without_the_option_whoever_comes_first_is_served, METHODS, .needs = is_root)
{
    meet("$IMDSHIM exec -v --fd 9 --", methods[_i].engine, "127.0.0.1", "other");
    ck_assert_ptr_eq(strstr(shell.out, "other served\n"), shell.out);
    ck_assert_int_eq(shell_count_lines(shell.err, " denied "), 0);
}

LOOP_TEST(strangers_without_end_do_not_keep_the_engine_from_its_client, METHODS,
          .needs = is_root)
{
    meet(ONLY_ME, methods[_i].engine, "127.0.0.1", "flood me");
    ck_assert_ptr_eq(strstr(shell.out, "me served\n"), shell.out);
}

TEST(strangers_do_not_keep_the_engine_from_its_steps, .needs = is_root)
{
    meet(ONLY_ME, LISTENS "port accept=between-steps echo", "127.0.0.1", "torrent me");
    ck_assert_ptr_eq(strstr(shell.out, "me served\n"), shell.out);
}

static const struct {
    const char *engine, *client, *accepted;
} families[] = {
    {"0.0.0.0", "127.0.0.1", "127.0.0.1 16"},
    {"::", "127.0.0.1", "::ffff:127.0.0.1 28"},
    {"::", "::1", "::1 28"},
    {"::1", "::1", "::1 28"},
    {"0.0.0.0", "::ffff:127.0.0.1", "127.0.0.1 16"},
    {"0.0.0.0", "127.1.2.3", "127.0.0.1 16"},
};

LOOP_TEST(a_peer_is_known_by_either_family, 6, .needs = is_root)
{
    char engine[128], expected[128];

    for (int i = 0; i < 2; i++) {
        snprintf(engine, sizeof engine, "listen=%s port %s accept echo", families[_i].engine,
                 i == 0 ? "wait=poll" : "");
        meet(ONLY_ME, engine, families[_i].client, "other me");
        snprintf(expected, sizeof expected, "other closed\nme served\nserved %s\n",
                 families[_i].accepted);
        ck_assert_str_eq(shell.out, expected);
    }
}

#define SERVES LISTENS "port wait=select accept echo"

TEST(run_says_once_who_was_denied, .needs = is_root)
{
    shell_run(&shell,
              "$IMDSHIM run --only-me --client '$DOUBLES/knock 127.0.0.1 $IMD_PORT other other"
              " me' -- $DOUBLES/engine " SERVES " >out; status=$?; grep ed out; exit $status");
    ck_assert_int_eq(shell_status(&shell), 0);
    ck_assert_int_eq(shell_count_lines(shell.err, "closed a connection of user 65534"), 1);
    ck_assert_int_eq(shell_count_lines(shell.out, "other closed"), 2);
    ck_assert_int_eq(shell_count_lines(shell.out, "me served"), 1);
}

TEST(the_gate_leads_our_client_in)
{
    shell_run(&shell, "exec $IMDSHIM run -q --only-me --port 8888 --client"
                      " '$DOUBLES/gate-client plain 127.0.0.1 8888'"
                      " -- $DOUBLES/gate-engine 0.0.0.0 8888 listen serve=1");
    ck_assert_int_eq(shell_status(&shell), 0);
    ck_assert_str_eq(shell.out, "met 127.0.0.1\n");
}

TEST(a_kernel_that_does_not_tell_is_noticed_before_the_engine_starts)
{
    static const char *const commands[] = {"run", "exec --fd 9"};

    for (int i = 0; i < 2; i++) {
        shell_run(&shell,
                  "$DOUBLES/forbid sendto 1 ${IMDSHIM##* } %s --only-me -- touch started 9>9",
                  commands[i]);
        ck_assert_int_eq(shell_status(&shell), 125);
        assert_one_line(shell.err, "imdshim: --only-me: the kernel does not tell whose");
        ck_assert(!exists("started"));
    }
}

TEST(whoever_the_kernel_does_not_tell_of_is_not_let_in)
{
    shell_run(&shell,
              "$IMDSHIM run --only-me --client '$DOUBLES/knock 127.0.0.1 $IMD_PORT me; exit 5'"
              " -- $DOUBLES/forbid sendto 1 $DOUBLES/engine " SERVES);
    ck_assert_int_eq(shell_status(&shell), 5);
    ck_assert_ptr_nonnull(strstr(shell.out, "me closed\n"));
    ck_assert_int_eq(shell_count_lines(shell.err, "Operation not permitted): run without"), 1);
}
