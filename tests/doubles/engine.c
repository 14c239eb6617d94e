/*
 * Engines as they are in the field: what each calls, in its order, and what it prints.
 *
 * usage: engine gmx|lmp|namd PORT [ROUNDS]
 *        engine mpi LIBRARY        the library listens as well, in two processes
 *        engine client PORT        connect, print what comes to the end
 *
 * It looks for a client ROUNDS times, 10 ms apart, and ends when the client does.
 */
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/select.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/doubles/tcp.h"

enum { NAMD_FIRST = 1025, NAMD_LAST = 4095 };

static void read_to_end(int fd)
{
    char bytes[256];

    while (read(fd, bytes, sizeof bytes) > 0)
        continue;
    close(fd);
}

static void print_to_end(int fd)
{
    char bytes[256];
    ssize_t length;

    while ((length = read(fd, bytes, sizeof bytes)) > 0)
        fwrite(bytes, 1, (size_t)length, stdout);
    close(fd);
}

static int client_is_there(int fd)
{
    struct timeval at_once = {0, 0};
    fd_set set;

    FD_ZERO(&set);
    FD_SET(fd, &set);
    return select(fd + 1, &set, NULL, NULL, &at_once) > 0;
}

static void serve(int fd, int rounds)
{
    for (int i = 0; i < rounds; i++) {
        if (client_is_there(fd)) {
            int client = accept(fd, NULL, NULL);

            fprintf(stderr, "a client came\n");
            read_to_end(client);
            return;
        }
        tcp_pause(10);
    }
}

static int bind_any(int fd, unsigned port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((in_port_t)port)};

    return bind(fd, (struct sockaddr *)&address, sizeof address);
}

static int gmx_listen(unsigned port)
{
    int fd = tcp_socket();

    if (bind_any(fd, port) != 0 || listen(fd, 1) != 0)
        err(1, "IMD");
    fprintf(stderr, "IMD: Listening for IMD connection on port %u.\n", tcp_port(fd));
    return fd;
}

static int lmp_listen(unsigned port)
{
    int fd = tcp_socket();

    if (bind_any(fd, port) != 0 || listen(fd, 5) != 0)
        exit(1);
    return fd;
}

/* The loop of NAMD's IMDOutput.C: the same socket, the next port. It prints what it believes.
 */
static int namd_listen(unsigned port)
{
    int fd = tcp_socket();

    if (bind_any(fd, port) != 0)
        for (port = NAMD_FIRST; port <= NAMD_LAST && bind_any(fd, port) != 0; port++)
            continue;
    if (listen(fd, 5) != 0)
        err(1, "IMD");
    fprintf(stderr, "INTERACTIVE MD BIND     %u\n", port);
    tcp_print_port(fd);
    return fd;
}

static void decoys(int (*library_listen)(void), int count)
{
    while (count-- > 0)
        library_listen();
}

static int mpi_listen(const char *path)
{
    void *library = dlopen(path, RTLD_NOW);
    int (*library_listen)(void) = NULL;
    pid_t rank;

    if (library == NULL)
        errx(3, "%s", dlerror());
    *(void **)(void *)&library_listen = dlsym(library, "library_listen");
    rank = fork();
    if (rank == 0) {
        decoys(library_listen, 2);
        _exit(0);
    }
    decoys(library_listen, 3);
    waitpid(rank, NULL, 0);
    return gmx_listen(0);
}

int main(int argc, char **argv)
{
    const char *mode = argc > 2 ? argv[1] : "";
    unsigned port = argc > 2 ? (unsigned)atoi(argv[2]) : 0;
    int rounds = argc > 3 ? atoi(argv[3]) : 1;

    if (strcmp(mode, "gmx") == 0)
        serve(gmx_listen(port), rounds);
    else if (strcmp(mode, "lmp") == 0)
        serve(lmp_listen(port), rounds);
    else if (strcmp(mode, "namd") == 0)
        serve(namd_listen(port), rounds);
    else if (strcmp(mode, "mpi") == 0)
        serve(mpi_listen(argv[2]), rounds);
    else if (strcmp(mode, "client") == 0)
        print_to_end(tcp_connect(port));
    else
        errx(3, "no such engine");
    return 0;
}
