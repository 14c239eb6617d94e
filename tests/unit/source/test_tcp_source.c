/* Where events arrive by TCP: from the engine. */
#include "tests/unit/support/tcp_source.h"

#include <stdio.h>
#include <string.h>

TEST_OPTIONS(EVENT_PORT);

TEST(a_line_with_the_secret_is_an_event)
{
    unsigned malformed = port->source.malformed;

    assert_still_works();
    assert_still_works();
    ck_assert_uint_eq(port->source.malformed, malformed);
}

TEST(the_port_is_of_both_families)
{
    const struct sockaddr_in6 local = {.sin6_family = AF_INET6,
                                       .sin6_addr = IN6ADDR_LOOPBACK_INIT,
                                       .sin6_port = htons(offered_port())};
    int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct received received;

    if (fd >= 0 && connect(fd, (const struct sockaddr *)&local, sizeof local) == 0) {
        send_line(fd, LINE);
        ck_assert(next_event(&received));
        assert_peer(&received, "::1");
    }
    close(fd);
}

TEST(each_run_has_a_secret_of_its_own)
{
    char secret[SECRET + 1];

    ck_assert_uint_eq(strspn(address.secret, "0123456789abcdef"), SECRET);
    strcpy(secret, address.secret);
    close_port();
    open_port();
    ck_assert_str_ne(address.secret, secret);
}

TEST(no_descriptor_of_it_is_inherited)
{
    int fd = new_connection(), taken = 0;
    struct received received;

    source_next(&port->source, &received);
    for (int i = 0; i < HIGHEST_FD; i++)
        taken += fcntl(i, F_GETFD) == FD_CLOEXEC;
    ck_assert_int_ge(taken, 4); /* listener, epoll, the connection at both its ends */
    ck_assert_int_eq(count_descriptors() - taken, descriptors);
    close(fd);
}

static void make_line(char *line, size_t length)
{
    int start = sprintf(line, "42165 ready pid=4711 unknown=");

    memset(line + start, 'x', length - (size_t)start);
    line[length - 1] = '\n';
    line[length] = '\0';
}

TEST(a_line_may_be_as_long_as_an_event_and_no_longer)
{
    char line[EVENT_MAX + 2];
    int fd = new_connection(), longer = new_connection();
    struct received received;

    make_line(line, EVENT_MAX);
    send_line(fd, line);
    ck_assert(next_event(&received));
    make_line(line, EVENT_MAX + 1);
    send_line(longer, line);
    assert_dropped_without_event(longer);
    close(fd);
    close(longer);
}

/* A large job's ranks are loaded at the same moment; a thousand may be in the backlog. */
TEST(events_that_come_together_all_arrive)
{
    enum { TOGETHER = 100 };
    bool seen[TOGETHER] = {false};
    int fds[TOGETHER];
    char line[64];
    struct received received;

    for (int i = 0; i < TOGETHER; i++) {
        fds[i] = new_connection();
        sprintf(line, "0 loaded pid=%d\n", i + 1);
        send_line(fds[i], line);
    }
    for (int i = 0; i < TOGETHER; i++) {
        ck_assert_msg(next_event(&received), "only %d have arrived", i);
        ck_assert(received.event.pid <= TOGETHER && !seen[received.event.pid - 1]);
        seen[received.event.pid - 1] = true;
    }
    ck_assert_uint_eq(port->source.malformed, 0);
    for (int i = 0; i < TOGETHER; i++)
        close(fds[i]);
}

TEST(a_line_may_come_byte_by_byte)
{
    char bytes[256];
    int length = snprintf(bytes, sizeof bytes, "%s " LINE, address.secret);
    int fd = new_connection();
    struct received received;

    for (int i = 0; i < length; i++) {
        ck_assert(!source_next(&port->source, &received));
        ck_assert_int_eq(send_bytes(fd, &bytes[i], 1), 1);
    }
    ck_assert(next_event(&received));
    close(fd);
}

TEST(a_port_that_is_closed_drops_its_connections)
{
    int fd = new_connection();
    struct received received;

    ck_assert(!source_next(&port->source, &received));
    source_close(&port->source);
    ck_assert(is_closed(fd));
    close(fd);
    open_port();
}

/* Another process may have it open for a moment: lsof(8), or whoever else reads /proc/PID/fd. */
TEST(a_dropped_connection_that_somebody_still_holds_wakes_nobody)
{
    struct pollfd event = {.events = POLLIN};
    int fd = new_connection(), held;
    struct received received;

    ck_assert(!source_next(&port->source, &received));
    held = dup(port->connections[0].fd);
    send_line(fd, "junk\n");
    for (int i = 0; i < BOUND && port->connections[0].fd >= 0; i++) {
        ck_assert(!source_next(&port->source, &received));
        usleep(1000);
    }
    close(fd);
    event.fd = port->source.fd;
    ck_assert_int_eq(poll(&event, 1, 0), 0);
    assert_still_works();
    close(held);
}
