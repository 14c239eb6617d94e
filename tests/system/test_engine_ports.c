/* Which listener is told, and that its port is the real one. */
#include "tests/system/support/engine_events.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP 262
#endif

/* Outside the range from which the kernel gives ports away. */
enum { FIXED_FIRST = 21000, FIXED_LAST = 21200 };

TEST_OPTIONS(IN_SANDBOX);

TEST(the_port_told_is_the_one_that_gromacs_prints)
{
    struct shell shell;
    struct event event;

    shell_run(&shell, EXEC "$DOUBLES/engine gmx 0" EVENTS_TO_OUT);
    event = engine_told_its_port(&shell);
    ck_assert_uint_eq(event.asked, 0);
    ck_assert_str_eq(engine_address(&event), "0.0.0.0");
    ck_assert_str_eq(event.exe, "engine");
    ck_assert_str_eq(event.object, "engine");
}

TEST(the_port_of_an_engine_that_prints_nothing_is_told)
{
    struct shell shell;
    struct event event;
    unsigned port = FIXED_FIRST;

    do
        shell_run(&shell, EXEC "$DOUBLES/engine lmp %u" EVENTS_TO_OUT, port++);
    while (shell_status(&shell) == 1 && port < FIXED_LAST);
    engine_ended_well(&shell);
    event = engine_told(&shell, KIND_LISTENING);
    ck_assert_uint_eq(event.port, port - 1);
    ck_assert_uint_eq(event.asked, port - 1);
    ck_assert_str_eq(shell.err, "");
}

static int take_port(unsigned *port)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t length = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, length), 0);
    ck_assert_int_eq(listen(fd, 1), 0);
    ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&address, &length), 0);
    *port = ntohs(address.sin_port);
    return fd;
}

TEST(an_engine_that_moves_to_another_port_is_told_with_the_one_first_asked_for)
{
    struct shell shell;
    struct event event;
    unsigned taken;
    int fd = take_port(&taken);

    shell_run(&shell, EXEC "$DOUBLES/engine namd %u" EVENTS_TO_OUT, taken);
    close(fd);
    engine_ended_well(&shell);
    event = engine_told(&shell, KIND_LISTENING);
    ck_assert_uint_eq(event.port, (unsigned)atoi(strstr(shell.err, "BIND") + 4));
    ck_assert_uint_ne(event.port, taken);
    ck_assert_uint_eq(event.asked, taken);
}

TEST(of_an_engine_with_mpi_the_engines_own_listener_is_told)
{
    struct shell shell;
    struct event event;

    engine_build_library("listening", "mca_btl_tcp.so");
    shell_run(&shell, EXEC_VERBOSE "$DOUBLES/engine mpi ./mca_btl_tcp.so" EVENTS_TO_OUT);
    event = engine_told_its_port(&shell);
    ck_assert_str_eq(event.object, "engine");
    ck_assert_int_eq(engine_count(&shell, EVENT_PASSED), 5);
    ck_assert_int_eq(shell_count_lines(shell.out, " reason=runtime "), 5);
    event = engine_told(&shell, KIND_PASSED);
    ck_assert_str_eq(event.object, "mca_btl_tcp.so");
}

static const struct {
    const char *steps, *address;
} told_kinds[] = {
    {"tcp bind=127.0.0.1/0 listen", "127.0.0.1"},
    {"tcp listen", "0.0.0.0"},
    {"v6only bind=::1/0 listen", "::1"},
    {"tcp6 bind=::/0 listen", "::"},
    {"mptcp bind=127.0.0.1/0 listen", "127.0.0.1"},
    {"tcp bind=127.0.0.1/0 listen listen", "127.0.0.1"},
};

enum { IPV6_FIRST = 2, MPTCP = 4, KINDS = 6 };

static bool can_be_had(int i)
{
    int family = i == IPV6_FIRST || i == IPV6_FIRST + 1 ? AF_INET6 : AF_INET;
    struct sockaddr_in6 host = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, i == MPTCP ? IPPROTO_MPTCP : 0);
    bool good =
        fd >= 0 && (family == AF_INET || bind(fd, (struct sockaddr *)&host, sizeof host) == 0);

    if (fd >= 0)
        close(fd);
    return good;
}

/* Always true: of several kinds, those that are lacking are named. */
static bool lacking_kinds_are_named(void)
{
    for (int i = 0; i < KINDS; i++)
        if (!can_be_had(i))
            suite_skip(told_kinds[i].steps, "this kernel has no such sockets");
    return true;
}

LOOP_TEST(a_stream_listener_of_every_kind_is_told_once, KINDS, .needs = lacking_kinds_are_named)
{
    struct shell shell;
    struct event event;

    if (!can_be_had(_i))
        return;
    shell_run(&shell, EXEC_VERBOSE "$DOUBLES/engine %s port" EVENTS_TO_OUT,
              told_kinds[_i].steps);
    event = engine_told_its_port(&shell);
    ck_assert_str_eq(engine_address(&event), told_kinds[_i].address);
    ck_assert_int_eq(engine_count(&shell, EVENT_PASSED), 0);
}

/* Of two sockets on one port only the first may listen. */
static const struct {
    const char *steps, *last_line;
} other_kinds[] = {
    {"udp bind=127.0.0.1/0 listen", "listen: failed with 95\n"},
    {"unix=socket listen", "listen: well\n"},
    {"netlink listen", "listen: failed with 95\n"},
    {"tcp reuse bind=127.0.0.1/0 tcp reuse bind=127.0.0.1/previous swap raw-listen swap listen",
     "listen: failed with 98\n"},
};

LOOP_TEST(what_is_no_tcp_listener_is_never_told, COUNT(other_kinds))
{
    struct shell shell;

    shell_run(&shell, EXEC_VERBOSE "$DOUBLES/engine %s" EVENTS_TO_OUT, other_kinds[_i].steps);
    engine_ended_well(&shell);
    ck_assert_str_eq(strstr(shell.err, "listen: "), other_kinds[_i].last_line);
    ck_assert_int_eq(engine_count(&shell, EVENT_LOADED), 1);
    ck_assert_int_eq(engine_count(&shell, EVENT_LISTENING), 0);
    ck_assert_int_eq(engine_count(&shell, EVENT_PASSED), 0);
}

#define TWO_LISTENERS "$DOUBLES/engine listen=127.0.0.1 port listen=127.0.0.1 port"

TEST(a_second_listener_is_not_told)
{
    struct shell shell;

    shell_run(&shell, EXEC TWO_LISTENERS EVENTS_TO_OUT);
    engine_told_its_port(&shell);
    ck_assert_int_eq(shell_count_lines(shell.out, "\n"), 1);
}

TEST(a_second_listener_is_named_when_all_events_are_asked_for)
{
    struct shell shell;
    struct event event;

    shell_run(&shell, EXEC_VERBOSE TWO_LISTENERS EVENTS_TO_OUT);
    engine_told_its_port(&shell);
    ck_assert_int_eq(engine_count(&shell, EVENT_PASSED), 1);
    event = engine_told(&shell, KIND_PASSED);
    ck_assert_str_eq(event.reason, REASON_SECOND);
    ck_assert_uint_eq(event.port, (unsigned)atoi(strrchr(shell.err, ' ')));
}
