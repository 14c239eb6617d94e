/* The launcher's half of the gate: who waits, who is answered, and who is not. */
#include "launcher/run/gate.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "launcher/base/clock.h"
#include "tests/support/suite.h"
#include "tests/unit/support/apart.h"

static struct gate gate;

/* As the library does: gate->text is "PORT:NAME". */
static int come(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const char *name = strchr(gate.text, ':') + 1;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    strcpy(address.sun_path + 1, name);
    ck_assert_int_ge(fd, 0);
    if (connect(fd, (struct sockaddr *)&address,
                (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + strlen(name))) == 0)
        return fd;
    close(fd);
    return -1;
}

/* What has come: "waits", "" for a hang-up, or the answer. */
static const char *answer_to(int fd)
{
    static char text[128];
    ssize_t got = recv(fd, text, sizeof text - 1, MSG_DONTWAIT);

    if (got < 0)
        return errno == EAGAIN ? "waits" : "failed";
    text[got] = '\0';
    return text;
}

static void assert_answer(int fd, const char *expected)
{
    ck_assert_str_eq(answer_to(fd), expected);
    if (strcmp(expected, "waits") == 0)
        return;
    ck_assert_str_eq(answer_to(fd), "");
    close(fd);
}

static bool calls(void)
{
    struct pollfd fd = {.fd = gate_fd(&gate), .events = POLLIN};

    return poll(&fd, 1, 0) == 1;
}

static void open_for(const char *host, unsigned port)
{
    union address engine;

    ck_assert(address_parse(&engine, host));
    address_set_port(&engine, port);
    gate_open(&gate, &engine);
}

static void enter(void)
{
    gate_make(&gate, 8888);
    ck_assert_int_eq(strncmp(gate.text, "8888:", 5), 0);
}

static void leave(void)
{
    gate_close(&gate);
    ck_assert_int_eq(come(), -1);
}

TEST_OPTIONS(.setup = enter, .teardown = leave, .timeout = 120);

TEST(who_comes_early_waits_until_the_gate_is_opened)
{
    int first = come(), second = come();

    gate_admit(&gate);
    assert_answer(first, "waits");
    open_for("10.77.0.2", 42165);
    assert_answer(first, "10.77.0.2 42165\n");
    assert_answer(second, "10.77.0.2 42165\n");
    ck_assert_uint_eq(gate.asked, 2);
}

TEST(who_comes_late_is_answered_at_once)
{
    int fd;

    open_for("::1", 65535);
    fd = come();
    ck_assert(calls());
    gate_admit(&gate);
    assert_answer(fd, "::1 65535\n");
}

TEST(the_longest_address_fits)
{
    static const char longest[] = "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff";
    int fd = come();

    gate_admit(&gate);
    open_for(longest, 65535);
    assert_answer(fd, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535\n");
}

TEST(a_gate_that_is_shut_refuses_those_who_wait_and_those_who_come)
{
    int early = come(), late;

    gate_admit(&gate);
    gate_shut(&gate);
    assert_answer(early, "");
    late = come();
    gate_admit(&gate);
    assert_answer(late, "");
}

TEST(a_gate_that_was_open_refuses_once_it_is_shut)
{
    int fd;

    open_for("127.0.0.1", 1);
    gate_shut(&gate);
    fd = come();
    gate_admit(&gate);
    assert_answer(fd, "");
}

TEST(a_gate_that_is_closed_refuses_those_who_were_not_admitted)
{
    int fd = come();

    gate_close(&gate);
    ck_assert_str_eq(answer_to(fd), "failed"); /* ECONNRESET */
    close(fd);
}

TEST(whoever_has_gone_meanwhile_is_nobodys_trouble)
{
    int first = come(), second = come();

    gate_admit(&gate);
    close(first);
    open_for("127.0.0.1", 1);
    assert_answer(second, "127.0.0.1 1\n");
    gate_admit(&gate);
}

TEST(more_than_can_wait_are_answered_when_it_opens)
{
    enum { MANY = GATE_WAITING + 40 };
    int fds[MANY];

    for (int i = 0; i < MANY; i++) {
        fds[i] = come();
        gate_admit(&gate);
    }
    ck_assert_uint_eq(gate.count, GATE_WAITING);
    ck_assert(!calls());
    open_for("127.0.0.1", 1);
    ck_assert(calls());
    gate_admit(&gate);
    for (int i = 0; i < MANY; i++)
        assert_answer(fds[i], "127.0.0.1 1\n");
    ck_assert_uint_eq(gate.asked, MANY);
}

/* Or poll(2) would return for ever. */
TEST(who_cannot_be_taken_in_for_want_of_descriptors_does_not_call_all_the_time)
{
    const struct rlimit many = {1024, 1024};
    struct rlimit few = many;
    int first = come(), second;

    gate_admit(&gate);
    second = come();
    few.rlim_cur = (rlim_t)second + 1;
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &few), 0);
    gate_admit(&gate);
    ck_assert(!calls());
    open_for("127.0.0.1", 1);
    gate_admit(&gate);
    assert_answer(first, "127.0.0.1 1\n");
    assert_answer(second, "127.0.0.1 1\n");
}

/* Whoever waits for it would wait for ever. */
TEST(who_could_not_be_taken_in_once_is_answered_later_though_nobody_else_comes)
{
    const struct rlimit many = {1024, 1024};
    struct rlimit few = many;
    int fd = come();

    open_for("127.0.0.1", 1);
    few.rlim_cur = (rlim_t)fd + 1;
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &few), 0);
    gate_admit(&gate);
    ck_assert_str_eq(answer_to(fd), "waits");
    ck_assert_int_gt(gate_deadline(&gate), clock_now());
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &many), 0);
    poll(NULL, 0, (int)(gate_deadline(&gate) - clock_now()) + 1);
    gate_admit(&gate);
    assert_answer(fd, "127.0.0.1 1\n");
    ck_assert_int_eq(gate_deadline(&gate), 0);
}

static void come_as_nobody(const void *unused)
{
    char byte;
    int fd;

    (void)unused;
    if (setgid(65534) != 0 || setuid(65534) != 0)
        _exit(100);
    fd = come();
    if (fd < 0)
        _exit(101);
    _exit(read(fd, &byte, 1) == 0 ? 0 : 1);
}

/* The wait of another process must be ended while we wait for that process: in a third. */
TEST(another_users_process_is_turned_away)
{
    pid_t keeper;

    if (geteuid() != 0)
        return;
    open_for("127.0.0.1", 1);
    keeper = fork();
    if (keeper == 0)
        for (struct pollfd fd = {.fd = gate_fd(&gate), .events = POLLIN};; gate_admit(&gate)) {
            if (gate.asked > 0)
                _exit(1);
            if (poll(&fd, 1, 20000) != 1)
                _exit(0);
        }
    ck_assert_int_eq(apart(come_as_nobody, NULL), 0);
    kill(keeper, SIGKILL);
    waitpid(keeper, NULL, 0);
}

TEST(two_gates_have_two_names)
{
    struct gate other;

    gate_make(&other, 8888);
    ck_assert_str_ne(other.text, gate.text);
    gate_close(&other);
}

TEST(a_gate_that_is_none_is_closed_and_shut_all_the_same)
{
    struct gate none;

    gate_init(&none);
    gate_admit(&none);
    gate_shut(&none);
    gate_close(&none);
    ck_assert_int_eq(gate_fd(&none), -1);
}
