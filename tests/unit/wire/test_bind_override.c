/* Where the IMD socket is bound instead: the kernel is asked whether it takes it so. */
#include "shim/wire/bind_override.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/support/suite.h"

static const struct {
    const char *text, *address; /* NULL: as the engine asks */
    unsigned low, high;
    sa_family_t family;
    bool has_ports;
} good[] = {
    {"127.0.0.1", "127.0.0.1", 0, 0, AF_INET, false},
    {"0.0.0.0", "0.0.0.0", 0, 0, AF_INET, false},
    {"255.255.255.255:1", "255.255.255.255", 1, 1, AF_INET, true},
    {":0", NULL, 0, 0, AF_UNSPEC, true},
    {":1", NULL, 1, 1, AF_UNSPEC, true},
    {":65535", NULL, 65535, 65535, AF_UNSPEC, true},
    {":007", NULL, 7, 7, AF_UNSPEC, true},
    {":50000-50100", NULL, 50000, 50100, AF_UNSPEC, true},
    {":1-65535", NULL, 1, 65535, AF_UNSPEC, true},
    {":5-5", NULL, 5, 5, AF_UNSPEC, true},
    {"10.77.0.1:50000-50002", "10.77.0.1", 50000, 50002, AF_INET, true},
    {"[::1]", "::1", 0, 0, AF_INET6, false},
    {"[::]:0", "::", 0, 0, AF_INET6, true},
    {"[2001:db8::1]:8888", "2001:db8::1", 8888, 8888, AF_INET6, true},
    {"[::ffff:127.0.0.1]:1-2", "::ffff:127.0.0.1", 1, 2, AF_INET6, true},
    {"[ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255]",
     "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 0, 0, AF_INET6, false},
};

TEST_OPTIONS(.timeout = 120);

LOOP_TEST(an_address_or_ports_or_both_are_read, COUNT(good))
{
    struct bind_override override;
    char buffer[INET6_ADDRSTRLEN] = "";
    struct text text = {buffer, 0, sizeof buffer - 1};

    memset(&override, 0xee, sizeof override);
    ck_assert_ptr_null(bind_override_parse(&override, good[_i].text));
    ck_assert_int_eq(override.host.any.sa_family, good[_i].family);
    if (good[_i].address != NULL) {
        address_put(&text, &override.host);
        ck_assert_str_eq(buffer, good[_i].address);
    }
    ck_assert_int_eq(override.has_ports, good[_i].has_ports);
    ck_assert_uint_eq(override.low, good[_i].low);
    ck_assert_uint_eq(override.high, good[_i].high);
    ck_assert_uint_eq(bind_override_attempts(&override), good[_i].high - good[_i].low + 1);
}

#define ADDRESS "numeric address"
#define PORTS "not N or LOW-HIGH"

static const struct {
    const char *text, *reason;
} bad[] = {
    {"", "empty"},
    {":", PORTS},
    {"127.0.0.1:", PORTS},
    {"[::1]:", PORTS},
    {":x", PORTS},
    {": 1", PORTS},
    {":1 ", PORTS},
    {":+1", PORTS},
    {":-1", PORTS},
    {":-", PORTS},
    {":5-", PORTS},
    {":5--6", PORTS},
    {":5-6-7", PORTS},
    {":5,6", PORTS},
    {":0x50", PORTS},
    {":70000", PORTS},
    {":65536", PORTS},
    {":4294967297", PORTS}, /* 1, cut off at 32 bits */
    {":99999999999999999999999", PORTS},
    {":1-65536", PORTS},
    {":1-99999999999999999999999", PORTS},
    {":6-5", "reversed"},
    {":50100-50000", "reversed"},
    {":0-5", "begins at 1"},
    {":0-0", "begins at 1"},
    {"localhost", ADDRESS},
    {"localhost:0", ADDRESS},
    {"8888", ADDRESS}, /* a port has its colon */
    {"50000-50100", ADDRESS},
    {"*:0", ADDRESS},
    {"127.1", ADDRESS},
    {"256.0.0.1", ADDRESS},
    {"127.0.0.1.", ADDRESS},
    {" 127.0.0.1", ADDRESS},
    {"127.0.0.1 :0", ADDRESS},
    {"::1", ADDRESS}, /* which of its colons? */
    {"::", ADDRESS},
    {"::1:8888", ADDRESS},
    {"::1-5", ADDRESS},
    {"[::1", ADDRESS},
    {"::1]", ADDRESS},
    {"[::1]]", ADDRESS},
    {"[[::1]]", ADDRESS},
    {"[]", ADDRESS},
    {"[", ADDRESS},
    {"]", ADDRESS},
    {"][", ADDRESS},
    {"[]:0", ADDRESS},
    {"[::1]8888", ADDRESS},
    {"[::1]x:0", ADDRESS},
    {"x[::1]:0", ADDRESS},
    {"[127.0.0.1]:0", ADDRESS},
    {"[:::1]:0", ADDRESS},
    {"[fe80::1%eth0]:0", ADDRESS},
    {"[::1]::0", ADDRESS},
    {"127.0.0.1::0", ADDRESS},
};

LOOP_TEST(bad_text_is_refused_with_what_is_wrong_in_it, COUNT(bad))
{
    struct bind_override override;
    const char *reason = bind_override_parse(&override, bad[_i].text);

    ck_assert_msg(reason != NULL, "taken: '%s'", bad[_i].text);
    ck_assert_msg(strstr(reason, bad[_i].reason) != NULL, "'%s': %s", bad[_i].text, reason);
}

TEST(text_of_any_length_is_refused_whole)
{
    static const char *const beginnings[] = {"",           "[",      ":",   ":1-",
                                             "127.0.0.1:", "[::1]:", "[::1"};
    enum { LONG = 1 << 20 };
    char *text = malloc(LONG + 1);
    struct bind_override override;

    for (int i = 0; i < COUNT(beginnings); i++)
        for (const char *fill = "9:]-.a["; *fill != '\0'; fill++) {
            memset(text, *fill, LONG);
            memcpy(text, beginnings[i], strlen(beginnings[i]));
            text[LONG] = '\0';
            ck_assert_ptr_nonnull(bind_override_parse(&override, text));
        }
    free(text);
}

static const char *const ranges[] = {":0",           ":7",           ":65535",  ":50000-50001",
                                     ":50000-50002", ":50000-50100", ":1-65535"};
static const unsigned seeds[] = {0, 1, 2, 3, 4711, 65534, 65535, 65536, INT32_MAX, UINT32_MAX};

LOOP_TEST(every_port_of_a_range_comes_once_whatever_the_seed, COUNT(ranges))
{
    struct bind_override override;

    ck_assert_ptr_null(bind_override_parse(&override, ranges[_i]));
    for (int s = 0; s < COUNT(seeds); s++) {
        static bool seen[UINT16_MAX + 1];

        memset(seen, 0, sizeof seen);
        for (unsigned attempt = 0; attempt < bind_override_attempts(&override); attempt++) {
            unsigned port = bind_override_port(&override, seeds[s], attempt);

            if (port < override.low || port > override.high || seen[port])
                ck_abort_msg("%u with seed %u is outside, or came twice", port, seeds[s]);
            seen[port] = true;
        }
    }
}

/* Runs that begin together must not all fight for the first port. */
TEST(neighbours_begin_at_different_ports)
{
    struct bind_override override;

    ck_assert_ptr_null(bind_override_parse(&override, ":50000-50100"));
    for (unsigned pid = 4711; pid < 4711 + 100; pid++)
        ck_assert_uint_ne(bind_override_port(&override, pid, 0),
                          bind_override_port(&override, pid + 1, 0));
}

static union address any_address(int domain, unsigned port)
{
    union address address = {.any = {.sa_family = (sa_family_t)domain}};

    address_set_port(&address, port);
    return address;
}

static const struct {
    const char *listen;
    int domain;
    bool v6_only;
    const char *bound; /* NULL: the kernel refuses the family */
} fits[] = {
    {":0", AF_INET, false, "0.0.0.0"},
    {":0", AF_INET6, false, "::"},
    {":0", AF_INET6, true, "::"},
    {"127.0.0.1", AF_INET, false, "127.0.0.1"},
    {"127.0.0.1", AF_INET6, false, "::ffff:127.0.0.1"},
    {"127.0.0.1", AF_INET6, true, NULL},
    {"0.0.0.0", AF_INET6, false, "::ffff:0.0.0.0"},
    {"[::1]", AF_INET, false, NULL},
    {"[::1]", AF_INET6, false, "::1"},
    {"[::1]", AF_INET6, true, "::1"},
    {"[::]", AF_INET6, false, "::"},
    {"[::ffff:127.0.0.1]", AF_INET6, false, "::ffff:127.0.0.1"},
};

LOOP_TEST(the_address_fits_the_socket_or_the_kernel_refuses_its_family, COUNT(fits))
{
    int fd = socket(fits[_i].domain, SOCK_STREAM | SOCK_CLOEXEC, 0), result;
    union address address = any_address(fits[_i].domain, 0);
    socklen_t length = sizeof address;
    struct bind_override override;
    char buffer[INET6_ADDRSTRLEN] = "";
    struct text text = {buffer, 0, sizeof buffer - 1};

    ck_assert_int_ge(fd, 0);
    if (fits[_i].domain == AF_INET6)
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &(int){fits[_i].v6_only}, sizeof(int));
    ck_assert_ptr_null(bind_override_parse(&override, fits[_i].listen));
    bind_override_apply(&override, fits[_i].domain, fits[_i].v6_only, &address);
    result = bind(fd, &address.any, sizeof address.ipv6);
    if (fits[_i].bound == NULL) {
        ck_assert_int_eq(result, -1);
        ck_assert_int_eq(errno, EAFNOSUPPORT);
    } else {
        ck_assert_int_eq(result, 0);
        getsockname(fd, &address.any, &length);
        address_put(&text, &address);
        ck_assert_str_eq(buffer, fits[_i].bound);
    }
    close(fd);
}

LOOP_TEST(the_port_that_was_asked_for_stays, COUNT(fits))
{
    static const unsigned ports[] = {0, 1, 8888, 65535};

    for (int i = 0; i < COUNT(ports); i++) {
        union address address = any_address(fits[_i].domain, ports[i]);
        struct bind_override override;

        ck_assert_ptr_null(bind_override_parse(&override, fits[_i].listen));
        bind_override_apply(&override, fits[_i].domain, fits[_i].v6_only, &address);
        ck_assert_uint_eq(address_port(&address), ports[i]);
    }
}

/* A scope and a flow label are the engine's. */
TEST(without_an_address_nothing_is_changed)
{
    static const int domains[] = {AF_INET, AF_INET6};

    for (int i = 0; i < 4; i++) {
        union address address, before;
        struct bind_override override;

        ck_assert_ptr_null(bind_override_parse(&override, ":50000"));
        memset(&address, 0xee, sizeof address);
        before = address;
        bind_override_apply(&override, domains[i / 2], i % 2 == 1, &address);
        ck_assert_mem_eq(&address, &before, sizeof before);
    }
}
