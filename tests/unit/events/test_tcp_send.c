/* A line by TCP, to a launcher that is well, gone, stopped or elsewhere. */
#include "shim/events/tcp.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "shim/kernel/process.h"
#include "shim/wire/address.h"
#include "shim/wire/sys.h"
#include "tests/support/network.h"
#include "tests/support/suite.h"

enum {
    SECONDS = 60,
    MULTIPLE = 20, /* of the time limit: this machine may be busy with other things */
    HIGHEST_FD = 256,
};

#define SECRET "0123456789abcdef0123456789abcdef"
#define LINE "42165 ready pid=4711\n"

static const char line[] = LINE;

/* A launcher: it reads a line of each connection, and ends it. */
struct launcher {
    int listener;
    unsigned port;
    pthread_t thread;
    int connections; /* to take */
    char bytes[4 * EVENT_MAX];
    size_t length;
};

static int listen_on(const char *address, unsigned port, int backlog)
{
    struct sockaddr_in local = {.sin_family = AF_INET, .sin_port = htons((in_port_t)port)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    inet_pton(AF_INET, address, &local.sin_addr);
    ck_assert_int_eq(bind(fd, (const struct sockaddr *)&local, sizeof local), 0);
    ck_assert_int_eq(listen(fd, backlog), 0);
    return fd;
}

static void begin(struct launcher *launcher)
{
    union address local;
    socklen_t length = sizeof local;

    memset(launcher, 0, sizeof *launcher);
    launcher->listener = listen_on("127.0.0.1", 0, 5);
    getsockname(launcher->listener, &local.any, &length);
    launcher->port = address_port(&local);
}

static void *take_lines(void *argument)
{
    struct launcher *launcher = argument;

    for (int i = 0; i < launcher->connections; i++) {
        int fd = accept4(launcher->listener, NULL, NULL, SOCK_CLOEXEC);
        ssize_t length;

        do {
            length = read(fd, launcher->bytes + launcher->length,
                          sizeof launcher->bytes - launcher->length);
            launcher->length += length > 0 ? (size_t)length : 0;
        } while (length > 0 && launcher->bytes[launcher->length - 1] != '\n');
        close(fd);
    }
    return NULL;
}

static void take(struct launcher *launcher, int connections)
{
    launcher->connections = connections;
    ck_assert_int_eq(pthread_create(&launcher->thread, NULL, take_lines, launcher), 0);
}

static void assert_received(struct launcher *launcher, const char *expected)
{
    pthread_join(launcher->thread, NULL);
    ck_assert_uint_eq(launcher->length, strlen(expected));
    ck_assert_mem_eq(launcher->bytes, expected, launcher->length);
}

/* The library's words for the launcher; host NULL: it is on this one. */
static void describe(struct handover_tcp *tcp, const char *host, unsigned port,
                     const char *addresses)
{
    char name[HOST_SIZE], all[1024] = "";
    struct text text = {all, 0, sizeof all - 1};

    process_host(name);
    text_put_escaped(&text, host != NULL ? host : name);
    snprintf(all + text.length, sizeof all - text.length, ":%u:" SECRET ":%s", port, addresses);
    ck_assert_msg(handover_parse_tcp(tcp, all), "not taken: %s", all);
}

static int count_descriptors(void)
{
    int count = 0;

    for (int fd = 0; fd < HIGHEST_FD; fd++)
        count += fcntl(fd, F_GETFD) >= 0;
    return count;
}

/* The milliseconds that it took. */
static int64_t send_to(const struct handover_tcp *tcp, bool required)
{
    char bytes[HANDOVER_SIGNATURE + sizeof line];
    int64_t start = sys_now();

    memcpy(bytes + HANDOVER_SIGNATURE, line, sizeof line);
    tcp_send(tcp, bytes + HANDOVER_SIGNATURE, strlen(line), required);
    return sys_now() - start;
}

static bool is_connected_to(int listener)
{
    struct pollfd fd = {.fd = listener, .events = POLLIN};

    return poll(&fd, 1, 0) == 1;
}

TEST_OPTIONS(.timeout = SECONDS);

TEST(the_secret_and_the_line_arrive_whole)
{
    struct launcher launcher;
    struct handover_tcp tcp;
    int descriptors;

    begin(&launcher);
    describe(&tcp, NULL, launcher.port, "127.0.0.1");
    descriptors = count_descriptors();
    take(&launcher, 3);
    send_to(&tcp, true);
    send_to(&tcp, false);
    send_to(&tcp, true);
    assert_received(&launcher, SECRET " " LINE SECRET " " LINE SECRET " " LINE);
    ck_assert_int_eq(count_descriptors(), descriptors);
}

TEST(the_longest_line_arrives_whole)
{
    char bytes[HANDOVER_SIGNATURE + EVENT_MAX + 1], *longest = bytes + HANDOVER_SIGNATURE;
    char expected[sizeof bytes] = SECRET " ";
    struct launcher launcher;
    struct handover_tcp tcp;

    begin(&launcher);
    describe(&tcp, NULL, launcher.port, "127.0.0.1");
    memset(longest, 'x', EVENT_MAX);
    memcpy(longest + EVENT_MAX - 1, "\n", 2);
    strcat(expected, longest);
    take(&launcher, 1);
    tcp_send(&tcp, longest, EVENT_MAX, true);
    assert_received(&launcher, expected);
}

/* What listens there now, if anything, is another's. */
static unsigned deserted_port(void)
{
    struct launcher launcher;

    begin(&launcher);
    close(launcher.listener);
    return launcher.port;
}

TEST(where_nobody_listens_nothing_is_waited_for)
{
    int64_t least = INT64_MAX;
    int descriptors;
    struct handover_tcp tcp;

    describe(&tcp, NULL, deserted_port(), "127.0.0.1,127.0.0.2,::1");
    descriptors = count_descriptors();
    for (int i = 0; i < 5; i++) {
        int64_t time = send_to(&tcp, true);

        least = time < least ? time : least;
    }
    ck_assert_int_lt(least, TCP_TIMEOUT_MS);
    ck_assert_int_eq(count_descriptors(), descriptors);
}

/* Stopped with Ctrl-Z: the kernel accepts for it. */
TEST(a_launcher_that_never_reads_costs_the_time_limit_and_no_more)
{
    struct launcher launcher;
    struct handover_tcp tcp;
    int descriptors;

    begin(&launcher);
    describe(&tcp, NULL, launcher.port, "127.0.0.1");
    descriptors = count_descriptors();
    ck_assert_int_lt(send_to(&tcp, true), MULTIPLE * TCP_TIMEOUT_MS);
    ck_assert(is_connected_to(launcher.listener));
    ck_assert_int_lt(send_to(&tcp, false), MULTIPLE * TCP_TIMEOUT_MS);
    ck_assert_int_eq(count_descriptors(), descriptors);
}

TEST(after_a_failure_only_what_matters_is_tried_again)
{
    struct handover_tcp tcp;
    unsigned port = deserted_port();
    int listener;

    describe(&tcp, NULL, port, "127.0.0.1");
    send_to(&tcp, false);
    listener = listen_on("127.0.0.1", port, 5);
    send_to(&tcp, false);
    ck_assert(!is_connected_to(listener));
    send_to(&tcp, true);
    ck_assert(is_connected_to(listener));
}

/* SIGPIPE would end this process. */
TEST(a_launcher_that_hangs_up_does_no_harm)
{
    const struct linger at_once = {1, 0};
    struct launcher launcher;
    struct handover_tcp tcp;

    begin(&launcher);
    describe(&tcp, NULL, launcher.port, "127.0.0.1");
    setsockopt(launcher.listener, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    launcher.length = sizeof launcher.bytes; /* no room: it reads nothing */
    take(&launcher, 20);
    for (int i = 0; i < 20; i++)
        ck_assert_int_lt(send_to(&tcp, true), MULTIPLE * TCP_TIMEOUT_MS);
    pthread_join(launcher.thread, NULL);
}

/* A connection that gets no answer: its listener has as many as it takes. */
static int listen_in_vain(const char *address, unsigned port)
{
    struct sockaddr_in local = {.sin_family = AF_INET, .sin_port = htons((in_port_t)port)};
    int listener = listen_on(address, port, 0);

    inet_pton(AF_INET, address, &local.sin_addr);
    for (int i = 0; i < 4; i++)
        (void)connect(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0),
                      (const struct sockaddr *)&local, sizeof local);
    return listener;
}

TEST(of_several_addresses_the_one_that_answers_is_used)
{
    struct launcher launcher;
    struct handover_tcp tcp;
    int descriptors;

    begin(&launcher);
    listen_in_vain("127.0.0.3", launcher.port);
    describe(&tcp, NULL, launcher.port, "127.0.0.3,127.0.0.2,::1,127.0.0.1");
    descriptors = count_descriptors();
    take(&launcher, 1);
    send_to(&tcp, true);
    assert_received(&launcher, SECRET " " LINE);
    ck_assert_int_eq(count_descriptors(), descriptors);
}

TEST(a_line_goes_to_one_address_only)
{
    struct launcher launcher;
    struct handover_tcp tcp;

    begin(&launcher);
    describe(&tcp, NULL, launcher.port, "127.0.0.1,127.0.0.1,127.0.0.1");
    take(&launcher, 3); /* of two nothing is heard but their end */
    send_to(&tcp, true);
    assert_received(&launcher, SECRET " " LINE);
}

/* A bridge of containers has the same address on every host: a listener on ours is another's.
 */
TEST(an_address_of_this_host_is_not_a_launcher_elsewhere)
{
    static const char *const hosts[] = {"elsewhere", "", "%6eode1"};
    struct launcher launcher;
    struct handover_tcp tcp;

    begin(&launcher);
    for (int i = 0; i < 3; i++) {
        int descriptors = count_descriptors();

        describe(&tcp, hosts[i], launcher.port, "127.0.0.1,127.0.0.2,::ffff:127.0.0.1,::1");
        send_to(&tcp, true);
        ck_assert(!is_connected_to(launcher.listener));
        ck_assert_int_eq(count_descriptors(), descriptors);
    }
}

TEST(without_a_descriptor_to_be_had_the_line_is_lost_and_no_more)
{
    struct rlimit limit, none;
    struct launcher launcher;
    struct handover_tcp tcp;

    begin(&launcher);
    describe(&tcp, NULL, launcher.port, "127.0.0.1");
    getrlimit(RLIMIT_NOFILE, &limit);
    none = (struct rlimit){3, limit.rlim_max};
    setrlimit(RLIMIT_NOFILE, &none);
    ck_assert_int_lt(send_to(&tcp, true), MULTIPLE * TCP_TIMEOUT_MS);
    setrlimit(RLIMIT_NOFILE, &limit);
    ck_assert(!is_connected_to(launcher.listener));
}

/* ---- a host of our own, where IPv6 sockets are of IPv6 alone ---- */

TEST(ipv4_is_reached_where_ipv6_sockets_do_not_reach_it, .needs = network_can_be_had)
{
    struct launcher launcher;
    struct handover_tcp tcp;

    network_enter();
    network_set("ipv6/bindv6only", "1");
    begin(&launcher);
    describe(&tcp, NULL, launcher.port, "127.0.0.1");
    take(&launcher, 1);
    send_to(&tcp, true);
    assert_received(&launcher, SECRET " " LINE);
    describe(&tcp, "elsewhere", launcher.port, "127.0.0.1");
    send_to(&tcp, true);
    ck_assert(!is_connected_to(launcher.listener));
}
