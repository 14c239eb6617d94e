#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/doubles/support/steps.h"
#include "tests/doubles/support/tcp.h"

#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP 262
#endif

enum { PAGE = 65536, BACKLOG = 5, BACKLOG_FOR_MANY = 64, HIGH_FD = 1500 };

/* ---- making one ---- */

static void go_on_with(int fd)
{
    must(fd >= 0, "socket");
    engine.previous = engine.socket;
    engine.socket = fd;
}

static void do_tcp(const char *nothing)
{
    (void)nothing;
    go_on_with(socket(AF_INET, SOCK_STREAM, 0));
}

static void make_ipv6(int only)
{
    go_on_with(socket(AF_INET6, SOCK_STREAM, 0));
    setsockopt(engine.socket, IPPROTO_IPV6, IPV6_V6ONLY, &only, sizeof only);
}

static void do_tcp6(const char *nothing)
{
    (void)nothing;
    make_ipv6(0);
}

static void do_v6only(const char *nothing)
{
    (void)nothing;
    make_ipv6(1);
}

static void do_mptcp(const char *nothing)
{
    (void)nothing;
    go_on_with(socket(AF_INET, SOCK_STREAM, IPPROTO_MPTCP));
}

static void do_udp(const char *nothing)
{
    (void)nothing;
    go_on_with(socket(AF_INET, SOCK_DGRAM, 0));
}

static void do_unix(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    strncpy(address.sun_path, path, sizeof address.sun_path - 1);
    go_on_with(socket(AF_UNIX, SOCK_STREAM, 0));
    unlink(path);
    must(bind(engine.socket, (struct sockaddr *)&address, sizeof address) == 0, path);
}

static void do_netlink(const char *nothing)
{
    const struct sockaddr_nl address = {.nl_family = AF_NETLINK};

    (void)nothing;
    go_on_with(socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE));
    must(bind(engine.socket, (const struct sockaddr *)&address, sizeof address) == 0,
         "netlink");
}

/* The first one stays open. */
static void do_high(const char *nothing)
{
    struct rlimit limit;

    (void)nothing;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    go_on_with(fcntl(engine.socket, F_DUPFD, HIGH_FD));
}

static void do_dup(const char *nothing)
{
    int first = engine.socket;

    (void)nothing;
    go_on_with(dup(first));
    close(first);
}

static void do_swap(const char *nothing)
{
    (void)nothing;
    go_on_with(engine.previous);
}

/* ---- options ---- */

static void set_option(int option)
{
    const int on = 1;

    must(setsockopt(engine.socket, SOL_SOCKET, option, &on, sizeof on) == 0, "setsockopt");
}

static void do_reuse(const char *nothing)
{
    (void)nothing;
    set_option(SO_REUSEADDR);
}

static void do_reuseport(const char *nothing)
{
    (void)nothing;
    set_option(SO_REUSEPORT);
}

static int option_is_set(int option)
{
    int value = 0;
    socklen_t length = sizeof value;

    must(getsockopt(engine.socket, SOL_SOCKET, option, &value, &length) == 0, "getsockopt");
    return value != 0;
}

static void do_options(const char *nothing)
{
    (void)nothing;
    dprintf(STDERR_FILENO, "options %d %d\n", option_is_set(SO_REUSEADDR),
            option_is_set(SO_REUSEPORT));
}

/* ---- bind and listen ---- */

static void print_result(const char *call, int result)
{
    if (result == 0) {
        must_leave_errno(call);
        dprintf(STDERR_FILENO, "%s: well\n", call);
    } else {
        dprintf(STDERR_FILENO, "%s: failed with %d\n", call, errno);
    }
}

static struct sockaddr *shut_away(const void *address, size_t length)
{
    void *page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    memcpy(page, address, length);
    mprotect(page, PAGE, PROT_READ);
    return page;
}

/* ADDRESS or ADDRESS/PORT; "previous" is the port of the socket before this one. */
static socklen_t parse_place(union tcp_address *address, const char *place)
{
    char text[INET6_ADDRSTRLEN + 16];
    char *slash;
    unsigned port = 0;

    must(strlen(place) < sizeof text, place);
    strcpy(text, place);
    slash = strchr(text, '/');
    if (slash != NULL) {
        *slash = '\0';
        port = strcmp(slash + 1, "previous") == 0 ? tcp_port(engine.previous)
                                                  : (unsigned)atoi(slash + 1);
    }
    return tcp_resolve(address, text, port);
}

static void do_bind(const char *place)
{
    union tcp_address address;
    socklen_t length = parse_place(&address, place);
    struct sockaddr *shut = shut_away(&address, length);

    errno = SENTINEL;
    print_result("bind", bind(engine.socket, shut, length));
}

static void listen_at(const union tcp_address *address, socklen_t length, int backlog)
{
    must(bind(engine.socket, &address->any, length) == 0, "bind");
    must(listen(engine.socket, backlog) == 0, "listen");
}

static void do_listen(const char *place)
{
    union tcp_address address;
    socklen_t length;

    if (*place == '\0' && engine.address == NULL) {
        errno = SENTINEL;
        print_result("listen", listen(engine.socket, BACKLOG));
        return;
    }
    length = *place != '\0' ? parse_place(&address, place)
                            : tcp_resolve(&address, engine.address, engine.port);
    if (*place != '\0' || engine.socket < 0)
        (address.any.sa_family == AF_INET6 ? do_tcp6 : do_tcp)("");
    listen_at(&address, length, *place != '\0' ? BACKLOG : BACKLOG_FOR_MANY);
}

/* Nobody can interpose this one. */
static void do_raw_listen(const char *nothing)
{
    (void)nothing;
    must(syscall(SYS_listen, engine.socket, BACKLOG) == 0, "listen");
}

static void do_others(const char *count)
{
    for (int i = 0; i < atoi(count); i++)
        tcp_listener(0);
}

/* ---- its end, its port ---- */

static void do_close(const char *nothing)
{
    (void)nothing;
    close(engine.socket);
}

static void do_shutdown(const char *nothing)
{
    (void)nothing;
    shutdown(engine.socket, SHUT_RDWR);
}

/* What has its number now is readable. */
static void do_replace(const char *nothing)
{
    int ends[2];

    (void)nothing;
    must(pipe(ends) == 0 && write(ends[1], "x", 1) == 1, "pipe");
    dup2(ends[0], engine.socket);
}

static void do_port(const char *file)
{
    FILE *to;

    if (*file == '\0') {
        tcp_print_port(engine.socket);
        return;
    }
    to = fopen(file, "w");
    must(to != NULL && fprintf(to, "%u\n", tcp_port(engine.socket)) > 0 && fclose(to) == 0,
         file);
}

static void do_print_port(const char *nothing)
{
    (void)nothing;
    printf("%u\n", tcp_port(engine.socket));
}

const struct step socket_steps[] = {
    {"tcp", do_tcp},
    {"tcp6", do_tcp6},
    {"v6only", do_v6only},
    {"mptcp", do_mptcp},
    {"udp", do_udp},
    {"unix", do_unix},
    {"netlink", do_netlink},
    {"high", do_high},
    {"dup", do_dup},
    {"swap", do_swap},
    {"reuse", do_reuse},
    {"reuseport", do_reuseport},
    {"options", do_options},
    {"bind", do_bind},
    {"listen", do_listen},
    {"raw-listen", do_raw_listen},
    {"others", do_others},
    {"close", do_close},
    {"shutdown", do_shutdown},
    {"replace", do_replace},
    {"port", do_port},
    {"print-port", do_print_port},
    {.name = NULL},
};
