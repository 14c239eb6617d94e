/* Does a process wait on a socket? Children that wait in each of the ways, and in others. */
#include "launcher/notify/ready_look.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/support/suite.h"

static int listener, other;
static pid_t child;

static void begin(void)
{
    child = 0;
    listener = socket(AF_INET, SOCK_STREAM, 0);
    other = socket(AF_INET, SOCK_STREAM, 0);
    ck_assert_int_eq(listen(listener, 1), 0);
    ck_assert_int_eq(listen(other, 1), 0);
}

static void end(void)
{
    if (child <= 0)
        return;
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
}

static uint64_t inode(void)
{
    struct stat status;

    ck_assert_int_eq(fstat(listener, &status), 0);
    return status.st_ino;
}

/* ---- ways to wait ---- */

static void in_accept(void)
{
    accept(listener, NULL, NULL);
}

static void in_accept_of_a_duplicate(void)
{
    int copy = dup(listener);

    close(listener);
    accept(copy, NULL, NULL);
}

static void in_select_on(int fd)
{
    fd_set set;

    FD_ZERO(&set);
    FD_SET(fd, &set);
    select(FD_SETSIZE, &set, NULL, NULL, NULL);
}

static void in_select(void)
{
    in_select_on(dup2(listener, 700));
}

static void in_poll(void)
{
    struct pollfd fds[] = {{.fd = -1, .events = POLLIN}, {.fd = listener, .events = POLLIN}};

    poll(fds, 2, -1);
}

static int epoll_of(int fd)
{
    struct epoll_event event = {.events = EPOLLIN};
    int epoll = epoll_create1(0);

    epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
    return epoll;
}

static void in_epoll_on(int epoll)
{
    struct epoll_event event;

    epoll_wait(epoll, &event, 1, -1);
}

static void in_epoll(void)
{
    in_epoll_on(epoll_of(listener));
}

/* As event loops do that take another one in. */
static void in_epoll_of_epolls(void)
{
    in_epoll_on(epoll_of(epoll_of(epoll_of(listener))));
}

static void in_select_of_epoll(void)
{
    in_select_on(epoll_of(listener));
}

static void in_poll_of_epoll(void)
{
    struct pollfd fd = {.fd = epoll_of(listener), .events = POLLIN};

    poll(&fd, 1, -1);
}

static void *accept_in_thread(void *unused)
{
    in_accept();
    return unused;
}

static void in_another_thread(void)
{
    pthread_t thread;

    pthread_create(&thread, NULL, accept_in_thread, NULL);
    pthread_join(thread, NULL);
}

static void in_a_child(void)
{
    pid_t pid = fork();

    if (pid == 0) {
        alarm(30);
        accept(listener, NULL, NULL);
        _exit(0);
    }
    waitpid(pid, NULL, 0);
}

static void (*const waits[])(void) = {
    in_accept,          in_accept_of_a_duplicate, in_select,  in_poll,
    in_epoll,           in_another_thread,        in_a_child, in_epoll_of_epolls,
    in_select_of_epoll, in_poll_of_epoll,
};

/* ---- and not to wait ---- */

static void on_another_socket(void)
{
    accept(other, NULL, NULL);
}

static void in_select_on_another(void)
{
    in_select_on(other);
}

static void in_epoll_of_another_epoll(void)
{
    in_epoll_on(epoll_of(epoll_of(other)));
}

static void in_poll_to_write(void)
{
    struct pollfd fd = {.fd = listener, .events = POLLPRI};

    poll(&fd, 1, -1);
}

static void in_pause(void)
{
    pause();
}

static void *sleep_in_thread(void *unused)
{
    sleep(30);
    return unused;
}

/* OpenMP and MPI have threads that sleep; the one that listened does not. */
static void while_another_thread_sleeps(void)
{
    pthread_t thread;

    pthread_create(&thread, NULL, sleep_in_thread, NULL);
    pthread_join(thread, NULL);
}

static void computing(void)
{
    for (volatile unsigned i = 0;; i++)
        continue;
}

static void (*const others[])(void) = {
    on_another_socket,
    in_select_on_another,
    in_poll_to_write,
    in_pause,
    while_another_thread_sleeps,
    computing,
    in_epoll_of_another_epoll,
};

/* ---- */

static void pause_for(long milliseconds)
{
    nanosleep(&(struct timespec){.tv_nsec = milliseconds * 1000000}, NULL);
}

static struct ready_look begin_look(void (*act)(void))
{
    struct ready_look look;

    child = fork();
    if (child == 0) {
        alarm(30);
        act();
        _exit(1);
    }
    ready_look_begin(&look, child, child, inode());
    return look;
}

static pid_t look_often(struct ready_look *look, int times)
{
    pid_t waiting = 0;

    for (int i = 0; i < times && waiting == 0; i++) {
        pause_for(5);
        waiting = ready_look_now(look);
    }
    return waiting;
}

TEST_OPTIONS(.setup = begin, .teardown = end, .timeout = 60);

LOOP_TEST(who_waits_on_the_socket_is_found_in_whatever_way_it_waits, COUNT(waits))
{
    struct ready_look look = begin_look(waits[_i]);
    pid_t waiting = look_often(&look, 1000);

    ck_assert_int_ne(waiting, 0);
    if (waits[_i] != in_a_child)
        ck_assert_int_eq(waiting, child);
    ck_assert_int_eq(look.next, 0);
    if (waiting != child)
        kill(waiting, SIGKILL);
}

LOOP_TEST(who_waits_for_something_else_does_not_wait, COUNT(others))
{
    struct ready_look look = begin_look(others[_i]);

    ck_assert_int_eq(look_often(&look, 40), 0);
    ck_assert_int_gt(look.next, look.since);
}

static void asleep(void)
{
    for (;;)
        sleep(1);
}

/* As GROMACS does: select(2) without a time, and sleep(3). */
TEST(a_sleep_that_is_seen_twice_is_a_wait)
{
    struct ready_look look = begin_look(asleep);
    int looks = 0;

    while (!look.slept) {
        ck_assert_int_lt(looks++, 1000);
        pause_for(5);
        ck_assert_int_eq(ready_look_now(&look), 0);
    }
    ck_assert_int_eq(look_often(&look, 1000), child);
}

TEST(who_has_ended_does_not_wait)
{
    struct ready_look look = begin_look(in_pause);

    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    child = 0;
    ck_assert_int_eq(ready_look_now(&look), 0);
}

TEST(looks_come_at_growing_intervals_within_a_second)
{
    int64_t now = 1000, last = 0;

    for (int i = 0; i < 200; i++) {
        int64_t next = ready_look_after(1000, now);

        ck_assert_int_ge(next - now, last);
        ck_assert_int_ge(next - now, 1);
        ck_assert_int_le(next - now, 1000);
        last = next - now;
        now = next;
    }
    ck_assert_int_eq(last, 1000);
}
