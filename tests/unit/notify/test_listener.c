/* A listener that may be connected to from one port alone, in both families. */
#include "launcher/notify/listener.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/support/suite.h"

static const char *const hosts[] = {"127.0.0.1", "::1"};

static int bound(const char *host, union address *where)
{
    socklen_t length = sizeof *where;
    int fd;

    ck_assert(address_parse(where, host));
    fd = socket(where->any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    ck_assert_int_eq(bind(fd, &where->any, address_length(where)), 0);
    ck_assert_int_eq(getsockname(fd, &where->any, &length), 0);
    return fd;
}

/* 0, an errno, or -1: nobody answers. */
static int connect_from(int fd, const union address *where)
{
    struct pollfd writable = {.fd = fd, .events = POLLOUT};
    socklen_t length = sizeof(int);
    int error;

    ck_assert(connect(fd, &where->any, address_length(where)) == 0 || errno == EINPROGRESS);
    if (poll(&writable, 1, 500) == 0)
        return -1;
    ck_assert_int_eq(getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length), 0);
    return error;
}

LOOP_TEST(a_listener_that_admits_one_port_has_no_answer_for_another, COUNT(hosts))
{
    union address there, ours, others;
    int listener = bound(hosts[_i], &there);
    int own = bound(hosts[_i], &ours), other = bound(hosts[_i], &others), accepted;
    char byte;

    ck_assert_int_eq(listener_admit_only(listener, address_port(&ours)), 0);
    ck_assert_int_eq(listen(listener, 8), 0);
    ck_assert_int_eq(connect_from(other, &there), -1);
    ck_assert_int_eq(connect_from(own, &there), 0);
    accepted = accept(listener, NULL, NULL);
    ck_assert_int_eq(send(own, "x", 1, 0), 1);
    ck_assert_int_eq(recv(accepted, &byte, 1, 0), 1);
    close(accepted);
    close(own);
    close(other);
    close(listener);
}

/* What the engine does with it later does not open it. */
TEST(the_engine_cannot_take_it_back)
{
    union address there;
    int listener = bound("127.0.0.1", &there), off = 0;

    ck_assert_int_eq(listener_admit_only(listener, 1), 0);
    ck_assert_int_eq(setsockopt(listener, SOL_SOCKET, SO_DETACH_FILTER, &off, sizeof off), -1);
    ck_assert_int_eq(errno, EPERM);
    close(listener);
}
