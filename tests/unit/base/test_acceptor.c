/* A listening socket: its connections, and what happens when descriptors run out. */
#include "launcher/base/acceptor.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "launcher/base/clock.h"
#include "tests/support/suite.h"

static struct acceptor acceptor;
static union address here;

static void enter(void)
{
    socklen_t length = sizeof here;

    ck_assert(address_parse(&here, "127.0.0.1"));
    acceptor =
        (struct acceptor){.fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
    ck_assert_int_eq(bind(acceptor.fd, &here.any, address_length(&here)), 0);
    ck_assert_int_eq(listen(acceptor.fd, 8), 0);
    ck_assert_int_eq(getsockname(acceptor.fd, &here.any, &length), 0);
}

static int call(void)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    ck_assert_int_eq(connect(fd, &here.any, address_length(&here)), 0);
    return fd;
}

static void allow_descriptors(rlim_t count)
{
    const struct rlimit limit = {count, 1024};

    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

TEST_OPTIONS(.setup = enter, .timeout = 60);

TEST(a_connection_is_accepted_with_its_peer_and_does_not_block)
{
    union address peer;
    int client = call(), fd = acceptor_next(&acceptor, &peer);
    char byte;

    ck_assert_int_ge(fd, 0);
    ck_assert(address_is_loopback(&peer));
    ck_assert_int_eq(fcntl(fd, F_GETFD), FD_CLOEXEC);
    ck_assert_int_eq(read(fd, &byte, 1), -1);
    ck_assert_int_eq(acceptor_next(&acceptor, NULL), -1);
    ck_assert_int_eq(acceptor.backoff_until, 0);
    close(client);
}

TEST(without_descriptors_it_backs_off_for_a_while_and_then_accepts)
{
    int client = call(), fd;

    allow_descriptors((rlim_t)client + 1);
    ck_assert_int_eq(acceptor_next(&acceptor, NULL), -1);
    ck_assert_int_gt(acceptor.backoff_until, clock_now());
    allow_descriptors(1024);
    ck_assert(!acceptor_resumes(&acceptor));
    ck_assert_int_eq(acceptor_next(&acceptor, NULL), -1);
    poll(NULL, 0, (int)(acceptor.backoff_until - clock_now()) + 1);
    ck_assert(acceptor_resumes(&acceptor));
    ck_assert(!acceptor_resumes(&acceptor));
    fd = acceptor_next(&acceptor, NULL);
    ck_assert_int_ge(fd, 0);
}

TEST(one_that_is_none_accepts_nothing)
{
    acceptor_close(&acceptor);
    ck_assert_int_eq(acceptor_next(&acceptor, NULL), -1);
    ck_assert(!acceptor_resumes(&acceptor));
    acceptor_close(&acceptor);
}
