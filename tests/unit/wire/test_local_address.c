/* Whose an address is: this host's, in this network namespace, or another's. */
#include "shim/wire/local_address.h"

#include <fcntl.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "tests/support/network.h"
#include "tests/support/suite.h"
#include "tests/unit/support/apart.h"

static union address address_of(const char *text)
{
    union address address;

    ck_assert_msg(address_parse(&address, text), "%s", text);
    address_set_port(&address, 1);
    return address;
}

static void assert_local(const char *text, bool local)
{
    union address address = address_of(text);

    ck_assert_msg(address_is_local(&address) == local, "%s is%s local", text,
                  local ? " not" : "");
}

/* What is neither is for documentation, RFC 5737 and 3849. */
static const struct {
    const char *text;
    bool local;
} addresses[] = {
    {"127.0.0.1", true},
    {"127.1.2.3", true},
    {"0.0.0.0", true},
    {"192.0.2.1", false},
    {"255.255.255.255", false},
    {"224.0.0.1", false},
    {"::1", true},
    {"::", true},
    {"::ffff:127.0.0.1", true},
    {"::ffff:0.0.0.0", true},
    {"::ffff:192.0.2.1", false},
    {"2001:db8::1", false},
    {"ff02::1", false},
};

LOOP_TEST(the_kernel_says_whose_an_address_is, COUNT(addresses))
{
    assert_local(addresses[_i].text, addresses[_i].local);
}

/* It asks for no port of ours: the number in the address may be anyone's. */
LOOP_TEST(an_address_is_not_changed_by_asking, COUNT(addresses))
{
    union address address = address_of(addresses[_i].text), before = address;

    address_is_local(&address);
    ck_assert_mem_eq(&address, &before, sizeof before);
}

static void know_loopback_without_a_descriptor(const void *unused)
{
    const struct rlimit none = {0, 0};

    (void)unused;
    setrlimit(RLIMIT_NOFILE, &none);
    for (int i = 0; i < COUNT(addresses); i++) {
        union address address = address_of(addresses[i].text);

        if (address_is_local(&address) != addresses[i].local)
            _exit(1);
    }
    _exit(0);
}

/* A client that was sent on from there would meet whoever has the port. */
TEST(the_loopback_is_ours_though_the_kernel_cannot_be_asked)
{
    ck_assert_int_eq(apart(know_loopback_without_a_descriptor, NULL), 0);
}

TEST(asking_leaves_no_descriptor)
{
    int next = dup(0);

    close(next);
    for (int i = 0; i < COUNT(addresses); i++)
        assert_local(addresses[i].text, addresses[i].local);
    ck_assert_int_eq(dup(0), next);
    close(next);
}

/* ---- hosts of our own ---- */

TEST_OPTIONS(.setup = network_enter, .needs = network_can_be_had);

/* No route at all leads there: the kernel answers with an error. */
TEST(an_address_to_which_no_route_leads_is_not_local)
{
    assert_local("192.0.2.1", false);
    assert_local("::ffff:192.0.2.1", false);
    assert_local("2001:db8::1", false);
    assert_local("127.0.0.1", true);
}

TEST_OPTIONS(.setup = network_enter, .needs = network_can_have_addresses);

TEST(an_address_of_this_host_is_local_whether_it_is_the_first_of_its_net_or_a_later_one)
{
    static const char *const own[] = {"10.77.0.1/24", "10.77.0.2/24", "10.78.0.1/24"};

    for (int i = 0; i < COUNT(own); i++)
        network_add_address(own[i]);
    assert_local("10.77.0.1", true);
    assert_local("10.77.0.2", true);
    assert_local("10.78.0.1", true);
    assert_local("::ffff:10.77.0.2", true);
    assert_local("10.77.0.3", false);   /* a neighbour: there is a route, and it leads there */
    assert_local("10.77.0.255", false); /* broadcast */
    assert_local("10.79.0.1", false);
}

static bool has_ipv6(void)
{
    return network_has_ipv6() || suite_skip("IPv6 addresses", "the kernel has no IPv6");
}

TEST(an_ipv6_address_of_this_host_is_local, .needs = has_ipv6)
{
    network_add_address("fd00:77::1/64");
    network_add_address("fd00:77::2/64");
    assert_local("fd00:77::1", true);
    assert_local("fd00:77::2", true);
    assert_local("fd00:77::3", false);
    assert_local("fd00:78::1", false);
}

TEST(an_address_of_another_network_namespace_is_not_local)
{
    network_add_address("10.77.0.1/24");
    assert_local("10.77.0.1", true);
    network_enter();
    assert_local("10.77.0.1", false);
}

/* bind(2) takes any address then: keepalived and HAProxy have it so. */
TEST(where_any_address_can_be_bound_only_our_own_is_local)
{
    network_set("ipv4/ip_nonlocal_bind", "1");
    if (network_has_ipv6())
        network_set("ipv6/ip_nonlocal_bind", "1");
    network_add_address("10.77.0.1/24");
    assert_local("10.77.0.1", true);
    assert_local("10.77.0.2", false);
    assert_local("192.0.2.1", false);
    assert_local("2001:db8::1", false);
}
