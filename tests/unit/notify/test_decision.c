/*
 * Which calls are done in a program's place, and how. The program is this one: its sockets are
 * copied, and its memory is read, as another's would be.
 */
#include "launcher/notify/decision.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tests/support/suite.h"

static struct rules rules;
static struct options options;
static struct decision decision;
static union address asked;

static void begin(void)
{
    options = (struct options){.port = 0};
    asked = (union address){.ipv4 = {.sin_family = AF_INET, .sin_port = htons(8888)}};
    asked.ipv4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
}

static int tcp(void)
{
    return socket(AF_INET, SOCK_STREAM, 0);
}

static struct request request(int fd, int32_t call)
{
    struct request made = {.process = getpid(), .thread = getpid(), .call = call, .copy = fd};
    struct stat status;

    ck_assert_int_eq(fstat(fd, &status), 0);
    made.inode = status.st_ino;
    made.arguments[0] = (uint64_t)fd;
    snprintf(made.exe, sizeof made.exe, "gmx");
    return made;
}

static void bind_to(int fd, const union address *address)
{
    struct request made = request(fd, SYS_bind);

    made.arguments[1] = (uintptr_t)address;
    made.arguments[2] = sizeof address->ipv4;
    decision = decide(&rules, &made);
    if (decision.done && decision.error == 0)
        rules_note_answer(&rules, made.inode);
}

static void listen_on(int fd, const char *object)
{
    struct request made = request(fd, SYS_listen);

    made.arguments[1] = 5;
    snprintf(made.object, sizeof made.object, "%s", object);
    decision = decide(&rules, &made);
}

static unsigned port_of(int fd)
{
    union address address;
    socklen_t length = sizeof address;

    ck_assert_int_eq(getsockname(fd, &address.any, &length), 0);
    return address_port(&address);
}

static bool listens(int fd)
{
    int value;
    socklen_t length = sizeof value;

    ck_assert_int_eq(getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &value, &length), 0);
    return value != 0;
}

TEST_OPTIONS(.setup = begin);

TEST(the_port_of_the_option_becomes_a_free_one_and_listens)
{
    int fd = tcp();

    options.port = 8888;
    rules_read(&rules, &options, 0);
    bind_to(fd, &asked);
    ck_assert(decision.done && decision.error == 0 && !decision.told);
    ck_assert_uint_ne(port_of(fd), 0);
    listen_on(fd, "");
    ck_assert(decision.done && decision.error == 0 && decision.told && listens(fd));
    ck_assert_int_eq(decision.kind, KIND_LISTENING);
    ck_assert_uint_eq(decision.asked, 8888);
    ck_assert_uint_eq(address_port(&decision.address), port_of(fd));
}

TEST(another_port_than_the_option_says_is_left_to_the_kernel_and_named)
{
    int fd = tcp();

    options.port = 8889;
    rules_read(&rules, &options, 0);
    bind_to(fd, &asked);
    ck_assert(!decision.done);
    asked.ipv4.sin_port = 0;
    ck_assert_int_eq(bind(fd, &asked.any, sizeof asked.ipv4), 0);
    listen_on(fd, "");
    ck_assert(!decision.done && decision.told && !listens(fd));
    ck_assert_int_eq(decision.kind, KIND_PASSED);
    ck_assert_str_eq(decision.reason, REASON_UNMATCHED);
    ck_assert_uint_eq(decision.asked, 8888);
}

TEST(a_runtime_s_socket_is_left_to_the_kernel)
{
    int fd = tcp();

    rules_read(&rules, &options, 0);
    asked.ipv4.sin_port = 0;
    ck_assert_int_eq(bind(fd, &asked.any, sizeof asked.ipv4), 0);
    listen_on(fd, "mca_btl_tcp.so");
    ck_assert(!decision.done && decision.told);
    ck_assert_str_eq(decision.reason, REASON_RUNTIME);
}

TEST(only_the_first_listener_is_the_imd_socket)
{
    int first = tcp(), second = tcp();

    rules_read(&rules, &options, 0);
    listen_on(first, "");
    ck_assert_int_eq(decision.kind, KIND_LISTENING);
    listen_on(first, "");
    ck_assert(!decision.done && !decision.told);
    asked.ipv4.sin_port = 0;
    ck_assert_int_eq(bind(second, &asked.any, sizeof asked.ipv4), 0);
    listen_on(second, "");
    ck_assert(!decision.done && decision.told);
    ck_assert_str_eq(decision.reason, REASON_SECOND);
}

/* Seen to fail, though nothing was rewritten: the user is told which port it was. */
TEST(a_port_in_use_is_refused_once_and_told)
{
    int holder = tcp(), fd = tcp();

    rules_read(&rules, &options, 0);
    asked.ipv4.sin_port = 0;
    ck_assert_int_eq(bind(holder, &asked.any, sizeof asked.ipv4), 0);
    ck_assert_int_eq(listen(holder, 1), 0);
    address_set_port(&asked, port_of(holder));
    for (int i = 0; i < 2; i++) {
        bind_to(fd, &asked);
        ck_assert(decision.done && decision.told == (i == 0));
        ck_assert_int_eq(decision.error, EADDRINUSE);
    }
    ck_assert_int_eq(decision.kind, KIND_REFUSED);
    ck_assert_uint_eq(decision.asked, port_of(holder));
}

/* A signal came before the answer, and the call is made again: it has been done already. */
TEST(a_call_that_a_signal_has_interrupted_is_not_done_twice)
{
    int fd = tcp();
    struct request made = request(fd, SYS_bind);

    options.port = 8888;
    rules_read(&rules, &options, 0);
    made.arguments[1] = (uintptr_t)&asked;
    made.arguments[2] = sizeof asked.ipv4;
    decision = decide(&rules, &made);
    ck_assert(decision.done && decision.error == 0);
    decision = decide(&rules, &made); /* no answer has arrived */
    ck_assert(decision.done && decision.error == 0);
    rules_note_answer(&rules, made.inode);
    decision = decide(&rules, &made);
    ck_assert(decision.done);
    ck_assert_int_eq(decision.error, EINVAL); /* as bind(2) has it */
}

/* ---- what the kernel would reject, it rejects itself ---- */

static const struct {
    sa_family_t family;
    socklen_t length;
} rejected[] = {
    {AF_UNIX, sizeof(struct sockaddr_in)},
    {AF_INET6, sizeof(struct sockaddr_in)},
    {AF_INET, sizeof(struct sockaddr_in) - 1},
    {AF_INET, 0},
    {AF_INET, 4096},
    {AF_INET, (socklen_t)-1},
};

LOOP_TEST(an_address_that_is_none_is_left_to_the_kernel, COUNT(rejected))
{
    int fd = tcp();
    struct request made = request(fd, SYS_bind);

    options.port = 8888;
    rules_read(&rules, &options, 0);
    asked.any.sa_family = rejected[_i].family;
    made.arguments[1] = (uintptr_t)&asked;
    made.arguments[2] = rejected[_i].length;
    ck_assert(!decide(&rules, &made).done);
}

TEST(memory_that_cannot_be_read_is_left_to_the_kernel)
{
    struct request made = request(tcp(), SYS_bind);

    options.port = 8888;
    rules_read(&rules, &options, 0);
    made.arguments[1] = 16;
    made.arguments[2] = sizeof asked.ipv4;
    ck_assert(!decide(&rules, &made).done);
}

/* ---- --listen ---- */

TEST(a_range_is_searched_for_a_port_that_is_free)
{
    int holder = tcp(), fd = tcp();
    unsigned low;
    char range[32];

    asked.ipv4.sin_port = 0;
    ck_assert_int_eq(bind(holder, &asked.any, sizeof asked.ipv4), 0);
    ck_assert_int_eq(listen(holder, 1), 0);
    low = port_of(holder);
    snprintf(range, sizeof range, "127.0.0.1:%u-%u", low, low < 65000 ? low + 50 : low);
    options.listen = range;
    rules_read(&rules, &options, 0);
    bind_to(fd, &asked);
    ck_assert_int_eq(decision.error, 0);
    ck_assert_uint_gt(port_of(fd), low);
    ck_assert_uint_le(port_of(fd), low + 50);
}

TEST(a_socket_that_listens_unbound_gets_its_place_too)
{
    int fd = tcp();
    union address address;

    options.listen = "127.0.0.1";
    rules_read(&rules, &options, 0);
    listen_on(fd, "");
    ck_assert(decision.done && decision.told && decision.error == 0);
    address = decision.address;
    ck_assert(address_is_loopback(&address) && address_port(&address) != 0);
}
