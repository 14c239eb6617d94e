/*
 * gated NAME PORT|pick - a light engine, of which a thousand can run at once.
 *
 * All of a crowd share their standard input, a pipe that nobody reads. Each says "NAME door"
 * and waits for a byte to be there; then it listens on PORT as LAMMPS does, says "NAME
 * REAL-PORT", or "NAME 0" if it cannot, and ends when nobody can write to the pipe any more. So
 * all bind at the same moment, and all listen at the same time.
 *
 * "pick" is what is done without imdshim: a free port is looked for beforehand, let go, and
 * asked for again when the engine has come so far.
 */
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/doubles/support/tcp.h"

static unsigned pick(void)
{
    int fd = tcp_socket();
    unsigned port;

    if (tcp_bind_any(fd, 0) != 0)
        err(3, "bind");
    port = tcp_port(fd);
    close(fd);
    return port;
}

/* One write(2) a line: those of a thousand must not mix. */
static void say(const char *name, const char *what, unsigned port)
{
    if (what != NULL)
        dprintf(STDOUT_FILENO, "%s %s\n", name, what);
    else
        dprintf(STDOUT_FILENO, "%s %u\n", name, port);
}

int main(int argc, char **argv)
{
    struct pollfd fds[] = {{.fd = STDIN_FILENO, .events = POLLIN}, {.events = POLLIN}};
    unsigned port;
    int good;

    if (argc != 3)
        errx(3, "usage: gated NAME PORT|pick");
    port = strcmp(argv[2], "pick") == 0 ? pick() : (unsigned)atoi(argv[2]);
    say(argv[1], "door", 0);
    if (poll(fds, 1, -1) != 1)
        err(3, "poll");
    fds[1].fd = tcp_socket();
    good = tcp_bind_any(fds[1].fd, port) == 0 && listen(fds[1].fd, 5) == 0;
    say(argv[1], NULL, good ? tcp_port(fds[1].fd) : 0);
    fds[0].events = 0; /* its end is told all the same */
    while (good && fds[0].revents != POLLHUP)
        if (poll(fds, 2, -1) < 0)
            err(3, "poll");
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
