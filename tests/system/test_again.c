/*
 * An engine that closes its IMD socket and listens again, as LAMMPS does at unfix and another fix
 * imd: who connects again reaches it. And one that listens on both families.
 */
#include "tests/support/suite.h"
#include "tests/system/support/launcher.h"
#include "tests/system/support/notify.h"
#include "tests/system/support/relay.h"

static struct shell shell;

static const char *const backends[] = {"preload", "notify"};

static bool has_backend(int i)
{
    return i == 0 || notify_can_be_had();
}

#define LISTEN "tcp bind=0.0.0.0/8888 listen "
#define SERVE "wait serve=1 "
#define CLIENT "$DOUBLES/gate-client plain 127.0.0.1 8888"
#define WHEN_CLOSED "until [ -e engine ]; do sleep 0.02; done"
#define PREFIX "exec $IMDSHIM run --backend %s -p 8888 "

TEST_OPTIONS(IN_SANDBOX);

/*
 * The client comes again when the first socket has been closed, before or after the next one
 * listens. Earlier it would meet the first one's backlog, as without imdshim.
 */
static const char *const between[] = {"pids pause=600 " LISTEN, LISTEN "pids pause=200 "};

LOOP_TEST(a_client_that_comes_again_reaches_the_next_listener, 2 * COUNT(between))
{
    if (!has_backend(_i % 2))
        return;
    shell_run(&shell,
              PREFIX "-c '" CLIENT " && " WHEN_CLOSED " && " CLIENT
                     "' -- $DOUBLES/engine " LISTEN SERVE "close %s" SERVE "exit=4",
              backends[_i % 2], between[_i / 2]);
    ck_assert_msg(shell_status(&shell) == 4, "%s%s", shell.out, shell.err);
    ck_assert_str_eq(shell.out, "met 127.0.0.1\nmet 127.0.0.1\n");
    ck_assert_int_eq(shell_count_lines(shell.err, " listens on 0.0.0.0:"), 2);
}

/* The second connection is there before anybody could listen again. */
LOOP_TEST(it_is_refused_if_the_engine_ends_without_listening_again, 2)
{
    if (!has_backend(_i))
        return;
    shell_run(&shell,
              PREFIX "-c '" CLIENT "; " WHEN_CLOSED "; " CLIENT
                     "; [ $? = 1 ]' -- $DOUBLES/engine " LISTEN SERVE "close pids pause=500 "
                     "exit=4",
              backends[_i]);
    ck_assert_msg(shell_status(&shell) == 4, "%s%s", shell.out, shell.err);
    ck_assert_str_eq(shell.out, "met 127.0.0.1\nfailed ECONNREFUSED\n");
}

LOOP_TEST(without_port_the_next_port_is_in_the_port_file_and_the_list, 2)
{
    static struct shell list;
    char line[64], part[64];
    int first, second;

    if (!has_backend(_i))
        return;
    shell_start(&shell,
                "exec $IMDSHIM run --backend %s -o port -- $DOUBLES/engine listen=127.0.0.1 "
                "until=go close listen=127.0.0.1 until=end",
                backends[_i]);
    wait_for_file("port");
    read_line("port", line, sizeof line);
    ck_assert_int_eq(sscanf(line, "127.0.0.1:%d", &first), 1);
    make_file("go");
    second = first;
    for (int i = 0; i < SHELL_SECONDS * 20 && second == first; i++) {
        shell_pause(50);
        read_line("port", line, sizeof line);
        ck_assert_int_eq(sscanf(line, "127.0.0.1:%d", &second), 1);
    }
    ck_assert_int_ne(first, second);
    shell_run(&list, "$IMDSHIM list --json");
    snprintf(part, sizeof part, "\"port\": %d,", second);
    ck_assert_msg(strstr(list.out, part) != NULL, "%s", list.out);
    make_file("end");
    shell_finish(&shell);
    ck_assert_int_eq(shell_status(&shell), 0);
}

/* The client is started for the first listener, and not once more. */
TEST(the_client_is_started_once)
{
    shell_run(&shell, "exec $IMDSHIM run -c 'echo $IMD_PORT >>ports' -- $DOUBLES/engine "
                      "listen=127.0.0.1 wait close listen=127.0.0.1 wait pause=300 exit=4");
    ck_assert_int_eq(shell_status(&shell), 4);
    shell_run(&shell, "wc -l <ports");
    ck_assert_str_eq(shell.out, "1\n");
}

/* A child of the engine's may be anything. */
LOOP_TEST(the_listener_of_another_process_is_passed_over, 2)
{
    if (!has_backend(_i))
        return;
    shell_run(&shell,
              "exec $IMDSHIM run -v --backend %s -- $DOUBLES/engine listen=127.0.0.1 port fork "
              "close listen=127.0.0.1 exit=4",
              backends[_i]);
    ck_assert_int_eq(shell_count_lines(shell.err, " listens on 127.0.0.1:"), 1);
    ck_assert_int_eq(shell_count_lines(shell.err, ": another listener was the first"), 1);
}

TEST(exec_tells_the_next_port_on_a_further_line)
{
    unsigned ports[2];

    shell_run(&shell, "$IMDSHIM exec -q --fd 3 -- $DOUBLES/engine listen=127.0.0.1 wait close "
                      "listen=127.0.0.1 wait 3>events 2>err; cut -d ' ' -f 1,2 events");
    ck_assert_msg(
        sscanf(shell.out, "%u listening %*u ready %u listening", &ports[0], &ports[1]) == 2,
        "%s%s", shell.out, shell.err);
    ck_assert_uint_ne(ports[0], ports[1]);
    ck_assert_int_eq(shell_count_lines(shell.out, " ready"), 2);
}

/* ---- the relay ---- */

LOOP_TEST(clients_of_the_relay_are_led_to_the_next_listener, 2)
{
    shell_run(
        &shell,
        "$IMDSHIM run --relay %s -c 'for i in 1 2 3; do $IMDSHIM watch $IMD_URL || "
        "exit 9; done >frames' -- $DOUBLES/imd-engine frames=20 clients=3 between=%d >out;"
        "status=$?; cut -d, -f1 frames; exit $status",
        _i == 0 ? "" : "--only-me", _i * 300);
    ck_assert_msg(shell_status(&shell) == 0, "%s%s", shell.out, shell.err);
    ck_assert_str_eq(shell.out, "20 frames of 1000 atoms\n20 frames of 1000 atoms\n"
                                "20 frames of 1000 atoms\n");
    ck_assert_int_eq(shell_count_lines(shell.err, " listens on "), 3);
    ck_assert_int_eq(shell_count_lines(shell.err, "relay: clients connect to "), 1);
}

/* Its client may still run, and be the one that waits. */
TEST(a_client_that_waits_at_the_relay_is_refused_when_the_engine_ends)
{
    shell_run(&shell,
              "$IMDSHIM run --relay -c '$IMDSHIM watch $IMD_URL >first; $IMDSHIM watch -t "
              "50 $IMD_URL 2>second; exit 0' -- sh -c '$DOUBLES/imd-engine frames=5 "
              ">out; sleep 1'");
    ck_assert_msg(shell_status(&shell) == 0, "%s%s", shell.out, shell.err);
    shell_run(&shell, "cat first second");
    ck_assert_ptr_eq(strstr(shell.out, "5 frames "), shell.out);
    ck_assert_msg(strstr(shell.out, "is this an engine's IMD port") != NULL, "%s", shell.out);
}

TEST(clients_of_the_relay_are_refused_when_the_engine_does_not_listen_again)
{
    struct viewer viewer;

    shell_start(&shell, "exec $IMDSHIM run --relay -o port -- $DOUBLES/imd-engine frames=5 "
                        "clients=2 between=700 >out");
    wait_for_file("port");
    viewer = viewer_start(read_port("port"));
    ck_assert(viewer_read_all(&viewer));
    close(viewer.fd);
    viewer = viewer_connect(read_port("port"));
    kill(shell.pid, SIGTERM);
    ck_assert(!viewer_read_some(&viewer));
    close(viewer.fd);
    shell_finish(&shell);
    ck_assert_int_eq(shell_status(&shell), 128 + SIGTERM);
}

/* ---- both families ---- */

static bool has_ipv6(void)
{
    return access("/proc/net/if_inet6", F_OK) == 0 || suite_skip("IPv6", "this host has none");
}

#define IPV4 "tcp bind=0.0.0.0/8888 listen print-port "
#define IPV6 "v6only bind=::/8888 listen print-port "

/* The client's family decides which of the two it meets. */
LOOP_TEST(an_engine_that_asks_for_the_port_in_both_families_has_one_port, 4, .needs = has_ipv6)
{
    static const char *const orders[] = {IPV4 IPV6, IPV6 IPV4};
    unsigned first, second;

    if (!has_backend(_i % 2))
        return;
    shell_run(&shell, "exec $IMDSHIM run -q --backend %s -p 8888 -- $DOUBLES/engine %s",
              backends[_i % 2], orders[_i / 2]);
    ck_assert_msg(sscanf(shell.out, "%u\n%u\n", &first, &second) == 2, "%s", shell.out);
    ck_assert_uint_eq(first, second);
    ck_assert_uint_ne(first, 8888);
}

/* The engine waits on the one that was made first, or last, and accepts on one. */
static const struct {
    const char *engine, *calls;
} meetings[] = {
    {IPV4 IPV6 "wait serve=1", "::1"},
    {IPV4 IPV6 "swap wait serve=1", "127.0.0.1"},
    {IPV6 IPV4 "wait serve=1", "127.0.0.1"},
    {IPV6 IPV4 "swap wait serve=1", "::1"},
};

LOOP_TEST(a_client_of_either_family_is_served_by_the_socket_of_its_own, COUNT(meetings),
          .needs = has_ipv6)
{
    shell_run(&shell,
              "exec $IMDSHIM run -q -p 8888 -c '$DOUBLES/gate-client plain %s 8888 >met' -- "
              "$DOUBLES/engine %s exit=4",
              meetings[_i].calls, meetings[_i].engine);
    ck_assert_msg(shell_status(&shell) == 4, "%s%s", shell.out, shell.err);
    shell_run(&shell, "cat met");
    ck_assert_ptr_nonnull(strstr(shell.out, meetings[_i].calls));
}
