/* Addresses as text: inet_ntop(3) is what they are compared with. */
#include "shim/wire/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#include "tests/support/suite.h"

enum { RANDOM_ADDRESSES = 50000, SEED = 20 };

static const char *as_text(const void *address)
{
    static char buffer[INET6_ADDRSTRLEN + 16];
    struct text text = {buffer, 0, sizeof buffer - 1};

    memset(buffer, 0, sizeof buffer);
    address_put(&text, address);
    return buffer;
}

static struct sockaddr_in6 ipv6(const char *address)
{
    struct sockaddr_in6 result = {.sin6_family = AF_INET6, .sin6_port = htons(8888)};

    ck_assert_int_eq(inet_pton(AF_INET6, address, &result.sin6_addr), 1);
    return result;
}

TEST_OPTIONS(.timeout = 120);

TEST(ipv4_is_dotted_decimal)
{
    const char *const addresses[] = {"0.0.0.0", "127.0.0.1", "255.255.255.255", "10.77.0.1",
                                     "9.99.100.249"};

    for (size_t i = 0; i < sizeof addresses / sizeof addresses[0]; i++) {
        struct sockaddr_in address = {.sin_family = AF_INET};

        ck_assert_int_eq(inet_pton(AF_INET, addresses[i], &address.sin_addr), 1);
        ck_assert_str_eq(as_text(&address), addresses[i]);
    }
}

TEST(any_ipv4_address_reads_as_inet_ntop_has_it)
{
    unsigned short state[3] = {SEED, 0, 0};
    char expected[INET_ADDRSTRLEN];

    for (int i = 0; i < RANDOM_ADDRESSES; i++) {
        struct sockaddr_in address = {.sin_family = AF_INET};

        address.sin_addr.s_addr = (in_addr_t)jrand48(state);
        inet_ntop(AF_INET, &address.sin_addr, expected, sizeof expected);
        ck_assert_str_eq(as_text(&address), expected);
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

    for (size_t i = 0; i < sizeof addresses / sizeof addresses[0]; i++) {
        struct sockaddr_in6 address = ipv6(addresses[i]);

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

/*
 * inet_ntop writes the deprecated IPv4-compatible addresses with dots, RFC 5952 does not ask
 * for it: these have only to read back.
 */
static bool is_ipv4_compatible(const struct in6_addr *address)
{
    static const unsigned char zeros[12];

    return memcmp(address, zeros, sizeof zeros) == 0;
}

TEST(any_ipv6_address_reads_as_inet_ntop_has_it)
{
    unsigned short state[3] = {SEED, 0, 0};
    char expected[INET6_ADDRSTRLEN];

    for (int i = 0; i < RANDOM_ADDRESSES; i++) {
        struct sockaddr_in6 address = {.sin6_family = AF_INET6};
        struct in6_addr back;

        make_random_ipv6(&address.sin6_addr, state);
        inet_ntop(AF_INET6, &address.sin6_addr, expected, sizeof expected);
        if (!is_ipv4_compatible(&address.sin6_addr))
            ck_assert_str_eq(as_text(&address), expected);
        ck_assert_int_eq(inet_pton(AF_INET6, as_text(&address), &back), 1);
        ck_assert_mem_eq(&back, &address.sin6_addr, sizeof back);
    }
}

TEST(the_scope_is_left_out)
{
    struct sockaddr_in6 address = ipv6("fe80::1");

    address.sin6_scope_id = 2;
    ck_assert_str_eq(as_text(&address), "fe80::1");
}

TEST(a_port_is_in_host_order)
{
    const struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(0x1234)};
    const struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(65535)};

    ck_assert_uint_eq(address_port((const struct sockaddr *)&v4, sizeof v4), 0x1234);
    ck_assert_uint_eq(address_port((const struct sockaddr *)&v6, sizeof v6), 65535);
}

TEST(a_port_is_put_where_either_family_has_it)
{
    static const unsigned ports[] = {0, 1, 0x1234, 65535};
    static const sa_family_t families[] = {AF_INET, AF_INET6, AF_UNSPEC};

    for (int i = 0; i < 12; i++) {
        struct sockaddr_storage address, before;

        memset(&address, 0xee, sizeof address);
        address.ss_family = families[i % 3];
        before = address;
        address_set_port(&address, ports[i / 3]);
        ck_assert_uint_eq(address_port((struct sockaddr *)&address, sizeof address),
                          ports[i / 3]);
        memcpy((char *)&address + 2, (char *)&before + 2, 2);
        ck_assert_mem_eq(&address, &before, sizeof before); /* and nowhere else */
    }
}

/* Linux binds it as AF_INET where the address is INADDR_ANY. */
TEST(an_unspecified_family_is_ipv4)
{
    const struct sockaddr_in address = {.sin_family = AF_UNSPEC, .sin_port = htons(8888)};

    ck_assert(address_is_internet((const struct sockaddr *)&address, sizeof address));
    ck_assert_uint_eq(address_port((const struct sockaddr *)&address, sizeof address), 8888);
    ck_assert_str_eq(as_text(&address), "0.0.0.0");
}

TEST(other_families_have_no_port)
{
    struct sockaddr_un local = {.sun_family = AF_UNIX, .sun_path = "/tmp/a-long-enough-path"};

    ck_assert(!address_is_internet((const struct sockaddr *)&local, sizeof local));
    ck_assert_uint_eq(address_port((const struct sockaddr *)&local, sizeof local), 0);
    local.sun_family = AF_NETLINK;
    ck_assert_uint_eq(address_port((const struct sockaddr *)&local, sizeof local), 0);
}

/* The memory ends where the length says, and is not aligned: a sanitizer would see it. */
TEST(an_address_that_is_too_short_is_none_and_is_not_read)
{
    const struct sockaddr_in whole = {.sin_family = AF_INET, .sin_port = htons(8888)};

    ck_assert(!address_is_internet(NULL, 0));
    for (socklen_t length = 0; length <= sizeof whole; length++) {
        char *part = malloc(length + 1);

        memcpy(part + 1, &whole, length);
        ck_assert_uint_eq(address_port((struct sockaddr *)(void *)(part + 1), length),
                          length < sizeof whole ? 0 : 8888);
        free(part);
    }
}
