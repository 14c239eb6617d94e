/* The library's half of the gate: where a connect leads, and who is believed. */
#include "shim/hooks/gate.h"

#include <errno.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "shim/hooks/real.h"
#include "tests/support/suite.h"
#include "tests/unit/support/gate.h"

TEST_OPTIONS(.setup = gate_begin, .timeout = 60);

/* ---- where it leads ---- */

/* Where a socket of each domain goes; NULL: nowhere. */
static const struct {
    const char *answer, *from_ipv4, *from_ipv6;
} answers[] = {
    {"127.0.0.1 42165\n", "127.0.0.1", "::ffff:127.0.0.1"},
    {"10.77.0.2 42165\n", "10.77.0.2", "::ffff:10.77.0.2"},
    {"0.0.0.0 42165\n", "127.0.0.1", "::ffff:127.0.0.1"},
    {"::1 42165\n", NULL, "::1"},
    {"2001:db8::1 42165\n", NULL, "2001:db8::1"},
    {":: 42165\n", "127.0.0.1", "::1"},
    {"::ffff:127.1.2.3 42165\n", "127.1.2.3", "::ffff:127.1.2.3"},
    {"::ffff:0.0.0.0 42165\n", "127.0.0.1", "::ffff:127.0.0.1"},
    {"", NULL, NULL}, /* it hangs up */
    {"\n", NULL, NULL},
    {"127.0.0.1 42165", NULL, NULL}, /* and it hangs up */
    {"127.0.0.1 0\n", NULL, NULL},
    {"localhost 42165\n", NULL, NULL},
    {"::1 1 and then very much more than an address and a port can ever be, all in one line\n",
     NULL, NULL},
};

static void assert_leads_to(const char *line, int domain, const char *expected)
{
    int fd = make_socket(domain), result;
    union address address;

    /* The answer waits for the client: the kernel holds both. */
    if (fork() == 0) {
        answer(next_client(), line);
        _exit(0);
    }
    memset(&connected, 0, sizeof connected);
    errno = 0;
    result = connect_to(fd, domain == AF_INET ? "127.0.0.1" : "::1", GATE);
    ck_assert_int_eq(connected.calls, expected != NULL);
    if (expected == NULL) {
        ck_assert_int_eq(result, -1);
        ck_assert_int_eq(errno, ECONNREFUSED);
    } else {
        ck_assert_int_eq(result, 0);
        ck_assert_int_eq(connected.fd, fd);
        ck_assert(address_parse(&address, expected));
        address_set_port(&address, 42165);
        ck_assert_mem_eq(&connected.address, &address, sizeof address);
    }
    wait(NULL);
    close(fd);
}

LOOP_TEST(the_answer_leads_to_the_engine_from_sockets_of_both_families, COUNT(answers))
{
    assert_leads_to(answers[_i].answer, AF_INET, answers[_i].from_ipv4);
    assert_leads_to(answers[_i].answer, AF_INET6, answers[_i].from_ipv6);
}

TEST(an_answer_in_pieces_is_one_answer)
{
    static const char line[] = "127.0.0.1 42165\n";
    int fd = make_socket(AF_INET);

    if (fork() == 0) {
        int client = next_client();

        for (const char *at = line; *at != '\0'; at++) {
            ck_assert_int_eq(write(client, at, 1), 1);
            usleep(1000);
        }
        _exit(0);
    }
    ck_assert_int_eq(connect_here(fd), 0);
    ck_assert_uint_eq(address_port(&connected.address), 42165);
    wait(NULL);
}

/* What the real connect says is what the client hears. */
TEST(the_engines_refusal_is_the_clients)
{
    int fd = make_socket(AF_INET);

    if (fork() == 0) {
        answer(next_client(), "127.0.0.1 42165\n");
        _exit(0);
    }
    connected.result = -1;
    connected.error = ETIMEDOUT;
    ck_assert_int_eq(connect_here(fd), -1);
    ck_assert_int_eq(errno, ETIMEDOUT);
    wait(NULL);
}

/* ---- what does not wait ---- */

static const struct {
    const char *host;
    unsigned port;
} others[] = {
    {"127.0.0.1", GATE + 1}, {"192.0.2.1", GATE}, {"::1", GATE - 1},
    {"2001:db8::1", GATE},   {"0.0.0.0", 0},
};

LOOP_TEST(a_connection_to_another_place_passes_untouched, COUNT(others))
{
    int fd = make_socket(strchr(others[_i].host, ':') != NULL ? AF_INET6 : AF_INET);
    union address address;

    ck_assert(address_parse(&address, others[_i].host));
    address_set_port(&address, others[_i].port);
    connected.result = -1;
    connected.error = EHOSTUNREACH;
    ck_assert_int_eq(connect_to(fd, others[_i].host, others[_i].port), -1);
    ck_assert_int_eq(errno, EHOSTUNREACH);
    ck_assert_int_eq(connected.calls, 1);
    ck_assert_mem_eq(&connected.address, &address, sizeof address);
    ck_assert_int_eq(count_clients(), 0);
}

static int ignore_address(int fd, const struct sockaddr *address, socklen_t length)
{
    (void)fd;
    (void)address;
    (void)length;
    connected.calls++;
    errno = EFAULT;
    return -1;
}

/* A socket of UDP that is "connected"; a bad pointer; AF_UNSPEC, which ends an association. */
TEST(what_is_no_connection_of_tcp_passes_untouched)
{
    const struct sockaddr none = {.sa_family = AF_UNSPEC};
    int fd = make_socket(AF_INET);

    real.connect = ignore_address;
    ck_assert_int_eq(connect_here(socket(AF_INET, SOCK_DGRAM, 0)), -1);
    ck_assert_int_eq(connect_here(-1), -1);
    ck_assert_int_eq(connect_here(STDERR_FILENO), -1);
    ck_assert_int_eq(gate_connect(fd, NULL, sizeof(struct sockaddr_in)), -1);
    ck_assert_int_eq(gate_connect(fd, (struct sockaddr *)1, sizeof(struct sockaddr_in)), -1);
    ck_assert_int_eq(gate_connect(fd, &none, sizeof none), -1);
    ck_assert_int_eq(gate_connect(fd, &none, 2), -1);
    ck_assert_int_eq(errno, EFAULT);
    ck_assert_int_eq(connected.calls, 7);
    ck_assert_int_eq(count_clients(), 0);
}

TEST(when_the_launcher_is_gone_a_client_is_refused)
{
    close(launcher);
    ck_assert_int_eq(connect_here(make_socket(AF_INET)), -1);
    ck_assert_int_eq(errno, ECONNREFUSED);
    ck_assert_int_eq(connected.calls, 0);
}

/* ---- who is believed: a name that anyone may take once the launcher is gone ---- */

static bool is_root(void)
{
    return geteuid() == 0 ||
           suite_skip("a gate of another user's", "only root can be another user");
}

static void serve_as(uid_t user)
{
    int ready[2];
    char byte;

    ck_assert_int_eq(pipe(ready), 0);
    close(launcher);
    if (fork() == 0) {
        if (setuid(user) != 0)
            _exit(1);
        launcher = listen_as_launcher();
        ck_assert_int_eq(write(ready[1], "x", 1), 1);
        alarm(20);
        answer(next_client(), "127.1.2.3 42165\n");
        _exit(0);
    }
    close(ready[1]);
    ck_assert_int_eq(read(ready[0], &byte, 1), 1);
}

TEST(the_users_own_launcher_is_believed)
{
    serve_as(geteuid());
    ck_assert_int_eq(connect_here(make_socket(AF_INET)), 0);
    ck_assert_uint_eq(address_port(&connected.address), 42165);
}

TEST(another_users_launcher_is_not_believed, .needs = is_root)
{
    serve_as(65534);
    ck_assert_int_eq(connect_here(make_socket(AF_INET)), -1);
    ck_assert_int_eq(errno, ECONNREFUSED);
    ck_assert_int_eq(connected.calls, 0);
}
