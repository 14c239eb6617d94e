/* --port: what asks for that port gets a free one, and nothing else is another's. */
#include "tests/support/engines.h"
#include "tests/system/support/engine_events.h"

/* Nobody binds it: it is what all engines ask for. */
#define ASKED "8888"

#define PORT "$IMDSHIM exec --fd 9 --port " ASKED " -- "
#define PORT_VERBOSE "$IMDSHIM exec -v --fd 9 --port " ASKED " -- "

static unsigned printed_port_after(const char *text)
{
    const char *found = strstr(text, "port ");

    ck_assert_msg(found != NULL, "no port was printed: %s", text);
    return (unsigned)strtoul(found + strlen("port "), NULL, 10);
}

static void assert_all_well(const struct shell *shell)
{
    engine_ended_well(shell);
    ck_assert_msg(strstr(shell->err, "failed") == NULL, "%s", shell->err);
}

static const struct {
    const char *steps, *address;
} engines[] = {
    {"tcp bind=0.0.0.0/" ASKED " listen port", "0.0.0.0"},
    {"tcp bind=127.0.0.1/" ASKED " listen port", "127.0.0.1"},
    {"tcp reuse bind=0.0.0.0/" ASKED " listen port", "0.0.0.0"},
    {"tcp reuseport bind=0.0.0.0/" ASKED " listen port", "0.0.0.0"},
    {"tcp dup bind=0.0.0.0/" ASKED " listen port", "0.0.0.0"},
    {"tcp bind=0.0.0.0/" ASKED " dup listen port", "0.0.0.0"},
    {"tcp bind=0.0.0.0/" ASKED " fork listen port", "0.0.0.0"},
    {"fork tcp bind=0.0.0.0/" ASKED " fork dup listen port", "0.0.0.0"},
    {"tcp bind=0.0.0.0/8889 close tcp bind=0.0.0.0/" ASKED " listen port", "0.0.0.0"},
    {"udp bind=0.0.0.0/" ASKED " tcp bind=0.0.0.0/" ASKED " listen port", "0.0.0.0"},
    {"tcp6 bind=::/" ASKED " listen port", "::"},
    {"v6only bind=::/" ASKED " listen port", "::"},
    {"v6only bind=::1/" ASKED " listen port", "::1"},
    {"tcp6 bind=::ffff:127.0.0.1/" ASKED " listen port", "::ffff:127.0.0.1"},
};

enum { ENGINES = sizeof engines / sizeof engines[0] };

TEST_OPTIONS(IN_SANDBOX);

LOOP_TEST(what_asks_for_the_port_gets_a_free_one, ENGINES)
{
    struct shell shell;
    struct event event;

    shell_run(&shell, PORT "$DOUBLES/engine %s" EVENTS_TO_OUT, engines[_i].steps);
    event = engine_told_its_port(&shell);
    assert_all_well(&shell);
    ck_assert_uint_eq(event.asked, atoi(ASKED));
    ck_assert_uint_ne(event.port, atoi(ASKED));
    ck_assert_str_eq(engine_address(&event), engines[_i].address);
}

static const char *const others[] = {
    "tcp bind=0.0.0.0/$other listen port",
    "tcp6 bind=::1/$other listen port",
    "tcp bind=0.0.0.0/" ASKED " close tcp bind=0.0.0.0/$other listen port",
    "tcp bind=0.0.0.0/" ASKED " listen close tcp bind=0.0.0.0/$other listen port",
    "tcp bind=0.0.0.0/" ASKED " listen tcp bind=0.0.0.0/$other listen port",
    "tcp bind=0.0.0.0/" ASKED " close udp bind=0.0.0.0/$other port",
};

LOOP_TEST(what_asks_for_another_port_gets_that_one, 6)
{
    unsigned port = engines_free_port();
    struct shell shell;

    shell_run(&shell, "other=%u;" PORT "$DOUBLES/engine %s" EVENTS_TO_OUT, port, others[_i]);
    assert_all_well(&shell);
    ck_assert_uint_eq(engine_printed_port(&shell), port);
    if (engine_count(&shell, EVENT_LISTENING) > 0)
        ck_assert_uint_ne(engine_told(&shell, KIND_LISTENING).port, port);
}

TEST(a_datagram_socket_gets_the_port_that_it_asks_for)
{
    unsigned port = engines_free_port();
    struct shell shell;

    shell_run(
        &shell,
        "$IMDSHIM exec --fd 9 -p %u -- $DOUBLES/engine udp bind=0.0.0.0/%u port" EVENTS_TO_OUT,
        port, port);
    assert_all_well(&shell);
    ck_assert_uint_eq(engine_printed_port(&shell), port);
}

/* With -v and without. */
LOOP_TEST(a_second_listener_on_the_port_gets_another_free_one, 8)
{
    static const char *const launchers[] = {PORT, PORT_VERBOSE};
    static const char *const between[] = {"", "fork", "dup", "fork close"};
    struct shell shell;
    unsigned second;

    shell_run(&shell,
              "%s$DOUBLES/engine tcp bind=0.0.0.0/" ASKED " listen port %s "
              "tcp bind=0.0.0.0/" ASKED " listen port" EVENTS_TO_OUT,
              launchers[_i % 2], between[_i / 2]);
    assert_all_well(&shell);
    ck_assert_int_eq(engine_count(&shell, EVENT_LISTENING), 1);
    ck_assert_uint_eq(engine_told(&shell, KIND_LISTENING).port, engine_printed_port(&shell));
    second = printed_port_after(strstr(shell.err, "port ") + 1);
    ck_assert_uint_ne(second, atoi(ASKED));
    ck_assert_int_eq(engine_count(&shell, EVENT_PASSED), _i % 2);
    if (_i % 2 == 0)
        return;
    ck_assert_uint_eq(engine_told(&shell, KIND_PASSED).port, second);
    ck_assert_str_eq(engine_told(&shell, KIND_PASSED).reason, REASON_SECOND);
}

/* As a LAMMPS input with unfix and a second fix imd. */
LOOP_TEST(a_listener_after_the_first_has_been_closed_is_told_too, 6)
{
    static const char *const launchers[] = {PORT, PORT_VERBOSE};
    static const char *const between[] = {"close", "replace", "dup close"};
    const char *second;
    struct shell shell;

    shell_run(&shell,
              "%s$DOUBLES/engine tcp bind=0.0.0.0/" ASKED " listen port wait %s "
              "tcp bind=0.0.0.0/" ASKED " listen port wait" EVENTS_TO_OUT,
              launchers[_i % 2], between[_i / 2]);
    assert_all_well(&shell);
    ck_assert_int_eq(engine_count(&shell, EVENT_LISTENING), 2);
    ck_assert_int_eq(engine_count(&shell, EVENT_READY), 2);
    ck_assert_int_eq(engine_count(&shell, EVENT_PASSED), 0);
    second = strstr(strstr(shell.out, " " EVENT_LISTENING) + 1, " " EVENT_LISTENING);
    while (second > shell.out && second[-1] != '\n')
        second--;
    ck_assert_int_eq(atoi(second), printed_port_after(strstr(shell.err, "port ") + 1));
}

static const char *const contexts[] = {"handler", "altstack", "malloc",
                                       "child",   "atexit",   "no-sigpipe"};

LOOP_TEST(the_port_is_had_wherever_bind_is_called, 6)
{
    struct shell shell;

    shell_run(&shell, PORT "$DOUBLES/contexts %s " ASKED EVENTS_TO_OUT, contexts[_i]);
    ck_assert_uint_ne(engine_told_its_port(&shell).port, atoi(ASKED));
}

TEST(threads_that_ask_at_once_all_get_a_port_and_one_is_told)
{
    struct shell shell;

    for (int i = 0; i < 5; i++) {
        shell_run(&shell,
                  PORT_VERBOSE "$DOUBLES/threads bind-at-once " ASKED " 9>events; cat events");
        engine_ended_well(&shell);
        ck_assert_int_eq(shell_count_lines(shell.out, "64 listen\n"), 1);
        ck_assert_int_eq(engine_count(&shell, EVENT_LISTENING), 1);
        ck_assert_int_eq(shell_count_lines(shell.out, " reason=second "), 63);
    }
}

/* What it prints is what it believes. */
TEST(namd_does_not_move)
{
    struct shell shell;

    shell_run(&shell, PORT "$DOUBLES/engine namd " ASKED EVENTS_TO_OUT);
    engine_told_its_port(&shell);
    ck_assert_int_eq(atoi(strstr(shell.err, "BIND") + 4), atoi(ASKED));
}
