/*
 * What calls return, good and bad, in a table that must be the same with and without a shim.
 * errno is set to a number of our own before each call: success leaves it alone.
 *
 * usage: results calls|bind|waits|clients
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/doubles/support/tcp.h"

enum { SENTINEL = 4711, PAGE = 65536, HIGH_FD = 200 };

#define SHOW(call)                                                                             \
    do {                                                                                       \
        long shown;                                                                            \
        errno = SENTINEL;                                                                      \
        shown = (call);                                                                        \
        printf("%-60.60s %ld %d\n", #call, shown < 0 ? shown : 0, errno);                      \
    } while (0)

static void *volatile nothing; /* volatile: compilers are not to see through it */
static volatile nfds_t most = (nfds_t)-1;
static void *nowhere; /* no memory is there */
static char *edge;    /* the page that begins here cannot be read, the one before it can */

static void map_edge(void)
{
    char *pages =
        mmap(NULL, 2 * (size_t)PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANON, -1, 0);

    if (pages == MAP_FAILED)
        err(3, "mmap");
    edge = pages + PAGE;
    mprotect(edge, PAGE, PROT_NONE);
    nowhere = edge;
}

static const struct sockaddr *at(const void *address)
{
    return address;
}

static void show_bad_bind(void)
{
    const struct sockaddr_in any = {.sin_family = AF_INET};
    const struct sockaddr_in6 any6 = {.sin6_family = AF_INET6};
    const struct sockaddr_in named4 = {.sin_family = AF_INET, .sin_port = htons(8888)};
    const struct sockaddr_in6 named = {.sin6_family = AF_INET6, .sin6_port = htons(8888)};
    const char zeros[sizeof(struct sockaddr_storage)] = "";
    int fd = tcp_socket(), fd6 = socket(AF_INET6, SOCK_STREAM, 0);

    memcpy(edge - 8, &any, 8);
    SHOW(bind(fd, at(&any), 0));
    SHOW(bind(fd, at(&any), 1));
    SHOW(bind(fd, at(&any), 15));
    SHOW(bind(fd, at(&any), (socklen_t)-1));
    SHOW(bind(fd, at(zeros), 129));
    SHOW(bind(fd, at(&any), 1 << 30));
    SHOW(bind(fd, at(&any6), sizeof any6));
    SHOW(bind(fd6, at(&any), sizeof any));
    SHOW(bind(fd6, at(&any6), 16));
    SHOW(bind(fd6, at(&any6), 23));
    SHOW(bind(fd, nothing, 0));
    SHOW(bind(fd, nothing, 16));
    SHOW(bind(fd, at(nowhere), sizeof any));
    SHOW(bind(fd, at(edge - 8), sizeof any));
    /* The address can be read, but not all that the length covers: the kernel reads that too. */
    memcpy(edge - sizeof named, &named, sizeof named);
    SHOW(bind(fd6, at(edge - sizeof named), 128));
    memcpy(edge - sizeof named4, &named4, sizeof named4);
    SHOW(bind(fd, at(edge - sizeof named4), 128));
}

static void show_bind(void)
{
    const struct sockaddr_in any = {.sin_family = AF_INET};
    const struct sockaddr_in foreign = {.sin_family = AF_INET, .sin_addr.s_addr = 0x010200c0};
    const struct sockaddr_in strange = {.sin_family = 77};
    const struct sockaddr_in unspecified = {.sin_family = AF_UNSPEC};
    const char zeros[sizeof(struct sockaddr_storage)] = "";
    struct sockaddr_in taken = any;
    int other = tcp_listener(0), null_file = dup(STDOUT_FILENO), fd = tcp_socket();

    taken.sin_port = htons((in_port_t)tcp_port(other));
    SHOW(bind(-1, at(&any), sizeof any));
    SHOW(bind(9999, at(&any), sizeof any));
    SHOW(bind(null_file, at(&any), sizeof any));
    SHOW(bind(fd, at(&foreign), sizeof foreign));
    SHOW(bind(fd, at(&strange), sizeof strange));
    SHOW(bind(fd, at(&taken), sizeof taken));
    SHOW(bind(fd, at(&any), sizeof any));
    SHOW(bind(fd, at(&any), sizeof any));
    SHOW(bind(tcp_socket(), at(zeros), sizeof zeros));
    SHOW(bind(tcp_socket(), at(&unspecified), sizeof unspecified));
    SHOW(bind(socket(AF_INET, SOCK_DGRAM, 0), at(&any), sizeof any));
}

static void show_other_families(void)
{
    const struct sockaddr_un local = {.sun_family = AF_UNIX, .sun_path = "results-socket"};
    const struct sockaddr_nl netlink = {.nl_family = AF_NETLINK};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    unlink(local.sun_path);
    SHOW(listen(fd, 5));
    SHOW(bind(fd, at(&local), 1));
    SHOW(bind(fd, at(&local), sizeof local));
    SHOW(listen(fd, 5));
    SHOW(bind(socket(AF_UNIX, SOCK_STREAM, 0), at(&local), sizeof local));
    SHOW(bind(socket(AF_NETLINK, SOCK_RAW, 0), at(&netlink), sizeof netlink));
    SHOW(listen(socket(AF_NETLINK, SOCK_RAW, 0), 1));
}

static void show_listen(void)
{
    int fd = tcp_listener(0);

    SHOW(listen(-1, 5));
    SHOW(listen(9999, 5));
    SHOW(listen(dup(STDOUT_FILENO), 5));
    SHOW(listen(socket(AF_INET, SOCK_DGRAM, 0), 5));
    SHOW(listen(tcp_connect(tcp_port(fd)), 5));
    SHOW(listen(tcp_socket(), 5));
    SHOW(listen(fd, -1));
    SHOW(listen(fd, 0));
    close(fd);
    SHOW(listen(fd, 5));
}

/*
 * The first listener is the IMD socket; none of these waits is a good one. select(2) looks at
 * no more descriptors than the table of the process has room for, and that is 64 until there is
 * a higher one.
 */
static void show_bad_waits(int fd)
{
    struct pollfd *half = (struct pollfd *)(void *)(edge - sizeof *half);
    unsigned long *last = (unsigned long *)(void *)edge - 1;
    const struct timespec never = {-1, -1};
    struct timeval before = {-1, 0};
    struct epoll_event event = {.events = EPOLLIN};
    socklen_t length = 16;

    if (dup2(fd, HIGH_FD) != HIGH_FD)
        err(3, "dup2");
    *half = (struct pollfd){.fd = -1};
    *last = 0;
    SHOW(poll(nowhere, 1, 0));
    SHOW(poll(nothing, 1, 0));
    SHOW(poll(half, 2, 0));
    SHOW(poll(half, 1000, 0));
    SHOW(poll(half, most, 0));
    SHOW(ppoll(nowhere, 1, NULL, NULL));
    SHOW(ppoll(half, 1, &never, NULL));
    SHOW(select(fd + 1, nowhere, NULL, NULL, NULL));
    SHOW(select(1024, (fd_set *)(void *)last, NULL, NULL, NULL));
    SHOW(select(-1, nowhere, NULL, NULL, NULL));
    SHOW(select(0, nowhere, NULL, NULL, &before));
    SHOW(pselect(fd + 1, nowhere, NULL, NULL, NULL, NULL));
    SHOW(pselect(0, NULL, NULL, NULL, &never, NULL));
    SHOW(accept(-1, NULL, NULL));
    SHOW(accept(STDOUT_FILENO, NULL, NULL));
    SHOW(accept(tcp_socket(), nowhere, &length));
    SHOW(accept4(-1, NULL, NULL, 0));
    SHOW(epoll_ctl(-1, EPOLL_CTL_ADD, 0, &event));
    SHOW(epoll_ctl(epoll_create1(0), EPOLL_CTL_ADD, STDERR_FILENO, nowhere));
}

static void show_waits(int fd)
{
    struct pollfd set = {.fd = fd, .events = POLLIN};
    struct timeval at_once = {0, 0};
    const struct timespec soon = {0, 0};
    struct epoll_event event = {.events = EPOLLIN};
    int epoll = epoll_create1(0);
    fd_set readable;

    FD_ZERO(&readable);
    FD_SET(fd, &readable);
    SHOW(select(fd + 1, &readable, NULL, NULL, &at_once));
    SHOW(pselect(fd + 1, &readable, NULL, NULL, &soon, NULL));
    SHOW(poll(&set, 1, 0));
    SHOW(ppoll(&set, 1, &soon, NULL));
    SHOW(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event));
    SHOW(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event));
    SHOW(epoll_ctl(epoll, EPOLL_CTL_DEL, fd, NULL));
    tcp_connect(tcp_port(fd));
    tcp_connect(tcp_port(fd));
    SHOW(accept4(fd, NULL, NULL, 12345));
    SHOW(accept4(fd, NULL, NULL, -1));
    SHOW(accept(fd, NULL, NULL));
    SHOW(accept4(fd, NULL, NULL, SOCK_CLOEXEC));
}

/* The kernel writes the result; poll(2) sees that there is one. */
static void show_sets_that_cannot_be_written(int fd)
{
    void *page =
        mmap(NULL, (size_t)PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANON, -1, 0);

    FD_SET(fd, (fd_set *)page);
    mprotect(page, PAGE, PROT_READ);
    SHOW(select(fd + 1, page, NULL, NULL, NULL));
    SHOW(pselect(fd + 1, page, NULL, NULL, NULL, NULL));
}

static void show_time_left(int fd)
{
    struct timeval soon = {0, 300};
    fd_set readable;

    FD_ZERO(&readable);
    FD_SET(fd, &readable);
    SHOW(select(fd + 1, &readable, NULL, NULL, &soon) - 1);
    SHOW(soon.tv_usec <= 300 ? 0 : -1);
}

static int lowest_free(void)
{
    int lowest = dup(STDOUT_FILENO);

    close(lowest);
    return lowest;
}

static void show_no_more_descriptors(int fd)
{
    struct pollfd set = {.fd = fd, .events = POLLIN};
    struct rlimit limit, none;

    getrlimit(RLIMIT_NOFILE, &limit);
    none = limit;
    none.rlim_cur = (rlim_t)lowest_free();
    setrlimit(RLIMIT_NOFILE, &none);
    SHOW(poll(&set, 1, 1000) - 1);
    SHOW(set.revents - POLLIN);
    SHOW(accept(fd, NULL, NULL));
    setrlimit(RLIMIT_NOFILE, &limit);
}

/* As an engine does that closes all but its own. */
static void show_that_a_file_is_no_client(int fd)
{
    struct pollfd set = {.fd = fd, .events = POLLIN};
    struct sockaddr_in peer;
    socklen_t length = sizeof peer;
    int next = lowest_free(), client;

    SHOW(poll(&set, 1, 1000) - 1);
    close(next);
    if (open("/dev/null", O_RDWR) != next)
        err(3, "open");
    client = accept(fd, NULL, NULL);
    SHOW(client == next ? -1 : getpeername(client, (struct sockaddr *)&peer, &length));
}

/* As is done to wake a thread that waits. */
static void show_shut_down(int fd)
{
    struct pollfd set = {.fd = fd, .events = POLLIN};
    struct timeval long_time = {1, 0};
    fd_set readable;

    FD_ZERO(&readable);
    FD_SET(fd, &readable);
    SHOW(shutdown(fd, SHUT_RD));
    SHOW(select(fd + 1, &readable, NULL, NULL, &long_time) - 1);
    SHOW(poll(&set, 1, 1000) - 1);
    SHOW(set.revents - POLLHUP);
    SHOW(accept(fd, NULL, NULL));
}

/* Clients are there; the first listener is the IMD socket. */
static void show_clients(int fd)
{
    enum { CLIENTS = 4 };

    for (int i = 0; i < CLIENTS; i++)
        tcp_connect(tcp_port(fd));
    show_no_more_descriptors(fd);
    SHOW(accept(fd, NULL, nowhere));
    show_sets_that_cannot_be_written(fd);
    show_time_left(fd);
    SHOW(accept(fd, NULL, NULL));
    show_that_a_file_is_no_client(fd);
    show_shut_down(fd);
}

int main(int argc, char **argv)
{
    const char *mode = argc > 1 ? argv[1] : "";

    map_edge();
    setlinebuf(stdout);
    if (strcmp(mode, "bind") == 0) {
        show_bad_bind();
        return 0;
    }
    if (strcmp(mode, "waits") == 0) {
        show_bad_waits(tcp_listener(0));
        return 0;
    }
    if (strcmp(mode, "clients") == 0) {
        show_clients(tcp_listener(0));
        return 0;
    }
    show_waits(tcp_listener(0));
    show_bad_bind();
    show_bind();
    show_other_families();
    show_listen();
    return 0;
}
