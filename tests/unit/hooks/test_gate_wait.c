/* Waits in which a connect at the gate goes on: poll and select as the kernel has them. */
#include "shim/hooks/gate.h"
#include "shim/hooks/poll.h"
#include "shim/hooks/select.h"

#include <errno.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "shim/hooks/real.h"
#include "shim/state/active_hooks.h"
#include "shim/wire/sys.h"
#include "tests/support/suite.h"
#include "tests/unit/support/gate.h"

enum { MANY = 65 }; /* more than the library copies */

TEST_OPTIONS(.setup = gate_begin, .timeout = 60);

/* ---- waits that have to do with other things ---- */

TEST(a_wait_for_something_else_ends_when_that_is_ready)
{
    int fd = make_socket(AF_INET), client = interrupted_connect(fd), pipes[2];
    struct pollfd fds[] = {{.fd = fd, .events = POLLOUT}, {.fd = -1, .events = POLLOUT}, {0}};

    ck_assert_int_eq(pipe(pipes), 0);
    fds[2] = (struct pollfd){.fd = pipes[0], .events = POLLIN};
    ck_assert_int_eq(write(pipes[1], "x", 1), 1);
    ck_assert_int_eq(hooked_poll(fds, COUNT(fds), LONG), 1);
    ck_assert_int_eq(fds[0].revents, 0);
    ck_assert_int_eq(fds[0].fd, fd);
    ck_assert_int_eq(fds[2].revents, POLLIN);
    ck_assert_int_eq(connected.calls, 0);
    answer(client, "127.0.0.1 42165\n");
    ck_assert_int_eq(hooked_poll(fds, COUNT(fds), LONG), 2);
    ck_assert_int_eq(fds[0].revents, POLLOUT);
    ck_assert_int_eq(connected.calls, 1);
}

/* As it would be for two threads: the second finds the connect made. */
TEST(of_two_that_wait_for_one_socket_one_makes_the_connection)
{
    int fd = make_socket(AF_INET), client = interrupted_connect(fd);
    struct pollfd fds[] = {{.fd = fd, .events = POLLOUT}, {.fd = fd, .events = POLLOUT}};

    answer(client, "127.0.0.1 42165\n");
    ck_assert_int_eq(hooked_poll(fds, COUNT(fds), LONG), 1);
    ck_assert_int_eq(fds[0].revents, POLLOUT);
    ck_assert_int_eq(connected.calls, 1);
}

TEST(a_bad_set_is_the_kernels_to_refuse)
{
    int client = interrupted_connect(make_socket(AF_INET));

    ck_assert_int_eq(hooked_poll(NULL, 3, 0), -1);
    ck_assert_int_eq(errno, EFAULT);
    ck_assert_int_eq(hooked_poll(NULL, 0, 0), 0);
    ck_assert(gate_before_epoll(-1));
    ck_assert(gate_before_epoll(STDERR_FILENO));
    close(client);
}

/* Only a set that is too large for a copy is the kernel's: the connect goes on elsewhere. */
TEST(in_a_set_of_very_many_a_connect_does_not_go_on_and_nothing_is_lost)
{
    int fd = make_socket(AF_INET), client = interrupted_connect(fd);
    struct pollfd fds[MANY];

    for (int i = 0; i < MANY; i++)
        fds[i] = (struct pollfd){.fd = i == MANY - 1 ? fd : -1, .events = POLLOUT};
    ck_assert_int_eq(hooked_poll(fds, MANY, 0),
                     1); /* as the kernel has it: it is not connected */
    ck_assert_int_ne(fds[MANY - 1].revents & POLLHUP, 0);
    ck_assert_int_eq(connected.calls, 0);
    answer(client, "127.0.0.1 42165\n");
    ck_assert_int_eq(connect_here(fd), 0);
    ck_assert_int_eq(connected.calls, 1);
}

/* The connect that is refused is the result, though something else is ready too. */
TEST(a_refusal_of_one_of_several_is_the_result_of_their_wait)
{
    int first = make_socket(AF_INET), second = make_socket(AF_INET);
    int first_client = interrupted_connect(first), second_client = interrupted_connect(second);
    struct pollfd fds[] = {{.fd = first, .events = POLLOUT}, {.fd = second, .events = POLLOUT}};

    close(second_client);
    ck_assert_int_eq(hooked_poll(fds, COUNT(fds), LONG), -1);
    ck_assert_int_eq(errno, ECONNREFUSED);
    answer(first_client, "127.0.0.1 42165\n");
    ck_assert_int_eq(wait_writable(first, LONG, NULL), 1);
    ck_assert_int_eq(connected.fd, first);
    ck_assert(!hook_active(HOOK_RESUME));
}

/* A wait for what the engine says does not make the connect: that is a wait for room. */
TEST(a_wait_to_read_is_the_kernels)
{
    int fd = make_socket(AF_INET), client = interrupted_connect(fd);
    struct pollfd one = {.fd = fd, .events = POLLIN};

    answer(client, "127.0.0.1 42165\n");
    ck_assert_int_eq(hooked_poll(&one, 1, LONG), 1);
    ck_assert_int_ne(one.revents & POLLHUP, 0);
    ck_assert_int_eq(connected.calls, 0);
    ck_assert(hook_active(HOOK_RESUME));
}

TEST(epoll_ctl_is_interrupted_and_goes_on)
{
    int fd = make_socket(AF_INET), client = interrupted_connect(fd);

    send_signals(0);
    ck_assert(!gate_before_epoll(fd));
    ck_assert_int_eq(errno, EINTR);
    send_no_more_signals();
    ck_assert_int_eq(connected.calls, 0);
    answer(client, "127.0.0.1 42165\n");
    ck_assert(gate_before_epoll(fd));
    ck_assert_int_eq(connected.calls, 1);
}

/* What is blocked, and let in by the mask of the wait alone, interrupts it. */
LOOP_TEST(a_wait_has_its_own_mask, 2)
{
    int fd = make_socket(AF_INET), client = interrupted_connect(fd), result;
    struct pollfd one = {.fd = fd, .events = POLLOUT};
    sigset_t blocked, none;
    fd_set writable;

    FD_ZERO(&writable);
    FD_SET(fd, &writable);
    sigemptyset(&none);
    sigfillset(&blocked);
    sigprocmask(SIG_SETMASK, &blocked, NULL);
    handled = 0;
    send_signals(0);
    result =
        _i == 0 ? hooked_ppoll(&one, 1, NULL, &none)
                : hooked_pselect(fd + 1, (fd_set *const[]){NULL, &writable, NULL}, NULL, &none);
    ck_assert_int_eq(result, -1);
    ck_assert_int_eq(errno, EINTR);
    ck_assert_int_eq(handled, 1);
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
    return hooked_pselect(fd + 1, (fd_set *const[]){&sets[0], &sets[1], &sets[2]},
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
        hooked_select(fd + 1,
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

    ck_assert_int_eq(hooked_pselect(fd + 1, (fd_set *const[]){NULL, (fd_set *)1, NULL},
                                    &(struct timespec){0, 0}, NULL),
                     -1);
    ck_assert_int_eq(errno, EFAULT);
    ck_assert_int_eq(
        hooked_select(0, (fd_set *const[]){NULL, NULL, NULL}, &(struct timeval){-1, 0}), -1);
    ck_assert_int_eq(errno, EINVAL);
    close(client);
}

TEST(a_select_for_something_else_ends_when_that_is_ready)
{
    int fd = make_socket(AF_INET), client = interrupted_connect(fd), pipes[2];
    fd_set readable, writable;

    ck_assert_int_eq(pipe(pipes), 0);
    ck_assert_int_eq(write(pipes[1], "x", 1), 1);
    for (int i = 0; i < 2; i++) {
        FD_ZERO(&readable);
        FD_ZERO(&writable);
        FD_SET(pipes[0], &readable);
        FD_SET(fd, &writable);
        ck_assert_int_eq(hooked_pselect(pipes[1] + 1,
                                        (fd_set *const[]){&readable, &writable, NULL}, NULL,
                                        NULL),
                         1 + i);
        ck_assert(FD_ISSET(pipes[0], &readable));
        ck_assert_int_eq(FD_ISSET(fd, &writable) != 0, i == 1);
        ck_assert_int_eq(connected.calls, i);
        if (i == 0)
            answer(client, "127.0.0.1 42165\n");
    }
}

static int contended = -1;
static __typeof__(real.pselect) alone;

/* While this thread was in select(2), another one has made the connection. */
static int select_meanwhile(int count, fd_set *in, fd_set *out, fd_set *except,
                            const struct timespec *timeout, const sigset_t *mask)
{
    int result = alone(count, in, out, except, timeout, mask);

    gate_finish(contended, pending_connect_of(contended));
    return result;
}

TEST(a_select_that_comes_too_late_for_a_connect_says_nothing_of_the_launcher)
{
    int fd = make_socket(AF_INET), client = interrupted_connect(fd);
    int ours = pending_connect_of(fd)->launcher;
    fd_set readable, writable;

    FD_ZERO(&readable);
    FD_ZERO(&writable);
    FD_SET(fd, &writable);
    answer(client, "127.0.0.1 42165\n");
    contended = fd;
    alone = real.pselect;
    real.pselect = select_meanwhile;
    ck_assert_int_eq(
        hooked_pselect(ours + 1, (fd_set *const[]){&readable, &writable, NULL}, NULL, NULL), 1);
    ck_assert(!FD_ISSET(ours, &readable));
    ck_assert(FD_ISSET(fd, &writable));
    ck_assert_int_eq(connected.calls, 1);
}

/* As Linux has it, select(2). */
TEST(a_select_leaves_the_time_that_is_left)
{
    int fd = make_socket(AF_INET), client = interrupted_connect(fd);
    struct timeval soon = {0, SOON * 1000L}, later = {LONG / 1000, 0};
    fd_set writable;

    FD_ZERO(&writable);
    FD_SET(fd, &writable);
    ck_assert_int_eq(hooked_select(fd + 1, (fd_set *const[]){NULL, &writable, NULL}, &soon), 0);
    ck_assert_int_eq(soon.tv_sec, 0);
    ck_assert_int_eq(soon.tv_usec, 0);
    answer(client, "127.0.0.1 42165\n");
    FD_SET(fd, &writable);
    ck_assert_int_eq(hooked_select(fd + 1, (fd_set *const[]){NULL, &writable, NULL}, &later),
                     1);
    ck_assert_int_le(later.tv_sec, LONG / 1000);
    ck_assert_int_ge(later.tv_sec, LONG / 2000);
    ck_assert_int_eq(connected.calls, 1);
}

TEST(a_select_without_a_set_to_write_to_is_the_kernels)
{
    int fd = make_socket(AF_INET), client = interrupted_connect(fd);
    fd_set readable;

    FD_ZERO(&readable);
    FD_SET(fd, &readable);
    answer(client, "127.0.0.1 42165\n");
    ck_assert_int_eq(
        hooked_pselect(fd + 1, (fd_set *const[]){&readable, NULL, NULL}, NULL, NULL), 1);
    ck_assert(FD_ISSET(fd, &readable)); /* it is not connected */
    ck_assert_int_eq(connected.calls, 0);
}

LOOP_TEST(a_refusal_is_the_result_of_a_select, 2)
{
    int fd = make_socket(AF_INET), client = interrupted_connect(fd);
    struct timeval limit = {LONG / 1000, 0};
    fd_set sets[3], *const pointers[] = {&sets[0], &sets[1], &sets[2]};

    close(client);
    for (int i = 0; i < 3; i++)
        FD_ZERO(&sets[i]);
    FD_SET(fd, &sets[1]);
    ck_assert_int_eq(_i == 0 ? hooked_select(fd + 1, pointers, &limit)
                             : hooked_pselect(fd + 1, pointers, NULL, NULL),
                     -1);
    ck_assert_int_eq(errno, ECONNREFUSED);
    ck_assert_int_eq(connected.calls, 0);
    ck_assert(!hook_active(HOOK_RESUME));
}
