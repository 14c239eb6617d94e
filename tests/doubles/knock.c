/*
 * Clients of several users, who come one after the other or all at once.
 *
 * usage: knock ADDRESS PORT [at-once] WHO...
 *
 *   me          of this user
 *   other       of user 65534: needs root
 *   other-gone  closes at once
 *   flood       others come and go all the time, until the rest has been served
 *   torrent     others come and go as fast as they can, for three seconds
 *
 * Prints "WHO served" or "WHO closed" for each that stays: an engine that serves a client
 * returns the byte that it got. At once means that each connects before any looks.
 */
#include <errno.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/doubles/support/tcp.h"

enum { OTHER = 65534, MOST = 16, PATIENCE = 30000, LIFETIME = 60, TORRENT = 3 };

static const char *target;
static unsigned port;

static int connect_by(int type)
{
    union tcp_address address;
    socklen_t length = tcp_resolve(&address, target, port);
    int fd = socket(address.any.sa_family, type, 0);

    if (connect(fd, &address.any, length) != 0 && errno != EINPROGRESS)
        err(3, "connect");
    return fd;
}

static int connect_to_engine(void)
{
    return connect_by(SOCK_STREAM);
}

static _Noreturn void pour(void)
{
    const struct linger reset = {.l_onoff = 1};
    time_t end = time(NULL) + TORRENT;
    int fd;

    for (int i = 0; i < 2; i++) /* four of them */
        if (fork() < 0)
            err(3, "fork");
    while (time(NULL) < end) {
        fd = connect_by(SOCK_STREAM | SOCK_NONBLOCK);
        setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
        close(fd);
    }
    while (wait(NULL) > 0)
        ;
    exit(0);
}

static void become_other(void)
{
    if (setgroups(0, NULL) != 0 || setgid(OTHER) != 0 || setuid(OTHER) != 0)
        err(3, "setuid");
}

static const char *outcome(int fd)
{
    struct pollfd answer = {.fd = fd, .events = POLLIN};
    char byte = 'x';

    send(fd, &byte, 1, MSG_NOSIGNAL);
    return poll(&answer, 1, PATIENCE) == 1 && recv(fd, &byte, 1, 0) == 1 ? "served" : "closed";
}

static _Noreturn void visit(const char *who, int go_on)
{
    char word[32], nothing;
    int fd;

    alarm(LIFETIME);
    if (strncmp(who, "other", 5) == 0 || strcmp(who, "flood") == 0 ||
        strcmp(who, "torrent") == 0)
        become_other();
    if (strcmp(who, "torrent") == 0)
        pour();
    while (strcmp(who, "flood") == 0) {
        close(connect_to_engine());
        usleep(1000);
    }
    fd = connect_to_engine();
    if (strcmp(who, "other-gone") == 0)
        exit(0);
    if (read(go_on, &nothing, 1) < 0)
        err(3, "read");
    snprintf(word, sizeof word, "%s %s\n", who, outcome(fd));
    exit(write(STDOUT_FILENO, word, strlen(word)) < 0);
}

/* Until it has connected, if it comes before others. */
static void wait_until_asleep(pid_t pid)
{
    char path[64], state = 'R';
    FILE *file;

    snprintf(path, sizeof path, "/proc/%ld/stat", (long)pid);
    for (int i = 0; i < PATIENCE && state != 'S' && state != 'Z'; i++) {
        usleep(1000);
        file = fopen(path, "re");
        if (file == NULL || fscanf(file, "%*d %*s %c", &state) != 1)
            err(3, "%s", path);
        fclose(file);
    }
}

int main(int argc, char **argv)
{
    int first = argc > 3 && strcmp(argv[3], "at-once") == 0 ? 4 : 3, at_once = first == 4;
    int status, bad = 0, gate[2];
    pid_t pids[MOST];

    if (argc <= first || argc - first > MOST || pipe(gate) != 0)
        errx(3, "usage: knock ADDRESS PORT [at-once] WHO...");
    target = argv[1];
    port = (unsigned)atoi(argv[2]);
    if (!at_once)
        close(gate[1]);
    for (int i = first; i < argc; i++) {
        pids[i - first] = fork();
        if (pids[i - first] == 0) {
            if (at_once)
                close(gate[1]);
            visit(argv[i], gate[0]);
        }
        if (at_once)
            wait_until_asleep(pids[i - first]);
        else if (strcmp(argv[i], "flood") != 0 && waitpid(pids[i - first], &status, 0) > 0)
            bad |= status;
    }
    if (at_once)
        close(gate[1]);
    for (int i = first; i < argc; i++) {
        if (strcmp(argv[i], "flood") == 0)
            kill(pids[i - first], SIGKILL);
        if (waitpid(pids[i - first], &status, 0) > 0 && strcmp(argv[i], "flood") != 0)
            bad |= status;
    }
    return bad != 0 ? 3 : 0;
}
