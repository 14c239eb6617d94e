/* The gate: client and engine start together and meet, whatever port both name. */
#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <time.h>

#include "tests/support/suite.h"
#include "tests/system/support/launcher.h"

/* A network of its own; root needs no user namespace for it, and there may be none to be had.
 */
#define NETWORK "unshare $([ $(id -u) = 0 ] || echo -r) -n "
#define RUN "exec $IMDSHIM run -q -p 8888 "
#define SERVING "-- $DOUBLES/gate-engine %s 8888 pause=200 listen "
#define SLOW "-- $DOUBLES/gate-engine 0.0.0.0 8888 pause=1000 listen serve=1"

static struct shell shell;

static void assert_out(const char *expected)
{
    ck_assert_msg(strcmp(shell.out, expected) == 0, "stdout: %s, not: %s; stderr: %s",
                  shell.out, expected, shell.err);
    ck_assert_int_eq(shell_status(&shell), 0);
}

static const struct {
    const char *listens, *calls, *meets;
} addresses[] = {
    {"0.0.0.0", "127.0.0.1", "127.0.0.1"},
    {"0.0.0.0", "127.1.2.3", "127.0.0.1"},
    {"0.0.0.0", "0.0.0.0", "127.0.0.1"},
    {"127.1.2.3", "127.0.0.1", "127.1.2.3"},
    {"127.0.0.1", "127.0.0.1", "127.0.0.1"},
    /* The others are of hosts with IPv6. */
    {"0.0.0.0", "::1", "::ffff:127.0.0.1"},
    {"127.1.2.3", "::1", "::ffff:127.1.2.3"},
    {"0.0.0.0", "::", "::ffff:127.0.0.1"},
    {"0.0.0.0", "::ffff:127.0.0.1", "::ffff:127.0.0.1"},
    {"::", "127.0.0.1", "127.0.0.1"},
    {"::", "::1", "::1"},
    {"::", "::ffff:127.0.0.1", "::1"},
    {"::1", "::1", "::1"},
    {"::1", "::", "::1"},
    {"::1", "::ffff:127.0.0.1", "::1"},
    {"::ffff:127.0.0.1", "127.0.0.1", "127.0.0.1"},
    {"::ffff:127.0.0.1", "::1", "::ffff:127.0.0.1"},
    {"::ffff:0.0.0.0", "127.0.0.1", "127.0.0.1"},
};

enum { IPV4_ADDRESSES = 5, ADDRESSES = COUNT(addresses) };

TEST_OPTIONS(IN_SANDBOX);

static bool has_ipv6(void)
{
    const struct sockaddr_in6 loopback = {.sin6_family = AF_INET6,
                                          .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool has = fd >= 0 && bind(fd, (const struct sockaddr *)&loopback, sizeof loopback) == 0;

    if (fd >= 0)
        close(fd);
    return has || suite_skip("the gate of IPv6", "this host has no ::1");
}

LOOP_TEST(the_client_meets_its_engine_whatever_address_each_of_them_names,
          suite_has(has_ipv6) ? ADDRESSES : IPV4_ADDRESSES)
{
    char expected[64];

    shell_run(&shell, RUN "-c '$DOUBLES/gate-client plain %s 8888' " SERVING "serve=1 more",
              addresses[_i].calls, addresses[_i].listens);
    snprintf(expected, sizeof expected, "met %s\n0 more\n", addresses[_i].meets);
    assert_out(expected);
}

TEST(an_engine_of_ipv6_alone_cannot_be_reached_by_a_socket_of_ipv4, .needs = has_ipv6)
{
    shell_run(&shell,
              RUN "-c '$DOUBLES/gate-client plain 127.0.0.1 8888; exit 9' " SERVING "serve=1",
              "::1");
    ck_assert_int_eq(shell_status(&shell), 9);
    ck_assert_str_eq(shell.out, "failed ECONNREFUSED\n");
}

/* An address of this host that is no loopback; "" if there is none. */
static void find_own_address(char text[INET_ADDRSTRLEN])
{
    struct ifaddrs *all = NULL;

    text[0] = '\0';
    getifaddrs(&all);
    for (const struct ifaddrs *one = all; one != NULL; one = one->ifa_next)
        if (one->ifa_addr != NULL && one->ifa_addr->sa_family == AF_INET &&
            (one->ifa_flags & IFF_LOOPBACK) == 0)
            inet_ntop(AF_INET, &((const struct sockaddr_in *)(void *)one->ifa_addr)->sin_addr,
                      text, INET_ADDRSTRLEN);
    freeifaddrs(all);
}

TEST(the_hosts_own_address_is_this_host)
{
    char own[INET_ADDRSTRLEN];

    find_own_address(own);
    if (own[0] == '\0')
        return;
    shell_run(&shell, RUN "-c '$DOUBLES/gate-client plain %s 8888' " SERVING "serve=1", own,
              "0.0.0.0");
    assert_out("met 127.0.0.1\n");
}

static const struct {
    const char *how;
    int times;
} ways[] = {
    {"plain", 1},  {"nonblocking", 1}, {"interrupted", 1}, {"restarted", 1},
    {"thread", 1}, {"fork", 1},        {"many", 20},       {"at-once", 20},
};

LOOP_TEST(the_client_meets_its_engine_however_it_connects, COUNT(ways))
{
    shell_run(&shell, RUN "-c '$DOUBLES/gate-client %s 127.0.0.1 8888' " SERVING "serve=%d",
              ways[_i].how, "0.0.0.0", ways[_i].times);
    ck_assert_msg(shell_status(&shell) == 0, "%s%s", shell.out, shell.err);
    ck_assert_msg(shell_count_lines(shell.out, "met 127.0.0.1") == ways[_i].times, "%s",
                  shell.out);
}

/* A handler that does not raise: after EINTR Python looks for the outcome with poll(2). */
static const char *const pythons[] = {
    "s = socket.create_connection((\"localhost\", 8888))",
    "s = socket.create_connection((\"127.0.0.1\", 8888), timeout=0.05); s.settimeout(10)",
    "s = socket.socket(); s.settimeout(0.05); s.connect((\"127.0.0.1\", 8888));"
    "s.settimeout(10)",
    "signal.signal(signal.SIGALRM, lambda *a: None);"
    "signal.setitimer(signal.ITIMER_REAL, 0.05, 0.05);"
    "s = socket.create_connection((\"127.0.0.1\", 8888))",
    "signal.signal(signal.SIGALRM, lambda *a: None);"
    "signal.setitimer(signal.ITIMER_REAL, 0.05, 0.05);"
    "s = socket.socket(); s.settimeout(10); s.connect((\"127.0.0.1\", 8888))",
};

static bool has_python(void)
{
    return suite_has_program("python3", "clients in Python");
}

LOOP_TEST(the_client_in_python_meets_its_engine, COUNT(pythons), .needs = has_python)
{
    shell_run(&shell,
              RUN "-c 'python3 -c '\\''import socket, signal; %s;"
                  "signal.setitimer(signal.ITIMER_REAL, 0); port = s.getpeername()[1];"
                  "print(int(s.recv(9)) == port != 8888)'\\' " SLOW,
              pythons[_i]);
    assert_out("True\n");
}

TEST(the_client_in_asyncio_meets_its_engine, .needs = has_python)
{
    shell_run(&shell,
              RUN "-c 'python3 -c '\\''import asyncio\nasync def main():\n"
                  "    reader, writer = await asyncio.open_connection(\"127.0.0.1\", 8888)\n"
                  "    port = writer.get_extra_info(\"peername\")[1]\n"
                  "    print(int(await reader.readline()) == port != 8888)\n"
                  "asyncio.run(main())'\\' " SLOW);
    assert_out("True\n");
}

/* Nobody is there, and nothing is sent. */
static const struct {
    const char *how, *address;
    unsigned port;
    const char *out;
} elsewhere[] = {
    {"udp", "127.0.0.1", 8888, "peer 127.0.0.1 8888\n"},
    {"udp", "127.0.0.1", 8889, "peer 127.0.0.1 8889\n"},
    {"plain", "127.0.0.1", 1, "failed ECONNREFUSED\n"},
};

LOOP_TEST(what_leads_elsewhere_passes_untouched_and_does_not_wait, COUNT(elsewhere))
{
    shell_run(&shell,
              RUN "-c '$DOUBLES/gate-client %s %s %u; >stop; true' -- "
                  "$DOUBLES/gate-engine 0.0.0.0 8888 until=stop listen",
              elsewhere[_i].how, elsewhere[_i].address, elsewhere[_i].port);
    ck_assert_str_eq(shell.out, elsewhere[_i].out);
}

static bool has_networks(void)
{
    bool has = system(NETWORK "ip link set lo up 2>/dev/null") == 0;

    return has ||
           suite_skip("the gate and other hosts", "no network namespace can be made here");
}

/* Documentation addresses, RFC 5737 and 3849, in a network of its own that leads nowhere. */
TEST(another_host_with_the_same_port_is_another_host, .needs = has_networks)
{
    static const char *const others[] = {"192.0.2.1", "2001:db8::1", "::ffff:192.0.2.1"};

    for (int i = 0; i < COUNT(others); i++) {
        shell_run(&shell,
                  "exec " NETWORK "sh -c 'ip link set lo up; exec $IMDSHIM run -q -p 8888"
                  " -c \"$DOUBLES/gate-client plain %s 8888; >stop; true\" -- "
                  "$DOUBLES/gate-engine 0.0.0.0 8888 until=stop listen'",
                  others[i]);
        ck_assert_str_eq(shell.out, "failed Network is unreachable\n");
    }
}

static bool has_networks_and_python(void)
{
    return suite_has(has_networks) && suite_has(has_python);
}

/* Where every port is taken an address is still one's own. */
TEST(a_host_without_a_free_port_is_still_this_host, .needs = has_networks_and_python)
{
    shell_run(&shell,
              "exec " NETWORK "sh -c 'ip link set lo up;"
              "echo 50000 50001 >/proc/sys/net/ipv4/ip_local_port_range;"
              "exec $IMDSHIM run -q -p 8888 -l :40000 -c \"python3 -c '\\''"
              "import socket, os\nfree = [socket.socket() for i in range(4)]\n"
              "for i in range(4):\n free[i].bind((\\\"127.0.0.1\\\", 50000 + i))\n"
              "open(\\\"stop\\\", \\\"w\\\")\n"
              "s = socket.socket(); s.bind((\\\"127.0.0.1\\\", 40001))\n"
              "s.connect((\\\"127.0.0.1\\\", 8888)); print(s.getpeername()[1])'\\''\" -- "
              "$DOUBLES/gate-engine 0.0.0.0 8888 until=stop listen serve=1'");
    assert_out("40000\n");
}

static double seconds_of(const char *command)
{
    struct timespec before, after;

    clock_gettime(CLOCK_MONOTONIC, &before);
    shell_run(&shell, "%s", command);
    clock_gettime(CLOCK_MONOTONIC, &after);
    ck_assert_msg(shell_status(&shell) == 0, "%s", shell.err);
    return (double)(after.tv_sec - before.tv_sec) +
           1e-9 * (double)(after.tv_nsec - before.tv_nsec);
}

/* A second each, one after the other or together. Twice as long is 2.0; a slow machine adds to
 * both. */
TEST(engine_and_client_start_at_the_same_time)
{
    double apart = seconds_of(
        "$IMDSHIM run -q -c 'sleep 1; $DOUBLES/gate-client plain 127.0.0.1 $IMD_PORT' -- "
        "$DOUBLES/gate-engine 0.0.0.0 0 pause=1000 listen serve=1");
    double together =
        seconds_of(RUN "-c 'sleep 1; $DOUBLES/gate-client plain 127.0.0.1 8888' -- "
                       "$DOUBLES/gate-engine 0.0.0.0 8888 pause=1000 listen serve=1");

    ck_assert_msg(together < 0.75 * apart, "%.3f s together, %.3f s apart", together, apart);
}

/* "met" is said only if both name the same port. */
TEST(many_runs_on_one_port_meet_in_pairs)
{
    shell_run(&shell,
              "for i in $(seq 16); do $IMDSHIM run -q -p 8888 -c '$DOUBLES/gate-client plain "
              "127.0.0.1 8888' -- $DOUBLES/gate-engine 0.0.0.0 8888 listen serve=1 more & "
              "done; wait");
    ck_assert_int_eq(shell_count_lines(shell.out, "met 127.0.0.1"), 16);
    ck_assert_int_eq(shell_count_lines(shell.out, "0 more"), 16);
    ck_assert_str_eq(shell.err, "");
}

static const struct {
    const char *listens, *operand;
} direct[] = {
    {"0.0.0.0", "8888"},
    {"0.0.0.0", "$IMD_URL"},
    {"127.1.2.3", "127.1.1.1:8888"},
    {"::1", "8888"}, /* needs IPv6 */
};

/* As the released launcher is, into which no library can be loaded. */
#define ALONE "env -u LD_PRELOAD $IMDSHIM "

LOOP_TEST(watch_waits_for_the_engine_without_the_library, COUNT(direct))
{
    if (strchr(direct[_i].listens, ':') != NULL && !suite_has(has_ipv6))
        return;
    shell_run(&shell, RUN "-c '" ALONE "watch %s || true' " SERVING "wait accept",
              direct[_i].operand, direct[_i].listens);
    ck_assert_int_eq(shell_status(&shell), 0);
    ck_assert_msg(strstr(shell.err, ": closed the connection before the handshake") != NULL,
                  "%s", shell.err);
}

TEST(watch_is_refused_where_the_engine_ends_before_it_is_ready)
{
    shell_run(&shell, RUN "-c '" ALONE "watch 8888; true' -- sleep 0.2");
    ck_assert_msg(strstr(shell.err, "127.0.0.1:8888 is refused: ") != NULL, "%s", shell.err);
    shell_run(&shell, RUN "-c '" ALONE "watch 1; >stop; true' -- "
                          "$DOUBLES/gate-engine 0.0.0.0 8888 until=stop listen");
    ck_assert_msg(strstr(shell.err, "nobody listens at 127.0.0.1:1:") != NULL, "%s", shell.err);
}
