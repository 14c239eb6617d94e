/* By which addresses other hosts reach this one. */
#include "launcher/source/host_addresses.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "launcher/source/tcp.h"
#include "tests/support/suite.h"

static const struct {
    int family;
    const char *address, *text;
} texts[] = {
    {AF_INET, "10.77.0.1", "10.77.0.1"},
    {AF_INET, "0.0.0.0", "0.0.0.0"},
    {AF_INET6, "::ffff:10.77.0.1", "10.77.0.1"}, /* of an IPv4 client, at a port of both */
    {AF_INET6, "::fffe:10.77.0.1", "::fffe:a4d:1"},
    {AF_INET6, "fd00::1", "fd00::1"},
    {AF_INET6, "::", "::"},
};

LOOP_TEST(an_ipv4_address_is_itself_however_it_comes, COUNT(texts))
{
    struct sockaddr_in ipv4 = {.sin_family = AF_INET};
    struct sockaddr_in6 ipv6 = {.sin6_family = AF_INET6, .sin6_scope_id = 2};
    bool is_ipv4 = texts[_i].family == AF_INET;
    char text[INET6_ADDRSTRLEN];

    ck_assert_int_eq(inet_pton(texts[_i].family, texts[_i].address,
                               is_ipv4 ? (void *)&ipv4.sin_addr : (void *)&ipv6.sin6_addr),
                     1);
    ck_assert_ptr_eq(host_address_text(is_ipv4 ? (const struct sockaddr *)&ipv4
                                               : (const struct sockaddr *)&ipv6,
                                       text),
                     text);
    ck_assert_str_eq(text, texts[_i].text);
}

/* Put as many as there may be into text. */
static int put(char *bytes, size_t size, int most)
{
    struct text text = {bytes, 0, size - 1};
    int count = host_addresses_put(&text, most);

    bytes[text.length] = '\0';
    return count;
}

static void assert_is_of_this_host(const char *text, bool *ipv6_before)
{
    struct sockaddr_in ipv4 = {.sin_family = AF_INET};
    struct sockaddr_in6 ipv6 = {.sin6_family = AF_INET6};
    bool is_ipv4 = inet_pton(AF_INET, text, &ipv4.sin_addr) == 1;
    int fd = socket(is_ipv4 ? AF_INET : AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);

    ck_assert(is_ipv4 || inet_pton(AF_INET6, text, &ipv6.sin6_addr) == 1);
    ck_assert_msg(bind(fd, is_ipv4 ? (struct sockaddr *)&ipv4 : (struct sockaddr *)&ipv6,
                       is_ipv4 ? sizeof ipv4 : sizeof ipv6) == 0,
                  "%s is not ours", text);
    close(fd);
    ck_assert_msg(strncmp(text, "127.", 4) != 0 && strcmp(text, "::1") != 0 &&
                      strncasecmp(text, "fe80:", 5) != 0,
                  "%s leads nowhere from another host", text);
    ck_assert(!is_ipv4 || !*ipv6_before);
    *ipv6_before = !is_ipv4;
}

TEST(each_can_be_reached_from_another_host_ipv4_first)
{
    char bytes[4096], *rest = bytes, *address;
    bool ipv6_before = false;
    int count = put(bytes, sizeof bytes, 1000), found = 0;

    ck_assert(count == 0 ? bytes[0] == '\0' : bytes[0] == ':');
    rest += count > 0;
    while (count > 0 && (address = strsep(&rest, ",")) != NULL) {
        assert_is_of_this_host(address, &ipv6_before);
        found++;
    }
    ck_assert_int_eq(found, count);
}

TEST(there_are_as_many_as_may_be)
{
    char bytes[4096];
    int all = put(bytes, sizeof bytes, 1000);

    for (int most = 0; most <= all; most++) {
        ck_assert_int_eq(put(bytes, sizeof bytes, most), most);
        ck_assert_int_eq(strchr(bytes, ',') != NULL, most > 1);
    }
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
    struct event_port port;
    char bytes[64];
    int free_fd = dup(STDIN_FILENO);

    close(free_fd);
    ck_assert(enter_lonely_host());
    ck_assert_int_eq(put(bytes, sizeof bytes, 8), 0);
    ck_assert_str_eq(bytes, "");
    ck_assert(!event_port_open(&port));
    ck_assert_int_eq(errno, EADDRNOTAVAIL);
    ck_assert_int_eq(port.fd, -1);
    ck_assert_int_eq(fcntl(free_fd, F_GETFD), -1);
    ck_assert_int_eq(dup(STDIN_FILENO), free_fd);
    event_port_close(&port);
}
