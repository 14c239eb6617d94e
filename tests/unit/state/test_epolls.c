/* Is a socket in one of the epoll sets that are known? Each test is a process: none is yet. */
#include "shim/state/epolls.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "shim/kernel/listener.h"
#include "tests/support/suite.h"
#include "tests/unit/support/apart.h"

enum { KNOWN = 16, MANY = 300 };

static int make_socket(void)
{
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    ck_assert_int_ge(fd, 0);
    return fd;
}

static int make_epoll(void)
{
    int epoll = epoll_create1(0);

    ck_assert_int_ge(epoll, 0);
    return epoll;
}

static void put(int epoll, int operation, int fd, unsigned events)
{
    struct epoll_event event = {.events = events, .data = {.fd = fd}};

    ck_assert_int_eq(epoll_ctl(epoll, operation, fd, &event), 0);
}

static int known_epoll_with(int fd)
{
    int epoll = make_epoll();

    put(epoll, EPOLL_CTL_ADD, fd, EPOLLIN);
    epolls_note(epoll);
    return epoll;
}

static bool hold(int fd)
{
    return epolls_hold(socket_inode(fd));
}

TEST_OPTIONS(.timeout = 60);

TEST(without_an_epoll_no_socket_is_in_one)
{
    ck_assert(!hold(make_socket()));
}

TEST(a_socket_is_in_an_epoll_or_it_is_not)
{
    int in = make_socket(), out = make_socket(), epoll = known_epoll_with(in);

    ck_assert(hold(in));
    ck_assert(!hold(out));
    put(epoll, EPOLL_CTL_DEL, in, 0);
    ck_assert(!hold(in));
    put(epoll, EPOLL_CTL_ADD, out, EPOLLIN | EPOLLET | EPOLLONESHOT);
    ck_assert(hold(out));
}

/* Some wait for the interest that comes later, EPOLL_CTL_MOD. */
TEST(a_socket_is_in_an_epoll_for_whatever_it_is_there)
{
    int fd = make_socket(), epoll = make_epoll();

    put(epoll, EPOLL_CTL_ADD, fd, 0);
    epolls_note(epoll);
    ck_assert(hold(fd));
    put(epoll, EPOLL_CTL_MOD, fd, EPOLLIN);
    ck_assert(hold(fd));
}

TEST(a_duplicate_of_a_socket_is_the_socket)
{
    int fd = make_socket(), copy = dup(fd);

    known_epoll_with(copy);
    ck_assert(hold(fd));
    ck_assert(hold(copy));
}

TEST(a_socket_is_found_in_whichever_epoll_it_is)
{
    int fds[KNOWN], out = make_socket();

    for (int i = 0; i < KNOWN; i++)
        known_epoll_with(fds[i] = make_socket());
    for (int i = 0; i < KNOWN; i++)
        ck_assert(hold(fds[i]));
    ck_assert(!hold(out));
}

/* An event loop calls epoll_ctl again and again. */
TEST(an_epoll_that_is_noted_again_takes_no_more_room)
{
    int first = make_epoll(), fd = make_socket();

    for (int i = 0; i < 100; i++)
        epolls_note(first);
    known_epoll_with(fd);
    ck_assert(hold(fd));
}

TEST(of_more_epolls_than_there_is_room_the_first_are_known)
{
    int fds[KNOWN + 3];

    for (int i = 0; i < COUNT(fds); i++)
        known_epoll_with(fds[i] = make_socket());
    for (int i = 0; i < COUNT(fds); i++)
        ck_assert_int_eq(hold(fds[i]), i < KNOWN);
}

TEST(an_epoll_that_was_closed_holds_nothing)
{
    int fd = make_socket(), epoll = known_epoll_with(fd);

    close(epoll);
    ck_assert(!hold(fd));
}

TEST(a_number_that_is_another_file_now_holds_nothing)
{
    int fd = make_socket(), epoll = known_epoll_with(fd), pipes[2];

    dup2(fd, epoll); /* the very socket */
    ck_assert(!hold(fd));
    ck_assert_int_eq(pipe(pipes), 0);
    dup2(pipes[0], epoll);
    ck_assert(!hold(fd));
    dup2(make_epoll(), epoll); /* another epoll, without it */
    ck_assert(!hold(fd));
}

TEST(a_number_that_is_another_epoll_now_holds_what_is_in_that)
{
    int fd = make_socket(), first = known_epoll_with(make_socket()), second = make_epoll();

    put(second, EPOLL_CTL_ADD, fd, EPOLLIN);
    ck_assert(!hold(fd));
    dup2(second, first);
    ck_assert(hold(fd));
}

/* "tfd: 8 events: 19 data: 8  pos:0 ino:2a sdev:8": of other lines a part may look like ours. */
TEST(an_inode_is_found_whole_or_not_at_all)
{
    int fd = make_socket();
    uint64_t inode = socket_inode(fd);

    known_epoll_with(fd);
    ck_assert(epolls_hold(inode));
    ck_assert(!epolls_hold(inode >> 4));
    ck_assert(!epolls_hold(inode << 4));
    ck_assert(!epolls_hold(inode & 0xfff));
    ck_assert(!epolls_hold(inode | UINT64_C(1) << 40));
    ck_assert(!epolls_hold(inode + 1));
}

/* The file is read in pieces, and an inode may stand at the end of one: at each place of it. */
TEST(in_an_epoll_of_many_sockets_each_is_found)
{
    const struct rlimit limit = {2 * MANY, 2 * MANY};
    int fds[MANY], out, epoll = make_epoll();

    setrlimit(RLIMIT_NOFILE, &limit);
    epolls_note(epoll);
    out = make_socket();
    for (int i = 0; i < MANY; i++) {
        fds[i] = make_socket();
        put(epoll, EPOLL_CTL_ADD, fds[i], EPOLLIN);
    }
    for (int i = 0; i < MANY; i++)
        ck_assert_msg(hold(fds[i]), "socket %d of %d", i, MANY);
    ck_assert(!hold(out));
}

/* The lines differ in length: data is the engine's, of any number of digits. */
LOOP_TEST(where_in_the_file_an_inode_stands_does_not_matter, 100)
{
    int fds[12], epoll = make_epoll();

    epolls_note(epoll);
    for (int i = 0; i < COUNT(fds); i++) {
        struct epoll_event event = {.events = EPOLLIN | (i % 3 == 0 ? EPOLLONESHOT : 0)};

        fds[i] = make_socket();
        event.data.u64 = UINT64_C(1) << (unsigned)((_i + 7 * i) % 64);
        ck_assert_int_eq(epoll_ctl(epoll, EPOLL_CTL_ADD, fds[i], &event), 0);
    }
    for (int i = 0; i < COUNT(fds); i++)
        ck_assert_msg(hold(fds[i]), "socket %d", i);
}

/* A loop of accept4(2), dup(2) and fork(2): the file of a process has all its lines. */
TEST(a_child_looks_into_its_own_epolls)
{
    int fd = make_socket(), epoll = known_epoll_with(fd), status;
    pid_t pid = fork();

    if (pid == 0) {
        bool inherited = hold(fd);

        close(epoll);
        _exit(inherited && !hold(fd) ? 0 : 1);
    }
    waitpid(pid, &status, 0);
    ck_assert_int_eq(status, 0);
    ck_assert(hold(fd));
}

TEST(looking_leaves_no_descriptor_and_the_signals_as_they_were)
{
    int fd = make_socket(), next;
    sigset_t before, after;

    known_epoll_with(fd);
    next = dup(fd);
    close(next);
    sigprocmask(SIG_BLOCK, NULL, &before);
    for (int i = 0; i < 3; i++)
        ck_assert(hold(fd));
    ck_assert(!epolls_hold(1));
    sigprocmask(SIG_BLOCK, NULL, &after);
    ck_assert_int_eq(dup(fd), next);
    for (int signal = 1; signal < NSIG; signal++)
        ck_assert_int_eq(sigismember(&before, signal), sigismember(&after, signal));
}

static void look_without_a_descriptor(const void *unused)
{
    struct rlimit none = {0, 0};
    int fd = make_socket();

    (void)unused;
    known_epoll_with(fd);
    setrlimit(RLIMIT_NOFILE, &none);
    _exit(hold(fd));
}

TEST(without_a_free_descriptor_a_socket_is_in_none)
{
    ck_assert_int_eq(apart(look_without_a_descriptor, NULL), 0);
}

static pthread_barrier_t barrier;

static void *note_with_the_others(void *epoll)
{
    pthread_barrier_wait(&barrier);
    for (int i = 0; i < 100; i++)
        epolls_note(*(int *)epoll);
    return NULL;
}

/* Each twice, by two threads: it must not take two places. */
LOOP_TEST(threads_that_note_at_once_lose_nothing, 20)
{
    pthread_t threads[2 * KNOWN];
    int fds[KNOWN], numbers[KNOWN];

    for (int i = 0; i < KNOWN; i++) {
        fds[i] = make_socket();
        numbers[i] = make_epoll();
        put(numbers[i], EPOLL_CTL_ADD, fds[i], EPOLLIN);
    }
    ck_assert_int_eq(pthread_barrier_init(&barrier, NULL, 2 * KNOWN), 0);
    for (int i = 0; i < 2 * KNOWN; i++)
        ck_assert_int_eq(
            pthread_create(&threads[i], NULL, note_with_the_others, &numbers[i % KNOWN]), 0);
    for (int i = 0; i < 2 * KNOWN; i++)
        pthread_join(threads[i], NULL);
    for (int i = 0; i < KNOWN; i++)
        ck_assert(hold(fds[i]));
}
