/* Connects that go on being made. Each test is a process: nothing is known yet. */
#include "shim/state/pending_connects.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/support/suite.h"

enum { ROOM = 8, THREADS = 64, SENTINEL = 4711 /* an errno that no call sets */ };

static int make_socket(void)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    ck_assert_int_ge(fd, 0);
    return fd;
}

static bool is_open(int fd)
{
    return fcntl(fd, F_GETFD) >= 0;
}

/* Connections to the launcher, and clients' sockets: all that there is room for. */
static void fill(int sockets[ROOM], int launchers[ROOM])
{
    for (int i = 0; i < ROOM; i++) {
        sockets[i] = make_socket();
        launchers[i] = make_socket();
        ck_assert_ptr_nonnull(pending_connect_begin(sockets[i], launchers[i]));
    }
}

TEST_OPTIONS(.timeout = 60);

TEST(a_pending_connect_is_found_by_each_descriptor_of_its_socket)
{
    int fd = make_socket(), launcher = make_socket();
    struct pending_connect *pending;

    ck_assert(!pending_connects_any());
    ck_assert_ptr_null(pending_connect_of(fd));
    pending = pending_connect_begin(fd, launcher);
    ck_assert_ptr_nonnull(pending);
    ck_assert(pending_connects_any());
    ck_assert_int_eq(pending->launcher, launcher);
    ck_assert_ptr_eq(pending_connect_of(fd), pending);
    ck_assert_ptr_eq(pending_connect_of(dup(fd)), pending);
}

TEST(what_has_no_pending_connect_has_none)
{
    int fd = make_socket(), launcher = make_socket();

    ck_assert_ptr_nonnull(pending_connect_begin(fd, launcher));
    ck_assert_ptr_null(pending_connect_of(make_socket()));
    ck_assert_ptr_null(pending_connect_of(launcher));
    ck_assert_ptr_null(pending_connect_of(open("/dev/null", O_RDONLY | O_CLOEXEC)));
    ck_assert_ptr_null(pending_connect_of(-1));
    ck_assert_ptr_null(pending_connect_of(1000));
}

/* Then the caller keeps the connection to the launcher. */
TEST(what_is_no_socket_has_no_pending_connect)
{
    int launcher = make_socket();

    ck_assert_ptr_null(pending_connect_begin(-1, launcher));
    ck_assert_ptr_null(pending_connect_begin(make_socket(), -1));
    ck_assert(!pending_connects_any());
    ck_assert(is_open(launcher));
}

TEST(what_has_ended_ends_once_and_is_not_found)
{
    int fd = make_socket(), launcher = make_socket();
    struct pending_connect *pending = pending_connect_begin(fd, launcher);

    ck_assert(pending_connect_end(pending));
    ck_assert(!pending_connect_end(pending));
    ck_assert_ptr_null(pending_connect_of(fd));
    ck_assert(!pending_connects_any());
    ck_assert(is_open(launcher)); /* who has ended it closes it */
}

TEST(of_more_than_there_is_room_for_none_is_lost)
{
    int sockets[ROOM], launchers[ROOM], launcher = make_socket();

    fill(sockets, launchers);
    ck_assert_ptr_null(pending_connect_begin(make_socket(), launcher));
    ck_assert(is_open(launcher));
    for (int i = 0; i < ROOM; i++)
        ck_assert_int_eq(pending_connect_of(sockets[i])->launcher, launchers[i]);
}

LOOP_TEST(one_whose_socket_was_closed_is_ended_and_its_descriptor_freed, ROOM)
{
    int sockets[ROOM], launchers[ROOM], fd, launcher = make_socket();

    fill(sockets, launchers);
    close(sockets[_i]);
    fd = make_socket(); /* with its number */
    ck_assert_int_eq(fd, sockets[_i]);
    ck_assert_ptr_nonnull(pending_connect_begin(fd, launcher));
    for (int i = 0; i < ROOM; i++) {
        ck_assert_int_eq(is_open(launchers[i]), i != _i);
        ck_assert_int_eq(pending_connect_of(sockets[i])->launcher,
                         i == _i ? launcher : launchers[i]);
    }
}

/* The client has closed both, and has a file of its own in the place of the one. */
TEST(the_file_that_has_the_number_of_a_launcher_is_left_alone)
{
    int fd = make_socket(), launcher = make_socket(), file;

    ck_assert_ptr_nonnull(pending_connect_begin(fd, launcher));
    close(launcher);
    file = open("/dev/null", O_RDONLY | O_CLOEXEC);
    ck_assert_int_eq(file, launcher);
    close(fd);
    fd = make_socket();
    ck_assert_ptr_nonnull(pending_connect_begin(fd, make_socket()));
    ck_assert(is_open(file));
}

TEST(one_whose_launcher_is_another_file_by_now_has_ended)
{
    int fd = make_socket(), launcher = make_socket();

    ck_assert_ptr_nonnull(pending_connect_begin(fd, launcher));
    ck_assert_int_eq(dup2(make_socket(), launcher), launcher);
    ck_assert_ptr_null(pending_connect_of(fd));
    ck_assert(!pending_connects_any());
    ck_assert(is_open(launcher));
}

TEST(errno_and_the_signals_are_as_they_were)
{
    int fd = make_socket(), launcher = make_socket();
    sigset_t blocked;

    errno = SENTINEL;
    pending_connect_of(1000);
    pending_connect_begin(-1, launcher);
    pending_connect_end(pending_connect_begin(fd, launcher));
    ck_assert_int_eq(errno, SENTINEL);
    sigprocmask(SIG_BLOCK, NULL, &blocked);
    ck_assert_int_eq(sigismember(&blocked, SIGALRM), 0);
}

/* ---- threads ---- */

static pthread_barrier_t barrier;
static _Atomic int ended;

static void run_at_once(int count, void *(*body)(void *), void *arguments[])
{
    pthread_t threads[THREADS];

    pthread_barrier_init(&barrier, NULL, (unsigned)count);
    for (int i = 0; i < count; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, body, arguments[i]), 0);
    for (int i = 0; i < count; i++)
        pthread_join(threads[i], NULL);
}

static void *end_it(void *pending)
{
    pthread_barrier_wait(&barrier);
    ended += pending_connect_end(pending);
    return NULL;
}

LOOP_TEST(of_threads_that_end_one_at_once_one_closes_it, 20)
{
    void *arguments[THREADS], *pending = pending_connect_begin(make_socket(), make_socket());

    for (int i = 0; i < THREADS; i++)
        arguments[i] = pending;
    run_at_once(THREADS, end_it, arguments);
    ck_assert_int_eq(ended, 1);
}

static void *begin(void *pair)
{
    const int *fds = pair;

    pthread_barrier_wait(&barrier);
    pending_connect_begin(fds[0], fds[1]);
    return NULL;
}

/* stdin is whatever it is: a number of 0 in an entry that is being made means nothing. */
LOOP_TEST(threads_that_begin_at_once_disturb_neither_one_another_nor_a_file, 100)
{
    int pairs[ROOM][2];
    void *arguments[ROOM];

    ck_assert_int_eq(dup2(open("/dev/null", O_RDONLY), STDIN_FILENO), STDIN_FILENO);
    for (int i = 0; i < ROOM; i++) {
        pairs[i][0] = make_socket();
        pairs[i][1] = make_socket();
        arguments[i] = pairs[i];
    }
    run_at_once(ROOM, begin, arguments);
    ck_assert(is_open(STDIN_FILENO));
    for (int i = 0; i < ROOM; i++) {
        ck_assert(is_open(pairs[i][1]));
        ck_assert_ptr_nonnull(pending_connect_of(pairs[i][0]));
        ck_assert_int_eq(pending_connect_of(pairs[i][0])->launcher, pairs[i][1]);
    }
}

static _Atomic int lost;

/* An entry that another thread is filling has no descriptor yet that could be judged. */
static void *begin_and_end_over_and_over(void *pair)
{
    const int *fds = pair;

    pthread_barrier_wait(&barrier);
    for (int i = 0; i < 10000; i++) {
        struct pending_connect *pending = pending_connect_begin(fds[0], fds[1]);

        lost += pending == NULL || pending_connect_of(fds[0]) != pending ||
                pending->launcher != fds[1] || !pending_connect_end(pending);
    }
    return NULL;
}

TEST(threads_that_begin_and_end_over_and_over_lose_none)
{
    int pairs[ROOM][2];
    void *arguments[ROOM];

    for (int i = 0; i < ROOM; i++) {
        pairs[i][0] = make_socket();
        pairs[i][1] = make_socket();
        arguments[i] = pairs[i];
    }
    run_at_once(ROOM, begin_and_end_over_and_over, arguments);
    ck_assert_int_eq(lost, 0);
}
