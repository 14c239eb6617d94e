/* What is remembered of a process's sockets. Each test is a process: nothing is known yet. */
#include "shim/state/sockets.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "shim/kernel/listener.h"
#include "tests/support/suite.h"

enum { THREADS = 64, ENTRIES = 64 };

TEST_OPTIONS(.timeout = 120);

TEST(the_port_first_asked_for_counts)
{
    socket_remember_asked(1000, 8888);
    socket_remember_asked(1000, 1025);
    socket_remember_asked(1000, 4095);
    ck_assert_uint_eq(socket_asked(1000), 8888);
}

/* "Any port" is a request too. */
TEST(asking_for_any_port_counts_as_asking)
{
    socket_remember_asked(1000, 0);
    socket_remember_asked(1000, 1025);
    ck_assert_uint_eq(socket_asked(1000), 0);
}

TEST(a_socket_that_was_never_bound_has_asked_for_nothing)
{
    socket_remember_asked(1000, 8888);
    ck_assert_uint_eq(socket_asked(1001), 0);
    ck_assert_uint_eq(socket_asked(1000 + ENTRIES), 0);
}

TEST(every_port_of_a_large_inode_is_remembered)
{
    const uint64_t inode = (UINT64_C(1) << 40) + 17;

    socket_remember_asked(inode, 65535);
    socket_remember_asked(17 + 1, 1);
    ck_assert_uint_eq(socket_asked(inode), 65535);
    ck_assert_uint_eq(socket_asked(17), 0);
}

LOOP_TEST(a_few_sockets_do_not_disturb_one_another, 3)
{
    static const unsigned apart[] = {1, ENTRIES, 1024}; /* the kernel numbers them by CPU */

    for (unsigned i = 0; i < 8; i++)
        socket_remember_asked(70000 + i * apart[_i], 1000 + i);
    for (unsigned i = 0; i < 8; i++)
        ck_assert_uint_eq(socket_asked(70000 + i * apart[_i]), 1000 + i);
}

/* However many there were before: the engine binds, then listens. */
TEST(the_last_of_many_sockets_is_always_known)
{
    for (unsigned i = 1; i <= 1000; i++) {
        socket_remember_asked(i, i);
        ck_assert_uint_eq(socket_asked(i), i);
    }
    ck_assert_uint_eq(socket_asked(1), 0); /* not the port of another one */
}

static int make_socket(void)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    ck_assert_int_ge(fd, 0);
    return fd;
}

static bool claim(int fd)
{
    return imd_socket_claim(socket_inode(fd), fd, "liblammps.so.0");
}

TEST(the_first_socket_claimed_is_the_imd_socket)
{
    int first = make_socket(), second = make_socket();

    ck_assert_uint_eq(imd_socket(), 0);
    ck_assert_int_eq(imd_socket_fd(), -1);
    ck_assert(imd_socket_may_be_claimed());
    ck_assert(claim(first));
    ck_assert(!imd_socket_may_be_claimed());
    ck_assert(!claim(second));
    ck_assert_uint_eq(imd_socket(), socket_inode(first));
    ck_assert_int_eq(imd_socket_fd(), first);
}

/* Closed, or another file by now. */
LOOP_TEST(when_it_is_closed_another_one_can_be_claimed, 3)
{
    int first = make_socket(), second = make_socket();

    ck_assert(claim(first));
    if (_i == 0)
        close(first);
    else
        ck_assert_int_eq(dup2(_i == 1 ? STDIN_FILENO : make_socket(), first), first);
    ck_assert(imd_socket_may_be_claimed());
    ck_assert(claim(second));
    ck_assert_uint_eq(imd_socket(), socket_inode(second));
    ck_assert_int_eq(imd_socket_fd(), second);
    ck_assert(!claim(make_socket()));
}

/* Such as a server of Python, in a program that uses liblammps. */
TEST(what_another_module_listens_on_then_is_not_the_imd_socket)
{
    int first = make_socket(), other = make_socket();

    ck_assert(imd_socket_may_be_of("_socket.so"));
    ck_assert(claim(first));
    close(first);
    ck_assert(!imd_socket_may_be_of("_socket.so"));
    ck_assert(!imd_socket_claim(socket_inode(other), other, "_socket.so"));
    ck_assert(imd_socket_may_be_of("liblammps.so.0"));
    ck_assert(claim(make_socket()));
}

/* And is known by it from then on. */
LOOP_TEST(while_a_duplicate_is_open_it_is_not_closed, 2)
{
    int first = make_socket(), duplicate = fcntl(first, F_DUPFD_CLOEXEC, _i == 0 ? 0 : 700);

    ck_assert(claim(first));
    close(first);
    ck_assert(!claim(make_socket()));
    ck_assert_int_eq(imd_socket_fd(), duplicate);
    close(duplicate);
    ck_assert(claim(make_socket()));
}

TEST(what_a_parent_has_claimed_its_child_may_not_claim_again)
{
    int first = make_socket(), status;
    pid_t child;

    ck_assert(claim(first));
    child = fork();
    if (child == 0) {
        close(first);
        _exit(claim(make_socket()));
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(WEXITSTATUS(status), 0);
}

/* Of a descriptor with such a number it is not known whether it was closed. */
enum { HIGH = 1 << 20 };

TEST(a_socket_with_a_high_descriptor_stays_the_imd_socket)
{
    ck_assert(imd_socket_claim(1000, HIGH, "lmp"));
    ck_assert_int_eq(imd_socket_fd(), -1);
    ck_assert(!claim(make_socket()));
    ck_assert_uint_eq(imd_socket(), 1000);
}

static pthread_barrier_t barrier;
static atomic_int winners;
static _Atomic uint64_t winner;

static void *claim_with_the_others(void *inode)
{
    pthread_barrier_wait(&barrier);
    if (imd_socket_claim((uint64_t)(uintptr_t)inode, HIGH, "lmp")) {
        winners++;
        winner = (uint64_t)(uintptr_t)inode;
    }
    return NULL;
}

LOOP_TEST(of_many_threads_one_claims_its_socket, 20)
{
    pthread_t threads[THREADS];

    ck_assert_int_eq(pthread_barrier_init(&barrier, NULL, THREADS), 0);
    for (uintptr_t i = 0; i < THREADS; i++)
        ck_assert_int_eq(
            pthread_create(&threads[i], NULL, claim_with_the_others, (void *)(i + 1)), 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    ck_assert_int_eq(winners, 1);
    ck_assert_uint_eq(imd_socket(), winner);
}

/* As many as are known at the same time, at the worst of distances. */
static void *ask_with_the_others(void *number)
{
    unsigned port = (unsigned)(uintptr_t)number;
    uint64_t inode = (uint64_t)port * ENTRIES;

    pthread_barrier_wait(&barrier);
    socket_remember_asked(inode, port);
    socket_remember_asked(inode, port + 1);
    pthread_barrier_wait(&barrier);
    if (socket_asked(inode) != port)
        winners++;
    return NULL;
}

LOOP_TEST(threads_that_bind_at_once_keep_their_ports, 20)
{
    pthread_t threads[THREADS];

    ck_assert_int_eq(pthread_barrier_init(&barrier, NULL, THREADS), 0);
    for (uintptr_t i = 0; i < THREADS; i++)
        ck_assert_int_eq(
            pthread_create(&threads[i], NULL, ask_with_the_others, (void *)(i + 1)), 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    ck_assert_int_eq(winners, 0);
}
