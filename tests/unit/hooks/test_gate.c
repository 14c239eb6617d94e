/*
 * The library's half of the gate: where a connect leads, who is believed, and what goes on when
 * a signal has interrupted it. The real connect() is one of our own, which notes where it was
 * sent.
 */
#include "shim/hooks/gate.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "shim/hooks/gate_wait.h"
#include "shim/hooks/real.h"
#include "shim/state/active_hooks.h"
#include "shim/wire/address.h"
#include "shim/wire/sys.h"
#include "shim/wire/wire.h"
#include "tests/support/suite.h"

enum { GATE = 8888, SOON = 30, LONG = 20000 /* milliseconds */ };

/* ---- what the library calls ---- */

static struct {
    int calls, fd, result, error;
    union address address;
} connected;

static int note_connect(int fd, const struct sockaddr *address, socklen_t length)
{
    connected.calls++;
    connected.fd = fd;
    ck_assert(address_copy(&connected.address, address, length));
    errno = connected.error;
    return connected.result;
}

static int count_descriptors(void)
{
    int count = 0;

    for (int fd = 0; fd < 256; fd++)
        count += fcntl(fd, F_GETFD) >= 0;
    return count;
}

/* ---- a launcher ---- */

static char name[32]; /* of its socket */

static int listen_as_launcher(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    strcpy(address.sun_path + 1, name);
    ck_assert_int_eq(
        bind(fd, (struct sockaddr *)&address,
             (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + strlen(name))),
        0);
    ck_assert_int_eq(listen(fd, 64), 0);
    return fd;
}

static int launcher = -1; /* what it listens on */

static void enter(void)
{
    char text[64];

    snprintf(name, sizeof name, "imdshim-test-%ld", (long)getpid());
    snprintf(text, sizeof text, "%d:%s", GATE, name);
    setenv(WIRE_GATE, text, 1);
    real_resolve();
    real.connect = note_connect;
    active_hooks = HOOK_CONNECT;
    launcher = listen_as_launcher();
}

/* The next client that waits. */
static int next_client(void)
{
    int client = accept(launcher, NULL, NULL);

    ck_assert_int_ge(client, 0);
    return client;
}

/* How many wait that have not been taken. */
static int count_clients(void)
{
    int count = 0, flags = fcntl(launcher, F_GETFL);

    fcntl(launcher, F_SETFL, flags | O_NONBLOCK);
    while (accept(launcher, NULL, NULL) >= 0)
        count++;
    fcntl(launcher, F_SETFL, flags);
    return count;
}

static void answer(int client, const char *line)
{
    ck_assert_int_eq(write(client, line, strlen(line)), (ssize_t)strlen(line));
}

/* ---- a client ---- */

static int make_socket(int domain)
{
    int fd = socket(domain, SOCK_STREAM | SOCK_CLOEXEC, 0);

    ck_assert_int_ge(fd, 0);
    return fd;
}

static int connect_to(int fd, const char *host, unsigned port)
{
    union address address;

    ck_assert(address_parse(&address, host));
    address_set_port(&address, port);
    return gate_connect(fd, &address.any, address_length(&address));
}

static int connect_here(int fd)
{
    return connect_to(fd, "127.0.0.1", GATE);
}

TEST_OPTIONS(.setup = enter, .timeout = 60);

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

/* ---- signals ---- */

static volatile sig_atomic_t handled;

static void handle(int signal)
{
    (void)signal;
    handled++;
}

/* SIGALRM soon, and every moment thereafter: one may come before the wait has begun. */
static void send_signals(int flags)
{
    const struct itimerval every = {{0, SOON * 1000}, {0, SOON * 1000}};
    struct sigaction action = {.sa_handler = handle, .sa_flags = flags};

    sigaction(SIGALRM, &action, NULL);
    setitimer(ITIMER_REAL, &every, NULL);
}

static void send_no_more_signals(void)
{
    const struct itimerval never = {{0, 0}, {0, 0}};

    setitimer(ITIMER_REAL, &never, NULL);
}

/* A connect that a signal has interrupted; the launcher's end of it. */
static int interrupted_connect(int fd)
{
    handled = 0;
    send_signals(0);
    ck_assert_int_eq(connect_here(fd), -1);
    ck_assert_int_eq(errno, EINTR);
    send_no_more_signals();
    ck_assert_int_gt(handled, 0);
    ck_assert_int_eq(connected.calls, 0);
    return next_client();
}

static int wait_writable(int fd, int milliseconds, short *revents)
{
    const struct timespec timeout = {milliseconds / 1000, milliseconds % 1000 * 1000000L};
    struct pollfd one = {.fd = fd, .events = POLLOUT, .revents = 77};
    int result = gate_ppoll(&one, 1, milliseconds >= 0 ? &timeout : NULL, NULL);

    if (revents != NULL)
        *revents = one.revents;
    return result;
}

TEST(a_handler_ends_the_wait_and_the_connection_is_still_being_made)
{
    int fd = make_socket(AF_INET), client;

    ck_assert(!hook_active(HOOK_RESUME));
    client = interrupted_connect(fd);
    ck_assert(hook_active(HOOK_RESUME));
    ck_assert_int_eq(count_clients(), 0);
    ck_assert_int_eq(recv(client, &(char){0}, 1, MSG_DONTWAIT), -1); /* it waits still */
    ck_assert_int_eq(errno, EAGAIN);
}

TEST(a_handler_with_sa_restart_does_not_end_the_wait)
{
    int fd = make_socket(AF_INET);

    if (fork() == 0) {
        int client = next_client();

        usleep(10 * SOON * 1000);
        answer(client, "127.0.0.1 42165\n");
        _exit(0);
    }
    send_signals(SA_RESTART);
    ck_assert_int_eq(connect_here(fd), 0);
    ck_assert_int_gt(handled, 1);
    ck_assert(!hook_active(HOOK_RESUME));
    wait(NULL);
}

TEST(connecting_again_goes_on_with_the_same_wait)
{
    int fd = make_socket(AF_INET), client = interrupted_connect(fd);

    send_signals(0);
    ck_assert_int_eq(connect_here(fd), -1);
    ck_assert_int_eq(errno, EINTR);
    send_no_more_signals();
    ck_assert_int_eq(count_clients(), 0);
    answer(client, "127.0.0.1 42165\n");
    ck_assert_int_eq(connect_here(fd), 0);
    ck_assert_int_eq(connected.calls, 1);
    ck_assert_int_eq(connected.fd, fd);
    ck_assert_int_eq(recv(client, &(char){0}, 1, 0), 0); /* our end is closed */
    ck_assert(!hook_active(HOOK_RESUME));
}

TEST(a_wait_for_the_socket_goes_on_with_the_connect)
{
    int fd = make_socket(AF_INET), client = interrupted_connect(fd);

    answer(client, "127.0.0.1 42165\n");
    ck_assert_int_eq(wait_writable(fd, LONG, NULL), 1);
    ck_assert_int_eq(connected.calls, 1);
    ck_assert_int_eq(connected.fd, fd);
    ck_assert_uint_eq(address_port(&connected.address), 42165);
    ck_assert(!hook_active(HOOK_RESUME));
    ck_assert_int_eq(recv(client, &(char){0}, 1, 0), 0);
}

/* A socket that does not block: it is being connected, and the wait is for that. */
TEST(a_connection_that_is_under_way_is_no_error_of_the_wait)
{
    int fd = make_socket(AF_INET), client = interrupted_connect(fd);

    answer(client, "127.0.0.1 42165\n");
    connected.result = -1;
    connected.error = EINPROGRESS;
    ck_assert_int_eq(wait_writable(fd, LONG, NULL), 1);
}

TEST(the_time_limit_of_a_wait_holds)
{
    int fd = make_socket(AF_INET), client = interrupted_connect(fd);
    int64_t start = sys_now();
    short revents;

    ck_assert_int_eq(wait_writable(fd, 5 * SOON, &revents), 0);
    ck_assert_int_eq(revents, 0);
    ck_assert_int_ge(sys_now() - start, 5 * SOON);
    ck_assert_int_eq(wait_writable(fd, 0, &revents), 0);
    ck_assert_int_eq(revents, 0);
    ck_assert_int_eq(connected.calls, 0);
    answer(client, "127.0.0.1 42165\n");
    ck_assert_int_eq(wait_writable(fd, 0, NULL), 1);
    ck_assert_int_eq(connected.calls, 1);
}

TEST(a_signal_interrupts_the_wait_too)
{
    int fd = make_socket(AF_INET), client = interrupted_connect(fd);

    send_signals(0);
    ck_assert_int_eq(wait_writable(fd, -1, NULL), -1);
    ck_assert_int_eq(errno, EINTR);
    send_no_more_signals();
    answer(client, "127.0.0.1 42165\n");
    ck_assert_int_eq(wait_writable(fd, -1, NULL), 1);
    ck_assert_int_eq(connected.calls, 1);
}

LOOP_TEST(an_engine_that_ends_first_is_a_refusal_whoever_waits, 3)
{
    int fd = make_socket(AF_INET), client = interrupted_connect(fd), result;

    close(client);
    errno = 0;
    result = _i == 0   ? connect_here(fd)
             : _i == 1 ? wait_writable(fd, LONG, NULL)
                       : gate_before_epoll(fd) - 1;
    ck_assert_int_eq(result, -1);
    ck_assert_int_eq(errno, ECONNREFUSED);
    ck_assert_int_eq(connected.calls, 0);
    ck_assert(!hook_active(HOOK_RESUME));
}

/* ---- waits that have to do with other things ---- */

TEST(a_wait_for_something_else_ends_when_that_is_ready)
{
    int fd = make_socket(AF_INET), client = interrupted_connect(fd), pipes[2];
    struct pollfd fds[] = {{.fd = fd, .events = POLLOUT}, {.fd = -1, .events = POLLOUT}, {0}};

    ck_assert_int_eq(pipe(pipes), 0);
    fds[2] = (struct pollfd){.fd = pipes[0], .events = POLLIN};
    ck_assert_int_eq(write(pipes[1], "x", 1), 1);
    ck_assert_int_eq(gate_poll(fds, COUNT(fds), LONG), 1);
    ck_assert_int_eq(fds[0].revents, 0);
    ck_assert_int_eq(fds[0].fd, fd);
    ck_assert_int_eq(fds[2].revents, POLLIN);
    ck_assert_int_eq(connected.calls, 0);
    answer(client, "127.0.0.1 42165\n");
    ck_assert_int_eq(gate_poll(fds, COUNT(fds), LONG), 2);
    ck_assert_int_eq(fds[0].revents, POLLOUT);
    ck_assert_int_eq(connected.calls, 1);
}

TEST(a_bad_set_is_the_kernels_to_refuse)
{
    int client = interrupted_connect(make_socket(AF_INET));

    ck_assert_int_eq(gate_poll(NULL, 3, 0), -1);
    ck_assert_int_eq(errno, EFAULT);
    ck_assert_int_eq(gate_poll(NULL, 0, 0), 0);
    ck_assert(gate_before_epoll(-1));
    ck_assert(gate_before_epoll(STDERR_FILENO));
    close(client);
}

/* What is blocked, and let in by the mask of the wait alone, interrupts it. */
TEST(a_wait_has_its_own_mask)
{
    int fd = make_socket(AF_INET), client = interrupted_connect(fd);
    struct pollfd one = {.fd = fd, .events = POLLOUT};
    sigset_t blocked, none;

    sigemptyset(&none);
    sigfillset(&blocked);
    sigprocmask(SIG_SETMASK, &blocked, NULL);
    send_signals(0);
    ck_assert_int_eq(gate_ppoll(&one, 1, NULL, &none), -1);
    ck_assert_int_eq(errno, EINTR);
    send_no_more_signals();
    close(client);
}

/* ---- select ---- */

static int select_writable(int fd, int milliseconds, fd_set sets[3])
{
    const struct timespec timeout = {milliseconds / 1000, milliseconds % 1000 * 1000000L};

    for (int i = 0; i < 3; i++)
        FD_ZERO(&sets[i]);
    FD_SET(fd, &sets[1]);
    return gate_pselect(fd + 1, (fd_set *const[]){&sets[0], &sets[1], &sets[2]},
                        milliseconds >= 0 ? &timeout : NULL, NULL);
}

TEST(the_time_limit_of_a_select_holds_and_its_sets_are_empty)
{
    int fd = make_socket(AF_INET), client = interrupted_connect(fd);
    int64_t start = sys_now();
    fd_set sets[3];

    ck_assert_int_eq(select_writable(fd, 5 * SOON, sets), 0);
    ck_assert_int_ge(sys_now() - start, 5 * SOON);
    for (int set = 0; set < 3; set++)
        for (int i = 0; i <= fd; i++)
            ck_assert(!FD_ISSET(i, &sets[set]));
    answer(client, "127.0.0.1 42165\n");
    ck_assert_int_eq(select_writable(fd, LONG, sets), 1);
    ck_assert(FD_ISSET(fd, &sets[1]));
    for (int i = 0; i <= fd; i++)
        ck_assert(!FD_ISSET(i, &sets[0]) && !FD_ISSET(i, &sets[2]));
    ck_assert_int_eq(connected.calls, 1);
}

/* A set need be no longer than its count says, in whole longs: select(2) of the kernel. */
TEST(a_set_that_is_shorter_than_an_fd_set_is_not_written_beyond)
{
    int fd = make_socket(AF_INET), client = interrupted_connect(fd);
    struct {
        unsigned long bits[1], behind[20];
    } sets[3];
    struct timeval soon = {0, SOON * 1000L};

    ck_assert_int_lt(fd, 64);
    memset(sets, 0xff, sizeof sets);
    for (int set = 0; set < 3; set++)
        sets[set].bits[0] = set == 1 ? 1UL << fd : 0;
    ck_assert_int_eq(
        gate_select(fd + 1,
                    (fd_set *const[]){(fd_set *)sets[0].bits, (fd_set *)sets[1].bits,
                                      (fd_set *)sets[2].bits},
                    &soon),
        0);
    for (int set = 0; set < 3; set++) {
        ck_assert_uint_eq(sets[set].bits[0], 0);
        for (int i = 0; i < 20; i++)
            ck_assert_uint_eq(sets[set].behind[i], ~0UL);
    }
    close(client);
}

TEST(a_select_of_a_bad_set_is_the_kernels_to_refuse)
{
    int fd = make_socket(AF_INET), client = interrupted_connect(fd);

    ck_assert_int_eq(gate_pselect(fd + 1, (fd_set *const[]){NULL, (fd_set *)1, NULL},
                                  &(struct timespec){0, 0}, NULL),
                     -1);
    ck_assert_int_eq(errno, EFAULT);
    ck_assert_int_eq(
        gate_select(0, (fd_set *const[]){NULL, NULL, NULL}, &(struct timeval){-1, 0}), -1);
    ck_assert_int_eq(errno, EINVAL);
    close(client);
}

/* ---- several ---- */

TEST(several_sockets_wait_and_each_goes_on)
{
    enum { SOCKETS = 8 };
    struct pollfd fds[SOCKETS];
    int clients[SOCKETS];

    for (int i = 0; i < SOCKETS; i++) {
        fds[i] = (struct pollfd){.fd = make_socket(AF_INET), .events = POLLOUT};
        clients[i] = interrupted_connect(fds[i].fd);
    }
    for (int i = 0; i < SOCKETS; i++)
        answer(clients[i], "127.0.0.1 42165\n");
    ck_assert(hook_active(HOOK_RESUME));
    ck_assert_int_eq(gate_poll(fds, SOCKETS, -1), SOCKETS);
    ck_assert_int_eq(connected.calls, SOCKETS);
    ck_assert(!hook_active(HOOK_RESUME));
}

TEST(while_one_of_several_waits_the_others_go_on)
{
    int first = make_socket(AF_INET), second = make_socket(AF_INET);
    int first_client = interrupted_connect(first), second_client = interrupted_connect(second);

    answer(second_client, "127.0.0.1 42166\n");
    ck_assert(gate_before_epoll(second));
    ck_assert_uint_eq(address_port(&connected.address), 42166);
    ck_assert(hook_active(HOOK_RESUME));
    answer(first_client, "127.0.0.1 42165\n");
    ck_assert(gate_before_epoll(first));
    ck_assert_uint_eq(address_port(&connected.address), 42165);
    ck_assert(!hook_active(HOOK_RESUME));
}

/* What cannot be gone on with later is not interrupted. */
TEST(of_more_than_can_be_known_the_last_waits_through_its_signals)
{
    int fd;

    for (int i = 0; i < 8; i++)
        interrupted_connect(make_socket(AF_INET));
    fd = make_socket(AF_INET);
    if (fork() == 0) {
        int client = next_client();

        usleep(5 * SOON * 1000);
        answer(client, "127.0.0.1 42165\n");
        _exit(0);
    }
    handled = 0;
    send_signals(0);
    ck_assert_int_eq(connect_here(fd), 0);
    send_no_more_signals();
    ck_assert_int_gt(handled, 0);
    wait(NULL);
}

/* The usual end of a client's own time limit: an alarm, close(), and a new socket. */
TEST(any_number_of_connects_is_given_up_one_after_the_other)
{
    int before = -1;

    for (int i = 0; i < 40; i++) {
        int fd = make_socket(AF_INET), client = interrupted_connect(fd);

        close(fd);
        close(client);
        if (i == 20)
            before = count_descriptors();
    }
    ck_assert_int_le(count_descriptors(), before + 1);
}

TEST(a_time_limit_of_the_socket_ends_the_wait_and_the_connection_is_still_being_made)
{
    const struct timeval limit = {0, 5 * SOON * 1000L};
    int fd = make_socket(AF_INET), client;
    int64_t start = sys_now();

    ck_assert_int_eq(setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit), 0);
    ck_assert_int_eq(connect_here(fd), -1);
    ck_assert_int_eq(errno, EINPROGRESS);
    ck_assert_int_ge(sys_now() - start, 5 * SOON);
    client = next_client();
    answer(client, "127.0.0.1 42165\n");
    ck_assert_int_eq(wait_writable(fd, LONG, NULL), 1);
    ck_assert_int_eq(connected.calls, 1);
}

TEST(an_address_of_no_family_ends_a_connect_that_is_being_made)
{
    const struct sockaddr none = {.sa_family = AF_UNSPEC};
    int fd = make_socket(AF_INET), client = interrupted_connect(fd);

    gate_connect(fd, &none, sizeof none);
    ck_assert_int_eq(connected.calls, 1);
    ck_assert_int_eq(recv(client, &(char){0}, 1, 0), 0); /* nobody waits for its answer */
}

/* A client may close all that it does not know, and open a file in the place of it. */
TEST(a_number_that_is_another_file_by_now_is_left_alone)
{
    int fd = make_socket(AF_INET), client, number, pipes[2];

    number = dup(fd);
    close(number); /* our connection's, soon */
    client = interrupted_connect(fd);
    ck_assert_int_eq(pipe(pipes), 0);
    ck_assert_int_eq(dup2(pipes[0], number), number);
    ck_assert_int_eq(recv(client, &(char){0}, 1, 0), 0); /* so it was that number */
    ck_assert(gate_before_epoll(fd));
    if (fork() == 0) {
        answer(next_client(), "127.0.0.1 42165\n");
        _exit(0);
    }
    ck_assert_int_eq(connect_here(fd), 0);
    ck_assert_int_eq(fcntl(number, F_GETFD), 0);
    ck_assert_int_eq(write(pipes[1], "x", 1), 1);
    ck_assert_int_eq(read(number, &(char){0}, 1), 1);
    wait(NULL);
}

/* ---- cancellation ---- */

/*
 * The address sanitizer does not see that a cancelled thread has left its frames, and takes
 * amiss that it ends above them: by its own removal of a signal stack.
 */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "use_sigaltstack=0";
}

static void *connect_for_ever(void *fd)
{
    connect_here(*(int *)fd);
    return NULL;
}

TEST(a_thread_that_waits_can_be_cancelled_and_its_socket_waits_on)
{
    int fd = make_socket(AF_INET), client;
    pthread_t thread;
    void *result;

    ck_assert_int_eq(pthread_create(&thread, NULL, connect_for_ever, &fd), 0);
    client = next_client();
    pthread_cancel(thread);
    pthread_join(thread, &result);
    ck_assert_ptr_eq(result, PTHREAD_CANCELED);
    ck_assert_int_eq(connected.calls, 0);
    answer(client, "127.0.0.1 42165\n");
    ck_assert_int_eq(connect_here(fd), 0);
    ck_assert_int_eq(count_clients(), 0);
}
