/* A connect at the gate that a signal, a time limit or a cancellation ends goes on. */
#include "shim/hooks/gate.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

#include "shim/hooks/poll.h"
#include "shim/state/active_hooks.h"
#include "shim/wire/sys.h"
#include "tests/support/suite.h"
#include "tests/unit/support/gate.h"

TEST_OPTIONS(.setup = gate_begin, .timeout = 60);

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
    ck_assert_int_eq(hooked_poll(fds, SOCKETS, -1), SOCKETS);
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

static int count_descriptors(void)
{
    int count = 0;

    for (int fd = 0; fd < 256; fd++)
        count += fcntl(fd, F_GETFD) >= 0;
    return count;
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
