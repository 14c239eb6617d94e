/*
 * An engine whose input names its port: it asks for that one, and is asked for by it.
 *
 * usage: gate-engine ADDRESS PORT STEP...
 *
 *   pause=MS    starting takes a while
 *   until=FILE  go on when that file is there, half a minute at most
 *   v6only      before listen: IPv6 alone
 *   listen      at ADDRESS, on PORT
 *   serve=N     accept N clients, one after the other; tell each the port that we have, and
 *               read until it is gone
 *   more        print how many have come that were not accepted
 *   exit=N
 *
 * What fails ends it with 99. It ends by itself after half a minute.
 */
#include <arpa/inet.h>
#include <err.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { FAILED = 99, LIFETIME = 30 };

static int fd = -1, v6only;

static void pause_for(long milliseconds)
{
    struct timespec left = {milliseconds / 1000, milliseconds % 1000 * 1000000};

    while (nanosleep(&left, &left) != 0)
        continue;
}

static void listen_at(const char *address, unsigned port)
{
    struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons((in_port_t)port)};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons((in_port_t)port)};
    int is_v6 = strchr(address, ':') != NULL;

    if (inet_pton(is_v6 ? AF_INET6 : AF_INET, address,
                  is_v6 ? (void *)&v6.sin6_addr : (void *)&v4.sin_addr) != 1)
        errx(FAILED, "%s", address);
    fd = socket(is_v6 ? AF_INET6 : AF_INET, SOCK_STREAM, 0);
    if (is_v6)
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &v6only, sizeof v6only);
    if (bind(fd, is_v6 ? (struct sockaddr *)&v6 : (struct sockaddr *)&v4,
             is_v6 ? sizeof v6 : sizeof v4) != 0 ||
        listen(fd, 64) != 0)
        err(FAILED, "%s", address);
}

static unsigned own_port(void)
{
    struct sockaddr_in6 address = {0}; /* the port is where IPv4 has it */
    socklen_t length = sizeof address;

    if (getsockname(fd, (struct sockaddr *)&address, &length) != 0)
        err(FAILED, "getsockname");
    return ntohs(address.sin6_port);
}

static void serve_one(void)
{
    struct pollfd wait = {.fd = fd, .events = POLLIN};
    char byte;
    int client;

    poll(&wait, 1, -1);
    client = accept(fd, NULL, NULL);
    if (client < 0)
        err(FAILED, "accept");
    dprintf(client, "%u\n", own_port());
    while (read(client, &byte, 1) > 0)
        continue;
    close(client);
}

static void print_more(void)
{
    struct pollfd wait = {.fd = fd, .events = POLLIN};
    int more = 0;

    for (; poll(&wait, 1, 100) > 0; more++)
        close(accept(fd, NULL, NULL));
    printf("%d more\n", more);
}

static void act(const char *step, const char *address, unsigned port)
{
    const char *equals = strchr(step, '=');
    const char *value = equals != NULL ? equals + 1 : "";

    if (strncmp(step, "pause=", 6) == 0)
        pause_for(atol(value));
    else if (strncmp(step, "until=", 6) == 0)
        while (access(value, F_OK) != 0)
            pause_for(10);
    else if (strcmp(step, "v6only") == 0)
        v6only = 1;
    else if (strcmp(step, "listen") == 0)
        listen_at(address, port);
    else if (strncmp(step, "serve=", 6) == 0)
        for (int i = 0; i < atoi(value); i++)
            serve_one();
    else if (strcmp(step, "more") == 0)
        print_more();
    else if (strncmp(step, "exit=", 5) == 0)
        exit(atoi(value));
    else
        errx(FAILED, "no such step: %s", step);
}

int main(int argc, char **argv)
{
    alarm(LIFETIME);
    setvbuf(stdout, NULL, _IOLBF, 0);
    for (int i = 3; i < argc; i++)
        act(argv[i], argv[1], (unsigned)atoi(argv[2]));
    return 0;
}
