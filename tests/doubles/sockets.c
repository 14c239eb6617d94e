/*
 * A stand-in engine that makes sockets as its arguments say, one after the other:
 *
 *   tcp tcp6 v6only udp   a new socket: the one that what follows is about
 *   reuse reuseport       SO_REUSEADDR, SO_REUSEPORT
 *   options               print "options R P": whether those two are set
 *   bind=ADDRESS/PORT     print "bind: well" or "bind: failed with ERRNO"
 *   listen                print "listen: well" or as above
 *   dup                   go on with a duplicate, the first descriptor is closed
 *   close
 *   port                  print "port N", as the kernel has it
 *   fork                  a child does the rest
 *   until=FILE            until that file is there, for half a minute at most
 *
 * The address is in memory that cannot be written, and a call that is well must leave errno
 * alone. All is printed on standard error.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/doubles/tcp.h"

enum { SENTINEL = 4711, PAGE = 65536 };

static int fd = -1;

static void make_socket(int family, int type, int only)
{
    fd = socket(family, type, 0);
    if (fd < 0)
        err(3, "socket");
    if (family == AF_INET6)
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &only, sizeof only);
}

static void set_option(int option)
{
    int on = 1;

    if (setsockopt(fd, SOL_SOCKET, option, &on, sizeof on) != 0)
        err(3, "setsockopt");
}

static int option_is_set(int option)
{
    int value = 0;
    socklen_t length = sizeof value;

    if (getsockopt(fd, SOL_SOCKET, option, &value, &length) != 0)
        err(3, "getsockopt");
    return value != 0;
}

static void print_result(const char *call, int result)
{
    if (result == 0 && errno != SENTINEL)
        errx(3, "%s has changed errno", call);
    if (result == 0)
        dprintf(STDERR_FILENO, "%s: well\n", call);
    else
        dprintf(STDERR_FILENO, "%s: failed with %d\n", call, errno);
}

static struct sockaddr *shut_away(const void *address, size_t length)
{
    void *page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    memcpy(page, address, length);
    mprotect(page, PAGE, PROT_READ);
    return page;
}

static void bind_to(char *text)
{
    struct sockaddr_in ipv4 = {.sin_family = AF_INET};
    struct sockaddr_in6 ipv6 = {.sin6_family = AF_INET6};
    char *slash = strchr(text, '/');
    struct sockaddr *address;

    if (slash == NULL)
        errx(3, "no port: %s", text);
    *slash = '\0';
    ipv4.sin_port = ipv6.sin6_port = htons((in_port_t)atoi(slash + 1));
    if (inet_pton(AF_INET, text, &ipv4.sin_addr) == 1)
        address = shut_away(&ipv4, sizeof ipv4);
    else if (inet_pton(AF_INET6, text, &ipv6.sin6_addr) == 1)
        address = shut_away(&ipv6, sizeof ipv6);
    else
        errx(3, "no address: %s", text);
    errno = SENTINEL;
    print_result("bind",
                 bind(fd, address, address->sa_family == AF_INET ? sizeof ipv4 : sizeof ipv6));
}

static void go_on_with_duplicate(void)
{
    int first = fd;

    fd = dup(first);
    close(first);
}

static void go_on_in_child(void)
{
    int status = 0;
    pid_t child = fork();

    if (child == 0)
        return;
    waitpid(child, &status, 0);
    exit(status != 0);
}

static void act(char *step)
{
    char *value = step + strcspn(step, "=");

    if (*value != '\0')
        *value++ = '\0';
    if (strcmp(step, "tcp") == 0)
        make_socket(AF_INET, SOCK_STREAM, 0);
    else if (strcmp(step, "tcp6") == 0)
        make_socket(AF_INET6, SOCK_STREAM, 0);
    else if (strcmp(step, "v6only") == 0)
        make_socket(AF_INET6, SOCK_STREAM, 1);
    else if (strcmp(step, "udp") == 0)
        make_socket(AF_INET, SOCK_DGRAM, 0);
    else if (strcmp(step, "reuse") == 0)
        set_option(SO_REUSEADDR);
    else if (strcmp(step, "reuseport") == 0)
        set_option(SO_REUSEPORT);
    else if (strcmp(step, "options") == 0)
        dprintf(STDERR_FILENO, "options %d %d\n", option_is_set(SO_REUSEADDR),
                option_is_set(SO_REUSEPORT));
    else if (strcmp(step, "bind") == 0)
        bind_to(value);
    else if (strcmp(step, "listen") == 0)
        print_result("listen", (errno = SENTINEL, listen(fd, 5)));
    else if (strcmp(step, "dup") == 0)
        go_on_with_duplicate();
    else if (strcmp(step, "close") == 0)
        close(fd);
    else if (strcmp(step, "port") == 0)
        tcp_print_port(fd);
    else if (strcmp(step, "fork") == 0)
        go_on_in_child();
    else if (strcmp(step, "until") == 0)
        for (int i = 0; access(value, F_OK) != 0 && i < 3000; i++)
            tcp_pause(10);
    else
        errx(3, "no such step: %s", step);
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        act(argv[i]);
    return 0;
}
