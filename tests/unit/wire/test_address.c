/* Internet addresses: their text, their ports, their families. */
#include "shim/wire/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#include "tests/support/suite.h"

enum { RANDOM_ADDRESSES = 50000, SEED = 20 };

static const char *as_text(const union address *address)
{
    static char buffer[INET6_ADDRSTRLEN + 16];
    struct text text = {buffer, 0, sizeof buffer - 1};

    address_put(&text, address);
    text_end(&text);
    return buffer;
}

static union address parsed(const char *text)
{
    union address address;

    ck_assert_msg(address_parse(&address, text), "%s", text);
    return address;
}

TEST_OPTIONS(.timeout = 120);

TEST(ipv4_is_dotted_decimal)
{
    const char *const addresses[] = {"0.0.0.0", "127.0.0.1", "255.255.255.255", "10.77.0.1",
                                     "9.99.100.249"};

    for (int i = 0; i < COUNT(addresses); i++) {
        union address address = parsed(addresses[i]);

        ck_assert_int_eq(address.any.sa_family, AF_INET);
        ck_assert_uint_eq(address.ipv4.sin_addr.s_addr, inet_addr(addresses[i]));
        ck_assert_uint_eq(address_port(&address), 0);
        ck_assert_str_eq(as_text(&address), addresses[i]);
    }
}

TEST(any_ipv4_address_reads_as_inet_ntop_has_it)
{
    unsigned short state[3] = {SEED, 0, 0};
    char expected[INET_ADDRSTRLEN];

    for (int i = 0; i < RANDOM_ADDRESSES; i++) {
        union address address = {.ipv4 = {.sin_family = AF_INET}}, back;

        address.ipv4.sin_addr.s_addr = (in_addr_t)jrand48(state);
        inet_ntop(AF_INET, &address.ipv4.sin_addr, expected, sizeof expected);
        ck_assert_str_eq(as_text(&address), expected);
        back = parsed(expected);
        ck_assert_mem_eq(&back, &address, sizeof back);
    }
}

TEST(ipv6_is_as_rfc_5952_wants_it)
{
    static const char *const addresses[] = {
        "::",
        "::1",
        "1::",
        "fe80::1",
        "2001:db8::ff00:42:8329",
        "1:2:3:4:5:6:7:8",
        "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
        "0:2:3:4:5:6:7:8",      /* one group of zeros is no run: at the start, */
        "1:2:3:0:5:6:7:8",      /* in the middle, */
        "1:2:3:4:5:6:7:0",      /* at the end */
        "::3:4:5:6:7:8",        /* two are, at the start, */
        "1:2:3::6:7:8",         /* in the middle, */
        "1:2:3:4:5:6::",        /* at the end */
        "1::4:0:0:7:8",         /* of equal runs the first */
        "1:0:0:4::8",           /* of two runs the longer */
        "::4:0:0:0:8",          /* at the start, equal */
        "0:0:3::",              /* at the end, longer */
        "0:2::8",               /* beside a lone zero */
        "::ffff:127.0.0.1",     /* IPv4-mapped */
        "::ffff:0.0.0.0",       /* all zeros but the mark */
        "::ffff:255.255.255.1", /* */
        "::fffe:7f00:1",        /* nearly mapped */
        "::1:ffff:7f00:1",      /* the mark with something before it */
        "64:ff9b::a4d:1",
    };

    for (int i = 0; i < COUNT(addresses); i++) {
        union address address = parsed(addresses[i]);

        ck_assert_int_eq(address.any.sa_family, AF_INET6);
        ck_assert_str_eq(as_text(&address), addresses[i]);
    }
}

/* Half of the groups are zero, that there may be runs. */
static void make_random_ipv6(struct in6_addr *address, unsigned short *state)
{
    for (int i = 0; i < 16; i += 2) {
        unsigned group = (unsigned)jrand48(state);

        if (group & 1 << 16)
            group &= 1u << (group >> 28) | 0xfu; /* short ones */
        if (group & 1 << 17)
            group = 0;
        address->s6_addr[i] = (unsigned char)(group >> 8);
        address->s6_addr[i + 1] = (unsigned char)group;
    }
}

TEST(any_ipv6_address_reads_as_inet_ntop_has_it)
{
    unsigned short state[3] = {SEED, 0, 0};
    char expected[INET6_ADDRSTRLEN];

    for (int i = 0; i < RANDOM_ADDRESSES; i++) {
        union address address = {.ipv6 = {.sin6_family = AF_INET6}}, back;

        make_random_ipv6(&address.ipv6.sin6_addr, state);
        if (IN6_IS_ADDR_V4COMPAT(&address.ipv6.sin6_addr))
            continue; /* a form that is not in use, RFC 4291: inet_ntop(3) has dots in it */
        inet_ntop(AF_INET6, &address.ipv6.sin6_addr, expected, sizeof expected);
        ck_assert_str_eq(as_text(&address), expected);
        back = parsed(expected);
        ck_assert_mem_eq(&back, &address, sizeof back);
    }
}

static const char *const no_addresses[] = {
    "",
    " ",
    "localhost",
    "8888",
    "127.1",
    "256.0.0.1",
    "127.0.0.1.",
    " 127.0.0.1",
    "127.0.0.1 ",
    "127.0.0.1:1",
    "0x7f.0.0.1",
    ":",
    ":::",
    ":::1",
    "[::1]",
    "::1%lo",
    "fe80::1%eth0",
    "1:2:3:4:5:6:7",
    "00000:0000:0000:0000:0000:0000:0000:0001",
};

LOOP_TEST(other_text_is_no_address, COUNT(no_addresses))
{
    union address address;

    memset(&address, 0xee, sizeof address);
    ck_assert_msg(!address_parse(&address, no_addresses[_i]), "'%s'", no_addresses[_i]);
    ck_assert_int_eq(address.any.sa_family, AF_UNSPEC);
}

TEST(the_scope_and_the_port_are_left_out)
{
    union address address = parsed("fe80::1");

    address.ipv6.sin6_scope_id = 2;
    address_set_port(&address, 8888);
    ck_assert_str_eq(as_text(&address), "fe80::1");
}

TEST(an_address_of_no_family_has_no_text)
{
    const union address none = {.any = {.sa_family = AF_UNSPEC}};

    ck_assert_str_eq(as_text(&none), "");
}

TEST(a_port_is_in_host_order)
{
    const union address v4 = {.ipv4 = {.sin_family = AF_INET, .sin_port = htons(0x1234)}};
    const union address v6 = {.ipv6 = {.sin6_family = AF_INET6, .sin6_port = htons(65535)}};

    ck_assert_uint_eq(address_port(&v4), 0x1234);
    ck_assert_uint_eq(address_port(&v6), 65535);
}

TEST(a_port_is_put_where_either_family_has_it)
{
    static const unsigned ports[] = {0, 1, 0x1234, 65535};
    static const sa_family_t families[] = {AF_INET, AF_INET6, AF_UNSPEC};

    for (int i = 0; i < 12; i++) {
        union address address, before;

        memset(&address, 0xee, sizeof address);
        address.any.sa_family = families[i % 3];
        before = address;
        address_set_port(&address, ports[i / 3]);
        ck_assert_uint_eq(address_port(&address), ports[i / 3]);
        memcpy((char *)&address + 2, (char *)&before + 2, 2);
        ck_assert_mem_eq(&address, &before, sizeof before); /* and nowhere else */
    }
}

TEST(each_family_has_its_length)
{
    const union address v4 = parsed("127.0.0.1"), v6 = parsed("::1");

    ck_assert_uint_eq(address_length(&v4), sizeof(struct sockaddr_in));
    ck_assert_uint_eq(address_length(&v6), sizeof(struct sockaddr_in6));
}

static const struct {
    const char *text;
    bool wildcard, loopback;
} places[] = {
    {"0.0.0.0", true, false},
    {"::", true, false},
    {"::ffff:0.0.0.0", true, false},
    {"0.0.0.1", false, false},
    {"::fffe:0:0", false, false},
    {"127.0.0.1", false, true},
    {"127.255.255.254", false, true},
    {"::1", false, true},
    {"::ffff:127.0.0.1", false, true},
    {"::ffff:127.1.2.3", false, true},
    {"126.255.255.255", false, false},
    {"128.0.0.1", false, false},
    {"0.0.0.127", false, false},
    {"::2", false, false},
    {"1::1", false, false},
    {"::127.0.0.1", false, false}, /* IPv4-compatible, which is no loopback */
    {"::fffe:7f00:1", false, false},
    {"fe80::1", false, false},
    {"10.77.0.1", false, false},
};

LOOP_TEST(a_wildcard_and_a_loopback_are_so_mapped_into_ipv6_too, COUNT(places))
{
    union address address = parsed(places[_i].text);

    address_set_port(&address, 8888);
    ck_assert_msg(address_is_wildcard(&address) == places[_i].wildcard, "%s", places[_i].text);
    ck_assert_msg(address_is_loopback(&address) == places[_i].loopback, "%s", places[_i].text);
}

static const struct {
    const char *ipv4, *ipv6;
} mapped[] = {
    {"127.0.0.1", "::ffff:127.0.0.1"},
    {"0.0.0.0", "::ffff:0.0.0.0"},
    {"255.255.255.255", "::ffff:255.255.255.255"},
    {"1.2.3.4", "::ffff:1.2.3.4"},
};

LOOP_TEST(an_ipv4_address_has_a_form_in_ipv6_and_keeps_its_port, COUNT(mapped))
{
    union address address = parsed(mapped[_i].ipv4), same;

    address_set_port(&address, 0x1234);
    address_map(&address);
    ck_assert_int_eq(address.any.sa_family, AF_INET6);
    ck_assert_str_eq(as_text(&address), mapped[_i].ipv6);
    ck_assert_uint_eq(address_port(&address), 0x1234);
    ck_assert_uint_eq(address.ipv6.sin6_scope_id, 0);
    ck_assert_uint_eq(address.ipv6.sin6_flowinfo, 0);
    same = address;
    address_map(&address);
    ck_assert_mem_eq(&address, &same, sizeof same);

    address_unmap(&address);
    ck_assert_int_eq(address.any.sa_family, AF_INET);
    ck_assert_str_eq(as_text(&address), mapped[_i].ipv4);
    ck_assert_uint_eq(address_port(&address), 0x1234);
    same = address;
    address_unmap(&address);
    ck_assert_mem_eq(&address, &same, sizeof same);
}

TEST(ipv6_that_is_not_mapped_stays_as_it_is)
{
    static const char *const addresses[] = {"::", "::1", "::fffe:7f00:1", "::1:ffff:7f00:1",
                                            "::127.0.0.1"};

    for (int i = 0; i < COUNT(addresses); i++) {
        union address address = parsed(addresses[i]), before;

        address.ipv6.sin6_scope_id = 2;
        before = address;
        address_map(&address);
        address_unmap(&address);
        ck_assert_mem_eq(&address, &before, sizeof before);
    }
}

/* Linux binds it as AF_INET where the address is INADDR_ANY. */
TEST(an_unspecified_family_is_ipv4)
{
    const struct sockaddr_in from = {.sin_family = AF_UNSPEC, .sin_port = htons(8888)};
    union address address;

    ck_assert(address_copy(&address, &from, sizeof from));
    ck_assert_int_eq(address.any.sa_family, AF_INET);
    ck_assert_uint_eq(address_port(&address), 8888);
    ck_assert_str_eq(as_text(&address), "0.0.0.0");
}

TEST(other_families_are_no_internet_addresses)
{
    struct sockaddr_un local = {.sun_family = AF_UNIX, .sun_path = "/tmp/a-long-enough-path"};
    union address address;

    ck_assert(!address_copy(&address, &local, sizeof local));
    local.sun_family = AF_NETLINK;
    ck_assert(!address_copy(&address, &local, sizeof local));
}

/* A kernel before Linux 2.6 and an old program have no scope: RFC 2133. */
TEST(an_ipv6_address_without_its_scope_is_one)
{
    const struct sockaddr_in6 from = {.sin6_family = AF_INET6,
                                      .sin6_port = htons(8888),
                                      .sin6_addr = IN6ADDR_LOOPBACK_INIT,
                                      .sin6_scope_id = 7};
    union address address;

    ck_assert(address_copy(&address, &from, sizeof from - 4));
    ck_assert_str_eq(as_text(&address), "::1");
    ck_assert_uint_eq(address.ipv6.sin6_scope_id, 0);
    ck_assert(address_copy(&address, &from, sizeof from));
    ck_assert_uint_eq(address.ipv6.sin6_scope_id, 7);
}

/* An engine may give a sockaddr_storage, or a length of its own. */
TEST(an_address_that_is_longer_than_its_family_is_one)
{
    struct sockaddr_storage from = {.ss_family = AF_INET};
    union address address;

    ((struct sockaddr_in *)&from)->sin_port = htons(8888);
    ck_assert(address_copy(&address, &from, sizeof from));
    ck_assert_uint_eq(address_port(&address), 8888);
}

/* The memory ends where the length says, and is not aligned: a sanitizer would see it. */
TEST(an_address_that_is_too_short_is_none_and_is_not_read)
{
    const struct sockaddr_in whole = {.sin_family = AF_INET, .sin_port = htons(8888)};
    union address address;

    ck_assert(!address_copy(&address, NULL, 0));
    for (socklen_t length = 0; length <= sizeof whole; length++) {
        char *part = malloc(length + 1);
        bool is_one;

        memcpy(part + 1, &whole, length);
        is_one = address_copy(&address, part + 1, length);
        ck_assert_int_eq(is_one, length == sizeof whole);
        ck_assert_uint_eq(address_port(&address), is_one ? 8888 : 0);
        free(part);
    }
}
