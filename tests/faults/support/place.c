#include "tests/faults/support/place.h"

#include <err.h>
#include <limits.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/faults/support/leftover.h"

enum { LINGER = 3 /* s */ };

static char directory[PATH_MAX / 4], launcher[PATH_MAX];
static pid_t program;

/* ---- the keeper ---- */

/* On a terminal the program has got it as well: it ends all the same. */
static void pass_on(int signal)
{
    kill(program, signal);
}

/* In one that was killed what it had started goes on: it has come to us. */
_Noreturn static void keep(void)
{
    static const int ending[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM};
    struct leftover_child child = {.pid = program};
    char names[128];
    int status, left;

    for (size_t i = 0; i < sizeof ending / sizeof *ending; i++)
        signal(ending[i], pass_on);
    while (waitpid(program, &status, 0) != program)
        continue;
    left = leftover_processes(&child, LINGER, names, sizeof names);
    leftover_remove(directory);
    if (WIFSIGNALED(status)) {
        signal(WTERMSIG(status), SIG_DFL);
        raise(WTERMSIG(status));
    }
    if (left > 0)
        errx(EXIT_FAILURE, "%d processes left:%s", left, names);
    _exit(WEXITSTATUS(status));
}

static void begin_apart(void)
{
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    program = fork();
    if (program < 0)
        err(EXIT_FAILURE, "fork");
    if (program > 0)
        keep();
    prctl(PR_SET_PDEATHSIG, SIGKILL);
}

/* ---- what is there ---- */

static const char *demand_variable(const char *name)
{
    const char *value = getenv(name);

    if (value == NULL)
        errx(EXIT_FAILURE, "%s must be set: use make check-faults", name);
    return value;
}

static void find_launcher(void)
{
    const char *words = demand_variable("IMDSHIM"), *blank = strrchr(words, ' ');

    if (realpath(blank != NULL ? blank + 1 : words, launcher) == NULL)
        err(EXIT_FAILURE, "%s", words);
}

const char *place_enter(const char *path)
{
    const char *above = getenv("TMPDIR"), *doubles = demand_variable("DOUBLES");
    size_t size = strlen(doubles) + 1 + strlen(path) + 1;
    char *paths = malloc(size);

    demand_variable("SOURCE");
    find_launcher();
    snprintf(directory, sizeof directory, "%s/imdshim-faults.XXXXXX",
             above != NULL ? above : "/tmp");
    if (paths == NULL || mkdtemp(directory) == NULL)
        err(EXIT_FAILURE, "%s", directory);
    snprintf(paths, size, "%s:%s", doubles, path);
    setenv("PATH", paths, 1);
    free(paths);
    begin_apart();
    return directory;
}

const char *place_launcher(void)
{
    return launcher;
}

/* ---- ports ---- */

int place_listen(unsigned *port)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t length = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (bind(fd, (struct sockaddr *)&address, length) != 0 || listen(fd, SOMAXCONN) != 0 ||
        getsockname(fd, (struct sockaddr *)&address, &length) != 0)
        err(EXIT_FAILURE, "no port is free");
    *port = ntohs(address.sin_port);
    return fd;
}

unsigned place_free_port(void)
{
    unsigned port;

    close(place_listen(&port));
    return port;
}
