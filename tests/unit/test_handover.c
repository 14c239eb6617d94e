/* How the environment names a launcher on another host. */
#include "shim/events/tcp.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/suite.h"

enum { MUTATIONS = 300000, SEED = 42 };

#define SECRET "0123456789abcdef0123456789abcdef"
#define BEFORE_ADDRESS "node1:42165:" SECRET ":"

/* On the heap, where a sanitizer sees a step beyond the end. */
static bool parse_bytes(struct tcp *tcp, const char *text, size_t length)
{
    char *copy = malloc(length + 1);
    bool taken;

    memcpy(copy, text, length);
    copy[length] = '\0';
    memset(tcp, 0xee, sizeof *tcp);
    taken = tcp_parse(tcp, copy);
    free(copy);
    ck_assert_msg(taken == (tcp->count > 0), "%u addresses of '%s'", tcp->count, text);
    return taken;
}

static bool parse(struct tcp *tcp, const char *text)
{
    return parse_bytes(tcp, text, strlen(text));
}

static void assert_leads_to(const struct tcp *tcp, int index, const char *address)
{
    const struct sockaddr_storage *found = &tcp->addresses[index];
    char text[INET6_ADDRSTRLEN];

    inet_ntop(found->ss_family,
              found->ss_family == AF_INET
                  ? (const void *)&((const struct sockaddr_in *)found)->sin_addr
                  : (const void *)&((const struct sockaddr_in6 *)found)->sin6_addr,
              text, sizeof text);
    ck_assert_str_eq(text, address);
    ck_assert_uint_eq(((const struct sockaddr_in *)found)->sin_port, htons(42165));
}

TEST_OPTIONS(.timeout = 120);

TEST(a_host_a_port_a_secret_and_addresses_are_read)
{
    struct tcp tcp;

    ck_assert(parse(&tcp, BEFORE_ADDRESS "10.77.0.1,fd00::1,192.168.0.1"));
    ck_assert_str_eq(tcp.host, "node1");
    ck_assert_str_eq(tcp.secret, SECRET);
    ck_assert_uint_eq(tcp.count, 3);
    assert_leads_to(&tcp, 0, "10.77.0.1");
    assert_leads_to(&tcp, 1, "fd00::1");
    assert_leads_to(&tcp, 2, "192.168.0.1");
}

TEST(eight_addresses_are_read_and_nine_refused)
{
    struct tcp tcp;

    ck_assert(parse(&tcp, BEFORE_ADDRESS "::1,::2,::3,::4,::5,::6,::7,::8"));
    ck_assert_uint_eq(tcp.count, TCP_ADDRESSES);
    assert_leads_to(&tcp, 7, "::8");
    ck_assert(!parse(&tcp, BEFORE_ADDRESS "::1,::2,::3,::4,::5,::6,::7,::8,::9"));
    ck_assert(!parse(&tcp, BEFORE_ADDRESS "::1,::2,::3,::4,::5,::6,::7,::8,"));
}

/* The kernel lets a host be without. Its runs must not be without their events. */
TEST(a_host_may_have_no_name)
{
    struct tcp tcp;

    ck_assert(parse(&tcp, ":42165:" SECRET ":10.77.0.1"));
    ck_assert_str_eq(tcp.host, "");
}

TEST(the_longest_name_of_a_host_is_read_and_a_longer_one_refused)
{
    char name[3 * HOST_SIZE + 1], text[3 * HOST_SIZE + 64];
    struct tcp tcp;

    for (int length = 3 * (HOST_SIZE - 1); length <= 3 * HOST_SIZE; length += 3) {
        memset(name, 'n', sizeof name);
        name[length] = '\0';
        snprintf(text, sizeof text, "%s:42165:" SECRET ":::1", name);
        ck_assert_int_eq(parse(&tcp, text), length < 3 * HOST_SIZE);
    }
}

static const char *const damaged[] = {
    "",
    ":",
    ":::",
    "::::",
    "node1",
    "node1:42165",
    "node1:42165:10.77.0.1",
    "node1::" SECRET ":10.77.0.1",
    "node1:0:" SECRET ":10.77.0.1",
    "node1:65536:" SECRET ":10.77.0.1",
    "node1:4294967297:" SECRET ":10.77.0.1",
    "node1:+1:" SECRET ":10.77.0.1",
    "node1:1 :" SECRET ":10.77.0.1",
    "node1:0x1:" SECRET ":10.77.0.1",
    "node1:00000001:" SECRET ":10.77.0.1",
    "node1:1::10.77.0.1",
    "node1:1:" SECRET "0:10.77.0.1",
    "node1:1:0" SECRET ":10.77.0.1",
    "node1:1:0123456789abcdef0123456789abcde:10.77.0.1",
    BEFORE_ADDRESS,
    BEFORE_ADDRESS ",",
    BEFORE_ADDRESS "10.77.0.1,",
    BEFORE_ADDRESS ",10.77.0.1",
    BEFORE_ADDRESS "10.77.0.1,,10.77.0.2",
    BEFORE_ADDRESS "10.77.0.1 ",
    BEFORE_ADDRESS "10.77.0.1\n",
    BEFORE_ADDRESS "10.77.0.1;10.77.0.2",
    BEFORE_ADDRESS "localhost",
    BEFORE_ADDRESS "10.77.1",
    BEFORE_ADDRESS "[::1]",
    BEFORE_ADDRESS "fe80::1%eth0",
    BEFORE_ADDRESS "0000:0000:0000:0000:0000:0000:0000:0000:0000:0001",
    BEFORE_ADDRESS "0000000000000000000000000000000000000000000000001,::1",
};

LOOP_TEST(text_of_another_form_is_refused, COUNT(damaged))
{
    struct tcp tcp;

    ck_assert_msg(!parse(&tcp, damaged[_i]), "taken: '%s'", damaged[_i]);
}

TEST(text_that_is_cut_off_is_refused)
{
    static const char whole[] = BEFORE_ADDRESS "10.77.0.1";
    struct tcp tcp;

    for (size_t length = 0; length < sizeof whole - 1; length++)
        ck_assert_msg(!parse_bytes(&tcp, whole, length), "taken: '%.*s'", (int)length, whole);
    ck_assert(parse(&tcp, whole));
}

TEST(no_mutated_text_does_harm)
{
    static const char whole[] = "node1:42165:" SECRET ":10.77.0.1,fd00::1,::ffff:10.0.0.1,::";
    static const char likely[] = ":,.0129af%[]\n\xff";
    unsigned short state[3] = {SEED, 0, 0};
    unsigned taken = 0;
    struct tcp tcp;

    printf("seed %d\n", SEED); /* said in the log of a run that crashes */
    for (int i = 0; i < MUTATIONS; i++) {
        char text[sizeof whole];
        size_t length = sizeof whole - 1;

        memcpy(text, whole, sizeof whole);
        for (long count = 1 + nrand48(state) % 4; count > 0; count--)
            text[nrand48(state) % (long)length] = likely[nrand48(state) % (COUNT(likely) - 1)];
        if (nrand48(state) % 4 == 0)
            length = (size_t)nrand48(state) % length;
        if (!parse_bytes(&tcp, text, length))
            continue;
        taken++;
        ck_assert_uint_le(tcp.count, TCP_ADDRESSES);
        ck_assert_uint_lt(strnlen(tcp.host, sizeof tcp.host), sizeof tcp.host);
        ck_assert_uint_eq(strnlen(tcp.secret, sizeof tcp.secret), TCP_SECRET);
    }
    ck_assert_uint_gt(taken, MUTATIONS / 100); /* else nothing has been tested */
    ck_assert_uint_lt(taken, MUTATIONS - MUTATIONS / 100);
}
