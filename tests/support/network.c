#include "tests/support/network.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/support/suite.h"

bool network_has_ipv6(void)
{
    return access("/proc/net/if_inet6", F_OK) == 0;
}

bool network_can_be_had(void)
{
    int status = -1;
    pid_t pid = fork();

    if (pid == 0)
        _exit(unshare(CLONE_NEWNET) != 0);
    if (waitpid(pid, &status, 0) == pid && status == 0)
        return true;
    return suite_skip("a network of the test's own", "no network namespace can be had");
}

static bool leave(void)
{
    struct ifreq loopback = {.ifr_name = "lo", .ifr_flags = IFF_UP};
    int fd, status;

    if (unshare(CLONE_NEWNET) != 0)
        return false;
    fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    status = ioctl(fd, SIOCSIFFLAGS, &loopback);
    close(fd);
    return status == 0;
}

void network_enter(void)
{
    ck_assert_msg(leave(), "a network of its own: %s", strerror(errno));
}

static int run_ip(const char *arguments)
{
    char command[256];

    snprintf(command, sizeof command, "ip %s >/dev/null 2>&1", arguments);
    return system(command);
}

bool network_can_have_addresses(void)
{
    int status = -1;
    pid_t pid = fork();

    if (pid == 0)
        _exit(unshare(CLONE_NEWNET) != 0 || run_ip("link add eth0 type veth") != 0);
    if (waitpid(pid, &status, 0) == pid && status == 0)
        return true;
    return suite_skip("addresses of a network of the test's own", "no veth(4) can be had");
}

/* The kernel notices a little later that a link works; until then its addresses are not used. */
static bool wait_for_link(const char *name)
{
    struct ifreq link = {.ifr_flags = 0};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    strcpy(link.ifr_name, name);
    for (int i = 0; i < 5000 && (link.ifr_flags & IFF_RUNNING) == 0; i++)
        if (ioctl(fd, SIOCGIFFLAGS, &link) != 0 || usleep(1000) != 0)
            break;
    close(fd);
    return (link.ifr_flags & IFF_RUNNING) != 0;
}

static bool set_up_pair(void)
{
    return run_ip("link add eth0 type veth peer name eth1") == 0 &&
           run_ip("link set eth0 up") == 0 && run_ip("link set eth1 up") == 0 &&
           wait_for_link("eth0") && wait_for_link("eth1");
}

/* IPv6: the kernel enters the route to an address of its own a moment after the address. */
static bool wait_for_local_route(const char *address)
{
    int length = (int)strcspn(address, "/"), status = -1;
    char command[128];

    snprintf(command, sizeof command, "ip -6 route show table local | grep -q '^local %.*s '",
             length, address);
    for (int i = 0; i < 500 && status != 0; i++) {
        status = system(command);
        if (status != 0)
            usleep(10000);
    }
    return status == 0;
}

static bool add_address(const char *address)
{
    bool ipv6 = strchr(address, ':') != NULL;
    char arguments[128];

    snprintf(arguments, sizeof arguments, "address add %s dev eth0%s", address,
             ipv6 ? " nodad" : "");
    return (if_nametoindex("eth0") != 0 || set_up_pair()) && run_ip(arguments) == 0 &&
           (!ipv6 || wait_for_local_route(address));
}

void network_add_address(const char *address)
{
    ck_assert_msg(add_address(address), "%s", address);
}

/* But those of the loopback, and of one link, which have its name in them: "fe80::1%eth0". */
static bool add_addresses_of(const struct ifaddrs *host)
{
    char name[INET6_ADDRSTRLEN + IF_NAMESIZE], address[sizeof name + sizeof "/128"];

    for (; host != NULL; host = host->ifa_next) {
        bool ipv4 = host->ifa_addr != NULL && host->ifa_addr->sa_family == AF_INET;
        socklen_t length = ipv4 ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);

        if (host->ifa_addr == NULL || (!ipv4 && host->ifa_addr->sa_family != AF_INET6) ||
            (host->ifa_flags & IFF_LOOPBACK) != 0 ||
            getnameinfo(host->ifa_addr, length, name, sizeof name, NULL, 0, NI_NUMERICHOST) !=
                0 ||
            strchr(name, '%') != NULL)
            continue;
        snprintf(address, sizeof address, "%s/%d", name, ipv4 ? 32 : 128);
        if (!add_address(address))
            return false;
    }
    return true;
}

bool network_enter_copy(void)
{
    int before = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
    struct ifaddrs *host = NULL;
    bool entered;

    entered = getifaddrs(&host) == 0 && leave() && add_addresses_of(host);
    freeifaddrs(host);
    if (!entered)
        setns(before, CLONE_NEWNET);
    close(before);
    return entered;
}

static void enter_beyond(const char *address, int told)
{
    char arguments[128], byte;

    network_enter();
    snprintf(arguments, sizeof arguments, "address add %s dev eth1", address);
    ck_assert_int_eq(write(told, "x", 1), 1);
    ck_assert_int_eq(read(told, &byte, 1), 1);
    ck_assert_int_eq(run_ip(arguments), 0);
    ck_assert_int_eq(run_ip("link set eth1 up"), 0);
}

pid_t network_fork_beyond(const char *address)
{
    char arguments[128], byte;
    int ends[2];
    pid_t pid;

    ck_assert(if_nametoindex("eth0") != 0 || set_up_pair());
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    pid = fork();
    if (pid == 0) {
        enter_beyond(address, ends[1]);
    } else {
        ck_assert_int_eq(read(ends[0], &byte, 1), 1);
        snprintf(arguments, sizeof arguments, "link set eth1 netns %ld", (long)pid);
        ck_assert_int_eq(run_ip(arguments), 0);
        ck_assert_int_eq(write(ends[0], "x", 1), 1);
    }
    close(ends[0]);
    close(ends[1]);
    return pid;
}

void network_set(const char *name, const char *value)
{
    char path[128];
    int fd;

    snprintf(path, sizeof path, "/proc/sys/net/%s", name);
    fd = open(path, O_WRONLY | O_CLOEXEC);
    ck_assert_msg(fd >= 0, "%s", path);
    ck_assert_int_eq(write(fd, value, strlen(value)), (ssize_t)strlen(value));
    close(fd);
}
