/* The client: when it is started, what it is told and what it is given. */
#include <netinet/in.h>
#include <sys/socket.h>

#include "tests/support/suite.h"
#include "tests/system/support/launcher.h"

static const struct {
    const char *listens, *host, *in_url;
} addresses[] = {
    {"0.0.0.0", "127.0.0.1", "127.0.0.1"},
    {"127.0.0.1", "127.0.0.1", "127.0.0.1"},
    {"127.1.2.3", "127.1.2.3", "127.1.2.3"},
    {"::ffff:127.0.0.1", "::ffff:127.0.0.1", "[::ffff:127.0.0.1]"},
    {"::", "localhost", "localhost"},
    {"::1", "::1", "[::1]"},
};

enum { IPV4_ADDRESSES = 3, ADDRESSES = sizeof addresses / sizeof addresses[0] };

TEST_OPTIONS(IN_SANDBOX);

static bool has_ipv6(void)
{
    const struct sockaddr_in6 loopback = {.sin6_family = AF_INET6,
                                          .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    int fd = socket(AF_INET6, SOCK_STREAM, 0);
    bool has = fd >= 0 && bind(fd, (const struct sockaddr *)&loopback, sizeof loopback) == 0;

    if (fd >= 0)
        close(fd);
    return has || suite_skip("clients of IPv6 listeners", "this host has no ::1");
}

LOOP_TEST(the_client_is_told_where_to_connect, suite_has(has_ipv6) ? ADDRESSES : IPV4_ADDRESSES)
{
    struct shell shell;
    char expected[256];

    shell_run(&shell,
              "exec $IMDSHIM run -q -c 'echo $IMD_HOST $IMD_PORT $IMD_URL; >stop' -- " ENGINE
              " listen=%s print-port wait until=stop",
              addresses[_i].listens);
    ck_assert_int_eq(shell_status(&shell), 0);
    snprintf(expected, sizeof expected, "%u\n%s %u imd://%s:%u\n", atoi(shell.out),
             addresses[_i].host, atoi(shell.out), addresses[_i].in_url, atoi(shell.out));
    ck_assert_int_gt(atoi(shell.out), 0);
    ck_assert_str_eq(shell.out, expected);
}

TEST(the_client_reads_no_terminal_and_has_no_library)
{
    struct shell shell;

    shell_run(&shell, "echo input | $IMDSHIM run -q -c 'readlink /proc/self/fd/0; env >client;"
                      "env -0 | grep -cz ^IMD_; cp /proc/self/maps .; >stop' -- " ENGINE
                      " listen=127.0.0.1 wait until=stop");
    ck_assert_int_eq(shell_status(&shell), 0);
    ck_assert_str_eq(shell.out, "/dev/null\n3\n");
    shell_run(&shell, "grep -E '^(LD_PRELOAD=.*libimdshim|IMDSHIM_)' client;"
                      "grep -F libimdshim maps");
    ck_assert_str_eq(shell.out, "");
}

TEST(the_client_keeps_the_preloads_of_the_user)
{
    struct shell shell;

    shell_run(&shell,
              "LD_PRELOAD=libm.so.6 $IMDSHIM run -q -c 'echo $LD_PRELOAD; >stop' -- "
              "sh -c 'echo $LD_PRELOAD; exec " ENGINE " listen=127.0.0.1 wait until=stop'");
    ck_assert_int_eq(shell_status(&shell), 0);
    ck_assert_int_eq(strncmp(shell.out, "libm.so.6:/", 11), 0);
    ck_assert_ptr_nonnull(strstr(shell.out, ".so\nlibm.so.6\n"));
}

TEST(the_client_has_no_descriptor_of_ours, .needs = launcher_is_bare)
{
    struct shell plain, shell;

    shell_run(&plain, "exec sh -c 'ls /proc/$$/fd; true'");
    shell_run(&shell, "exec $IMDSHIM run -q -c 'ls /proc/$$/fd; >stop' -- " ENGINE
                      " listen=127.0.0.1 wait until=stop");
    ck_assert_int_eq(shell_status(&shell), 0);
    ck_assert_str_eq(shell.out, plain.out);
}

TEST(the_client_starts_when_the_engine_is_ready_and_not_when_it_listens)
{
    struct shell shell;

    shell_run(&shell, "exec $IMDSHIM run -q -c 'echo client; >stop' -- " ENGINE
                      " listen=127.0.0.1 pause=300 print=waits wait until=stop");
    ck_assert_int_eq(shell_status(&shell), 0);
    ck_assert_str_eq(shell.out, "waits\nclient\n");
}

TEST(a_client_that_cannot_be_needed_because_the_engine_was_never_ready_is_125)
{
    struct shell shell;

    shell_run(&shell,
              "exec $IMDSHIM run -q -c '>client' -- " ENGINE " listen=127.0.0.1 exit=4");
    ck_assert_int_eq(shell_status(&shell), 125);
    ck_assert(!exists("client"));
}

TEST(the_client_is_started_once)
{
    struct shell shell;

    shell_run(&shell, "exec $IMDSHIM run -q -c 'echo client' -- " ENGINE
                      " listen=127.0.0.1 wait wait pause=200 wait listen=127.0.0.1 wait"
                      " pause=200 wait");
    ck_assert_int_eq(shell_status(&shell), 0);
    ck_assert_str_eq(shell.out, "client\n");
}

TEST(a_signal_reaches_the_client_when_the_engine_is_gone)
{
    struct shell shell;

    shell_start(&shell, "exec $IMDSHIM run -q -c 'trap \"echo got it; exit 4\" TERM; >client;"
                        "until [ -e stop ]; do sleep 0.05; done' -- " ENGINE
                        " pids listen=127.0.0.1 wait until=client");
    wait_for_file("client");
    wait_for_state(read_pid("engine"), NO_PROCESS);
    kill(shell.pid, SIGTERM);
    shell_finish(&shell);
    ck_assert_str_eq(shell.out, "got it\n");
}

TEST(a_signal_sent_to_us_goes_to_the_engine_and_not_to_the_client)
{
    struct shell shell;

    shell_start(&shell, "exec $IMDSHIM run -q -c 'trap \"echo client\" INT; until [ -e stop ];"
                        "do sleep 0.05; done' -- " ENGINE
                        " catch listen=127.0.0.1 wait print=begin pause=200 until=stop exit=7");
    ck_assert(shell_wait_for_out(&shell, "begin\n"));
    kill(shell.pid, SIGINT);
    ck_assert(shell_wait_for_out(&shell, "got 2.\n"));
    kill(shell.pid, SIGUSR1);
    ck_assert(shell_wait_for_out(&shell, "got 10.\n"));
    make_file("stop");
    shell_finish(&shell);
    ck_assert_int_eq(shell_status(&shell), 7);
    ck_assert_str_eq(shell.out, "begin\ngot 2.\ngot 10.\n");
}

/* As "timeout" or a batch system ends it: not a failure of the client's. */
TEST(an_engine_that_is_interrupted_ends_in_its_own_time_whatever_its_client_does)
{
    struct shell shell;

    shell_start(&shell, "exec $IMDSHIM run -q -c 'until [ -e fail ]; do sleep 0.05; done;"
                        "exit 3' -- " ENGINE
                        " catch listen=127.0.0.1 wait print=begin until=stop exit=7");
    ck_assert(shell_wait_for_out(&shell, "begin\n"));
    kill(shell.pid, SIGINT);
    ck_assert(shell_wait_for_out(&shell, "got 2.\n"));
    make_file("fail");
    shell_pause(200);
    make_file("stop");
    shell_finish(&shell);
    ck_assert_int_eq(shell_status(&shell), 7);
    ck_assert_int_eq(shell_count_lines(shell.out, "got 15.\n"), 0);
}
