#include "tests/unit/support/tcp_source.h"

struct tcp_source *port;
static struct tcp_offer offer;
struct handover_tcp address;
int descriptors;

int count_descriptors(void)
{
    int count = 0;

    for (int fd = 0; fd < HIGHEST_FD; fd++)
        count += fcntl(fd, F_GETFD) >= 0;
    return count;
}

void open_port(void)
{
    descriptors = count_descriptors();
    ck_assert(tcp_offer_make(&offer));
    port = tcp_source_open(&offer);
    ck_assert_ptr_nonnull(port);
    ck_assert_msg(handover_parse_tcp(&address, offer.text), "not of the library's form: %s",
                  offer.text);
}

void close_port(void)
{
    source_close(&port->source);
    ck_assert_int_eq(count_descriptors(), descriptors);
}

in_port_t offered_port(void)
{
    return (in_port_t)address_port(&address.addresses[0]);
}

void connect_socket(int fd)
{
    const struct sockaddr_in local = {.sin_family = AF_INET,
                                      .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
                                      .sin_port = htons(offered_port())};

    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(connect(fd, (const struct sockaddr *)&local, sizeof local), 0);
}

int new_connection(void)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    connect_socket(fd);
    return fd;
}

ssize_t send_bytes(int fd, const char *bytes, size_t length)
{
    return send(fd, bytes, length, MSG_DONTWAIT | MSG_NOSIGNAL);
}

void send_line(int fd, const char *line)
{
    char bytes[2 * EVENT_MAX];
    int length = snprintf(bytes, sizeof bytes, "%s %s", address.secret, line);

    ck_assert_int_eq(send_bytes(fd, bytes, (size_t)length), length);
}

bool next_event(struct received *received)
{
    struct pollfd fd = {.fd = port->source.fd, .events = POLLIN};
    int64_t end = clock_now() + BOUND;

    while (clock_now() < end) {
        poll(&fd, 1, 100);
        if (source_next(&port->source, received))
            return true;
    }
    return false;
}

bool is_closed(int fd)
{
    char byte;

    return recv(fd, &byte, 1, MSG_DONTWAIT) == 0 || (errno != EAGAIN && errno != EINTR);
}

void assert_dropped_without_event(int fd)
{
    struct pollfd ready = {.fd = port->source.fd, .events = POLLIN};
    int64_t end = clock_now() + BOUND;
    struct received received;

    while (!is_closed(fd)) {
        ck_assert_msg(clock_now() < end, "the connection is still there");
        poll(&ready, 1, 100);
        ck_assert(!source_next(&port->source, &received));
    }
}

void assert_peer(const struct received *received, const char *host)
{
    union address expected;

    ck_assert(received->remote);
    ck_assert(address_parse(&expected, host));
    ck_assert_int_eq(received->peer.any.sa_family, expected.any.sa_family);
    if (expected.any.sa_family == AF_INET)
        ck_assert_uint_eq(received->peer.ipv4.sin_addr.s_addr, expected.ipv4.sin_addr.s_addr);
    else
        ck_assert(IN6_ARE_ADDR_EQUAL(&received->peer.ipv6.sin6_addr, &expected.ipv6.sin6_addr));
}

void assert_still_works(void)
{
    int fd = new_connection();
    struct received received;

    send_line(fd, LINE);
    ck_assert(next_event(&received));
    ck_assert_int_eq(received.event.kind, KIND_READY);
    ck_assert_int_eq(received.event.pid, 4711);
    assert_peer(&received, "127.0.0.1");
    close(fd);
}

bool has_event_port(void)
{
    if (!tcp_offer_make(&offer) && errno == EADDRNOTAVAIL)
        return suite_skip("event port", "this host has no address but its loopback's");
    tcp_offer_close(&offer);
    return true;
}
