#include "tests/doubles/support/field.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/select.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/doubles/support/tcp.h"

enum { NAMD_FIRST = 1025, NAMD_LAST = 4095 };

static void copy_to_end(int from, FILE *to)
{
    char bytes[256];
    ssize_t length;

    while ((length = read(from, bytes, sizeof bytes)) > 0)
        if (to != NULL)
            fwrite(bytes, 1, (size_t)length, to);
    close(from);
}

static bool client_is_there(int fd)
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
            copy_to_end(client, NULL);
            return;
        }
        tcp_pause(10);
    }
}

static int gmx_listen(const char *port)
{
    int fd = tcp_socket();

    if (tcp_bind_any(fd, (unsigned)atoi(port)) != 0 || listen(fd, 1) != 0)
        err(1, "IMD");
    fprintf(stderr, "IMD: Listening for IMD connection on port %u.\n", tcp_port(fd));
    return fd;
}

static int lmp_listen(const char *port)
{
    int fd = tcp_socket();

    if (tcp_bind_any(fd, (unsigned)atoi(port)) != 0 || listen(fd, 5) != 0)
        exit(1);
    return fd;
}

/* The loop of NAMD's IMDOutput.C: same socket, next port. It prints what it believes. */
static int namd_listen(const char *text)
{
    int fd = tcp_socket();
    unsigned port = (unsigned)atoi(text);

    if (tcp_bind_any(fd, port) != 0)
        for (port = NAMD_FIRST; port <= NAMD_LAST && tcp_bind_any(fd, port) != 0; port++)
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
    return gmx_listen("0");
}

static const struct {
    const char *name;
    int (*listen)(const char *operand);
} engines[] = {
    {"gmx", gmx_listen}, {"lmp", lmp_listen}, {"namd", namd_listen}, {"mpi", mpi_listen}};

bool field_run(const char *name, const char *operand, int rounds)
{
    for (size_t i = 0; i < sizeof engines / sizeof engines[0]; i++)
        if (strcmp(engines[i].name, name) == 0) {
            serve(engines[i].listen(operand), rounds);
            return true;
        }
    if (strcmp(name, "client") != 0)
        return false;
    copy_to_end(tcp_connect((unsigned)atoi(operand)), stdout);
    return true;
}
