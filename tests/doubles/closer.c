/*
 * Engines that close and use descriptors. The port goes into the file "port".
 *
 * usage: closer loop|range FIRST      close all from FIRST on, then listen
 *        closer reuse FD              put the file "data" in place of FD, then listen and wait
 *        closer race FD               the same over and over in a thread, while others listen
 *        closer limit                 listen when no descriptor is left
 *        closer list                  listen, wait, then show the descriptors on stdout
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tests/doubles/tcp.h"

enum { LISTENERS = 400, SEEN = 256 };

static _Atomic int over;

static void write_port(int fd)
{
    FILE *file = fopen("port", "w");

    if (file == NULL)
        _exit(3);
    fprintf(file, "%u\n", tcp_port(fd));
    fclose(file);
}

static void look_for_client(int fd)
{
    struct pollfd set = {.fd = fd, .events = POLLIN};

    poll(&set, 1, 0);
}

static void close_loop(int first)
{
    for (int fd = first; fd < 1024; fd++)
        close(fd);
}

static void close_range_raw(int first)
{
    if (syscall(SYS_close_range, first, ~0U, 0) != 0)
        close_loop(first);
}

static void put_data_over(int fd)
{
    int data = open("data", O_WRONLY | O_APPEND);

    if (data < 0 || dup2(data, fd) != fd)
        _exit(3);
    if (data != fd)
        close(data);
}

static void *put_data_often(void *fd)
{
    while (!over) {
        close(*(int *)fd);
        put_data_over(*(int *)fd);
    }
    return NULL;
}

static void race(int fd)
{
    pthread_t thread;

    pthread_create(&thread, NULL, put_data_often, &fd);
    for (int i = 0; i < LISTENERS; i++)
        close(tcp_listener(0));
    over = 1;
    pthread_join(thread, NULL);
}

static void listen_without_descriptors(void)
{
    int fd = tcp_socket();
    const struct rlimit none = {(rlim_t)fd + 1, (rlim_t)fd + 1};

    setrlimit(RLIMIT_NOFILE, &none);
    if (tcp_bind(fd, 0) != 0 || listen(fd, 5) != 0)
        err(3, "listen");
    errno = 0;
    if (dup(0) >= 0 || errno != EMFILE)
        errx(3, "descriptors were left");
}

static void show_descriptors(void)
{
    for (int fd = 0; fd < SEEN; fd++) {
        char path[64], target[256];
        ssize_t length;

        snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
        length = readlink(path, target, sizeof target - 1);
        if (length < 0)
            continue;
        target[length] = '\0';
        target[strcspn(target, ":")] = '\0'; /* the inode of a pipe or socket */
        printf("%d %s %d\n", fd, target, fcntl(fd, F_GETFL));
    }
}

int main(int argc, char **argv)
{
    const char *mode = argc > 1 ? argv[1] : "";
    int number = argc > 2 ? atoi(argv[2]) : 0, fd;

    if (strcmp(mode, "loop") == 0)
        close_loop(number);
    if (strcmp(mode, "range") == 0)
        close_range_raw(number);
    if (strcmp(mode, "reuse") == 0)
        put_data_over(number);
    if (strcmp(mode, "race") == 0)
        race(number);
    if (strcmp(mode, "limit") == 0) {
        listen_without_descriptors();
        return 0;
    }
    fd = tcp_listener(0);
    look_for_client(fd);
    write_port(fd);
    if (strcmp(mode, "list") == 0)
        show_descriptors();
    return 0;
}
