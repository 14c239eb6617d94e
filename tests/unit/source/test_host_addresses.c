/* By which addresses other hosts reach this one. */
#include "launcher/source/host_addresses.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "launcher/source/tcp.h"
#include "tests/support/suite.h"

enum { MANY = 1000 };

static union address addresses[MANY];

static void assert_is_of_this_host(const union address *address, bool *ipv6_before)
{
    bool is_ipv4 = address->any.sa_family == AF_INET;
    int fd = socket(address->any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

    ck_assert_uint_eq(address_port(address), 0);
    ck_assert_int_eq(bind(fd, &address->any, address_length(address)), 0);
    close(fd);
    ck_assert(!address_is_loopback(address) && !address_is_wildcard(address));
    ck_assert(is_ipv4 || !IN6_IS_ADDR_LINKLOCAL(&address->ipv6.sin6_addr));
    ck_assert(!is_ipv4 || !*ipv6_before);
    *ipv6_before = !is_ipv4;
}

TEST(each_can_be_reached_from_another_host_ipv4_first)
{
    unsigned count = host_addresses(addresses, MANY);
    bool ipv6_before = false;

    for (unsigned i = 0; i < count; i++)
        assert_is_of_this_host(&addresses[i], &ipv6_before);
}

TEST(there_are_as_many_as_may_be)
{
    unsigned all = host_addresses(addresses, MANY);

    for (unsigned most = 0; most <= all; most++)
        ck_assert_uint_eq(host_addresses(addresses, most), most);
}

static bool enter_lonely_host(void)
{
    return unshare(CLONE_NEWNET) == 0;
}

static bool has_lonely_hosts(void)
{
    pid_t pid = fork();
    int status;

    if (pid == 0)
        _exit(enter_lonely_host() ? 0 : 1);
    if (waitpid(pid, &status, 0) == pid && status == 0)
        return true;
    return suite_skip("a host that nobody reaches", "no network namespace can be had");
}

/* The run goes on without: its FIFO is enough where nobody can come from elsewhere. */
TEST(a_host_that_nobody_reaches_has_no_port_for_events, .needs = has_lonely_hosts)
{
    int free_fd = dup(STDIN_FILENO);
    struct tcp_offer offer;

    close(free_fd);
    ck_assert(enter_lonely_host());
    ck_assert_uint_eq(host_addresses(addresses, MANY), 0);
    ck_assert(!tcp_offer_make(&offer));
    ck_assert_int_eq(errno, EADDRNOTAVAIL);
    ck_assert_int_eq(fcntl(free_fd, F_GETFD), -1);
    ck_assert_int_eq(dup(STDIN_FILENO), free_fd);
}
