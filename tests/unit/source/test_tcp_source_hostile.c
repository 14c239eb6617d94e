/* Where events arrive by TCP: from anyone else who may connect. */
#include "tests/unit/support/tcp_source.h"

#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "tests/support/shell.h"

enum { FLOOD = 1000, MEGABYTE = 1 << 20 };

/* 'S' stands for the secret, 's' for it without its last digit, 'X' for another one. */
static const struct {
    const char *pattern;
    size_t nul_at; /* where a NUL takes the place of a byte; 0: nowhere */
} malformed[] = {
    {LINE, 0},
    {"X " LINE, 0},
    {"s " LINE, 0},
    {"S0 " LINE, 0},
    {"SS " LINE, 0},
    {" S " LINE, 0},
    {"S" LINE, 0},
    {"S\t" LINE, 0},
    {"S  " LINE, 0},
    {"\nS " LINE, 0},
    {"S\n", 0},
    {"S \n", 0},
    {"\n", 0},
    {"S x\n", 0},
    {"S 42165 ready\n", 0},
    {"S 42165 ready pid=4711\r\n", 0},
    {"S " LINE LINE, 0}, /* a line each has a connection each */
    {"S " LINE "x", 0},
    {"S " LINE "xy", SECRET + sizeof LINE},
    {"S " LINE, SECRET + 4},
    {"S " LINE, SECRET},
    {"X " LINE, 1},
    {"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", 0},
    {"\x16\x03\x01\x02\n", 0},
};

static size_t spell(const char *pattern, char *to)
{
    char *start = to;

    for (; *pattern != '\0'; pattern++) {
        if (*pattern == 'S' || *pattern == 's' || *pattern == 'X') {
            memcpy(to, address.secret, SECRET);
            to[SECRET - 1] ^= *pattern == 'X';
            to += *pattern == 's' ? SECRET - 1 : SECRET;
        } else {
            *to++ = *pattern;
        }
    }
    return (size_t)(to - start);
}

TEST_OPTIONS(EVENT_PORT);

LOOP_TEST(anything_else_is_no_event_and_ends_the_connection, COUNT(malformed))
{
    char bytes[512];
    size_t length = spell(malformed[_i].pattern, bytes);
    int fd = new_connection();

    if (malformed[_i].nul_at > 0)
        bytes[malformed[_i].nul_at] = '\0';
    ck_assert_int_eq(send_bytes(fd, bytes, length), (ssize_t)length);
    assert_dropped_without_event(fd);
    ck_assert_uint_eq(port->source.malformed, 1);
    close(fd);
    assert_still_works();
}

TEST(a_line_that_is_not_finished_is_no_event)
{
    int fd = new_connection();

    send_line(fd, "42165 ready pid=4711");
    shutdown(fd, SHUT_WR);
    assert_dropped_without_event(fd);
    ck_assert_uint_eq(port->source.malformed, 1);
    close(fd);
    assert_still_works();
}

/* A port scanner's. */
TEST(connections_that_say_nothing_are_not_counted)
{
    for (int i = 0; i < 10; i++) {
        int fd = new_connection();

        shutdown(fd, SHUT_WR);
        assert_dropped_without_event(fd);
        close(fd);
    }
    ck_assert_uint_eq(port->source.malformed, 0);
    assert_still_works();
}

TEST(a_megabyte_without_a_newline_is_cut_off)
{
    char *bytes = malloc(MEGABYTE);
    int fd = new_connection();
    struct received received;
    ssize_t sent = 0, part;

    memset(bytes, 'x', MEGABYTE);
    memcpy(bytes, address.secret, SECRET);
    bytes[SECRET] = ' ';
    while (sent < MEGABYTE) {
        part = send_bytes(fd, bytes + sent, (size_t)(MEGABYTE - sent));
        if (part < 0 && errno != EAGAIN)
            break;
        sent += part > 0 ? part : 0;
        ck_assert(!source_next(&port->source, &received));
    }
    assert_dropped_without_event(fd);
    ck_assert_uint_eq(port->source.malformed, 1);
    close(fd);
    free(bytes);
    assert_still_works();
}

static void allow_descriptors(rlim_t count)
{
    struct rlimit limit;

    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = count < limit.rlim_max ? count : limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

TEST(a_thousand_idle_connections_keep_no_event_away)
{
    static int fds[FLOOD];
    struct received received;
    int count = 0, open;

    allow_descriptors(HIGHEST_FD);
    while (count < FLOOD &&
           (fds[count] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) >= 0) {
        connect_socket(fds[count++]);
        ck_assert(!source_next(&port->source, &received));
    }
    open = count_descriptors() - descriptors - count;
    ck_assert_int_le(open, 100); /* it does not hold them all */
    if (count < FLOOD)
        close(fds[--count]);
    assert_still_works();
    ck_assert_msg(is_closed(fds[0]), "the oldest is still there");
    while (count > 0)
        close(fds[--count]);
}

TEST(a_connection_that_dribbles_has_an_end)
{
    int64_t end = clock_now() + BOUND;
    int fd = new_connection(), sent = 0;
    struct received received;

    send_line(fd, "42165 ready pid=4711 x=");
    while (!is_closed(fd)) {
        ck_assert(clock_now() < end);
        shell_pause(20);
        ck_assert(!source_next(&port->source, &received));
        sent += send_bytes(fd, "x", 1) == 1;
    }
    ck_assert_int_lt(sent, EVENT_MAX / 2); /* else it was for its length */
    ck_assert_uint_eq(port->source.malformed, 1);
    close(fd);
    assert_still_works();
}

/* So many numbers are left below the limit: the next descriptor cannot be had. */
static void leave_descriptors(int count)
{
    int lowest = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0);

    ck_assert_int_ge(lowest, 0);
    close(lowest);
    allow_descriptors((rlim_t)lowest + (rlim_t)count);
}

TEST(out_of_descriptors_an_idle_connection_gives_its_own)
{
    int idle = new_connection(), fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct received received;

    ck_assert(!source_next(&port->source, &received));
    leave_descriptors(0);
    connect_socket(fd);
    send_line(fd, LINE);
    ck_assert(next_event(&received));
    ck_assert(is_closed(idle));
    allow_descriptors(HIGHEST_FD);
    close(idle);
    close(fd);
}

/* All come in one millisecond, the event's between two who are idle. */
LOOP_TEST(out_of_descriptors_who_came_first_goes_first, 10)
{
    enum { CAME, EVENT = 2 };
    int fds[4];
    struct received received;

    for (int i = 0; i < 4; i++)
        fds[i] = new_connection();
    send_line(fds[EVENT], LINE);
    leave_descriptors(2);
    ck_assert(next_event(&received));
    ck_assert_int_eq(received.event.pid, 4711);
    ck_assert(is_closed(fds[CAME]));
    allow_descriptors(HIGHEST_FD);
    for (int i = 0; i < 4; i++)
        close(fds[i]);
}

TEST(out_of_descriptors_the_port_rests_and_comes_back)
{
    struct pollfd ready = {.events = POLLIN};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct received received;

    leave_descriptors(0);
    connect_socket(fd);
    send_line(fd, LINE);
    ck_assert(!source_next(&port->source, &received));
    ready.fd = port->source.fd;
    ck_assert_int_eq(poll(&ready, 1, 0), 0); /* else the launcher would spin */
    allow_descriptors(HIGHEST_FD);
    ck_assert(next_event(&received));
    close(fd);
}
