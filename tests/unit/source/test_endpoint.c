/* Where a client is sent. */
#include "launcher/source/endpoint.h"

#include <string.h>

#include "tests/support/suite.h"

static struct listener listener(const char *host, const char *address)
{
    struct listener listener = {.port = 42165};

    strcpy(listener.host, host);
    ck_assert(address_parse(&listener.address, address));
    return listener;
}

static const char *for_client(const char *host, const char *address)
{
    static char endpoint[ENDPOINT_HOST_SIZE];
    struct listener imd = listener(host, address);

    endpoint_for_client(&imd, "node1", endpoint);
    return endpoint;
}

static const char *for_others(const char *host, const char *address)
{
    static char endpoint[ENDPOINT_HOST_SIZE];
    struct listener imd = listener(host, address);

    endpoint_for_others(&imd, endpoint);
    return endpoint;
}

TEST(a_wildcard_on_this_host_is_local)
{
    ck_assert_str_eq(for_client("node1", "0.0.0.0"), "127.0.0.1");
    ck_assert_str_eq(for_client("node1", "::"), "localhost");
    ck_assert_str_eq(for_client("", "0.0.0.0"), "127.0.0.1");
}

TEST(a_wildcard_elsewhere_is_that_host)
{
    ck_assert_str_eq(for_client("node2", "0.0.0.0"), "node2");
    ck_assert_str_eq(for_client("node2", "::"), "node2");
    ck_assert_str_eq(for_client("node1.cluster", "0.0.0.0"), "node1.cluster");
    ck_assert_str_eq(for_client("node", "0.0.0.0"), "node");
}

TEST(an_address_of_its_own_is_itself)
{
    ck_assert_str_eq(for_client("node1", "127.0.0.1"), "127.0.0.1");
    ck_assert_str_eq(for_client("node1", "::1"), "::1");
    ck_assert_str_eq(for_client("node2", "10.77.0.2"), "10.77.0.2");
    ck_assert_str_eq(for_client("node2", "2001:db8::"), "2001:db8::");
    ck_assert_str_eq(for_client("node1", "::ffff:127.0.0.1"), "::ffff:127.0.0.1");
}

TEST(others_are_told_the_hosts_name_for_a_wildcard)
{
    ck_assert_str_eq(for_others("node1", "0.0.0.0"), "node1");
    ck_assert_str_eq(for_others("node1", "::"), "node1");
    ck_assert_str_eq(for_others("node1", "10.77.0.1"), "10.77.0.1");
    ck_assert_str_eq(for_others("node1", "::1"), "::1");
    ck_assert_str_eq(for_others("", "0.0.0.0"), "0.0.0.0");
}

/* An IPv6 socket bound to all IPv4 addresses. */
TEST(a_mapped_wildcard_is_a_wildcard)
{
    ck_assert_str_eq(for_others("node1", "::ffff:0.0.0.0"), "node1");
    ck_assert_str_eq(for_client("node2", "::ffff:0.0.0.0"), "node2");
    ck_assert_str_eq(for_client("node1", "::ffff:0.0.0.0"), "127.0.0.1");
}

/* host, the address listened on, the one that the event came from: where it is reached. */
static const struct {
    const char *host, *address, *peer, *client, *others;
} remote[] = {
    {"node2", "0.0.0.0", "10.77.0.2", "10.77.0.2", "10.77.0.2"},
    {"node2", "::", "10.77.0.2", "10.77.0.2", "10.77.0.2"},
    {"node2", "::", "fd00::2", "fd00::2", "fd00::2"},
    {"node2", "::ffff:0.0.0.0", "10.77.0.2", "10.77.0.2", "10.77.0.2"},
    {"node2", "10.88.0.2", "10.77.0.2", "10.88.0.2", "10.88.0.2"}, /* another of its networks */
    {"node1", "0.0.0.0", "10.77.0.2", "10.77.0.2", "10.77.0.2"},   /* a namesake of this host */
    {"node1", "::", "fd00::2", "fd00::2", "fd00::2"},
    {"", "0.0.0.0", "10.77.0.2", "10.77.0.2", "10.77.0.2"},
    /* Its loopback cannot be reached, ours is somebody else's: a refusal is better. */
    {"node2", "127.0.0.1", "10.77.0.2", "10.77.0.2", "127.0.0.1"},
    {"node2", "127.0.1.1", "10.77.0.2", "10.77.0.2", "127.0.1.1"},
    {"node2", "::1", "10.77.0.2", "10.77.0.2", "::1"},
    {"node2", "::ffff:127.0.0.1", "10.77.0.2", "10.77.0.2", "::ffff:127.0.0.1"},
    {"node2", "127.0.0.1", "", "node2", "127.0.0.1"}, /* by a FIFO that both hosts have */
    {"node2", "12.7.0.1", "10.77.0.2", "12.7.0.1", "12.7.0.1"},
};

LOOP_TEST(an_event_from_elsewhere_says_where_its_host_is, COUNT(remote))
{
    struct listener imd = listener(remote[_i].host, remote[_i].address);
    char host[ENDPOINT_HOST_SIZE];

    imd.remote = remote[_i].peer[0] != '\0';
    if (imd.remote)
        ck_assert(address_parse(&imd.peer, remote[_i].peer));
    endpoint_for_client(&imd, "node1", host);
    ck_assert_str_eq(host, remote[_i].client);
    endpoint_for_others(&imd, host);
    ck_assert_str_eq(host, remote[_i].others);
}

TEST(ipv6_is_in_brackets_in_a_url)
{
    char host[ENDPOINT_HOST_SIZE] = "2001:db8::1";

    endpoint_bracket(host);
    ck_assert_str_eq(host, "[2001:db8::1]");
    strcpy(host, "127.0.0.1");
    endpoint_bracket(host);
    ck_assert_str_eq(host, "127.0.0.1");
    strcpy(host, "node1.cluster");
    endpoint_bracket(host);
    ck_assert_str_eq(host, "node1.cluster");
}

TEST(the_longest_host_name_has_room)
{
    char name[3 * HOST_SIZE] = "", host[ENDPOINT_HOST_SIZE];
    struct listener imd = listener("", "0.0.0.0");

    memset(name, 'n', sizeof name - 1);
    strcpy(imd.host, name);
    endpoint_for_others(&imd, host);
    ck_assert_str_eq(host, name);
    memset(host, ':', sizeof host - 1);
    endpoint_bracket(host);
    ck_assert_uint_eq(strnlen(host, sizeof host), sizeof host - 1);
    ck_assert_int_eq(host[0], '[');
    ck_assert_int_eq(host[sizeof host - 2], ']');
}

/* The address that the event came from tells the host: one of ours is here. */
static const struct {
    const char *address, *peer;
    bool remote, far;
} loopbacks[] = {
    {"127.0.0.1", "192.0.2.7", true, true},  {"::1", "2001:db8::7", true, true},
    {"127.0.0.1", "127.0.0.1", true, false}, {"0.0.0.0", "192.0.2.7", true, false},
    {"192.0.2.7", "192.0.2.7", true, false}, {"127.0.0.1", "192.0.2.7", false, false},
};

LOOP_TEST(a_loopback_of_another_host_is_told_from_ours, COUNT(loopbacks))
{
    struct listener imd = listener("node2", loopbacks[_i].address);

    imd.remote = loopbacks[_i].remote;
    ck_assert(address_parse(&imd.peer, loopbacks[_i].peer));
    ck_assert_int_eq(listener_is_on_far_loopback(&imd), loopbacks[_i].far);
}
