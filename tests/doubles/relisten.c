/*
 * An engine that opens its port again and again: bind, listen, a client of its own, accept,
 * close.
 *
 * usage: relisten PORT COUNT
 *
 * Ten times on the way it prints "RSS DATA FDS RSS DATA FDS": kB of memory (RssAnon and VmData,
 * proc(5): code comes into memory 64 kB at a time, whenever some is first run) and descriptors,
 * its own and those of its parent.
 */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/doubles/support/tcp.h"

enum { PRINTS = 10 };

/* No client of an earlier turn is to keep its port. */
static void close_at_once(int fd)
{
    const struct linger none = {.l_onoff = 1, .l_linger = 0};

    setsockopt(fd, SOL_SOCKET, SO_LINGER, &none, sizeof none);
    close(fd);
}

static void listen_once(unsigned port)
{
    int fd = tcp_listener(port), client = tcp_connect(tcp_port(fd)), accepted;

    accepted = accept(fd, NULL, NULL);
    if (accepted < 0)
        err(3, "accept");
    close_at_once(client);
    close_at_once(accepted);
    close(fd);
}

static long field_of(pid_t pid, const char *name)
{
    char path[64], line[128];
    long value = 0;
    FILE *file;

    snprintf(path, sizeof path, "/proc/%ld/status", (long)pid);
    file = fopen(path, "re");
    while (file != NULL && fgets(line, sizeof line, file) != NULL)
        if (strncmp(line, name, strlen(name)) == 0)
            value = strtol(line + strlen(name), NULL, 10);
    if (file != NULL)
        fclose(file);
    return value;
}

static int count_descriptors(pid_t pid)
{
    char path[64];
    int count = 0;
    DIR *names;

    snprintf(path, sizeof path, "/proc/%ld/fd", (long)pid);
    names = opendir(path);
    while (names != NULL && readdir(names) != NULL)
        count++;
    if (names != NULL)
        closedir(names);
    return count;
}

static void print_figures(pid_t pid, char end)
{
    printf("%ld %ld %d%c", field_of(pid, "RssAnon:"), field_of(pid, "VmData:"),
           count_descriptors(pid), end);
}

int main(int argc, char **argv)
{
    int count = argc > 2 ? atoi(argv[2]) : 0;

    if (count < PRINTS)
        errx(3, "usage: relisten PORT COUNT");
    setvbuf(stdout, NULL, _IOLBF, 0);
    for (int i = 1; i <= count; i++) {
        listen_once((unsigned)atoi(argv[1]));
        if (i % (count / PRINTS) == 0) {
            print_figures(getpid(), ' ');
            print_figures(getppid(), '\n');
        }
    }
    return 0;
}
