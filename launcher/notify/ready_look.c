#include "launcher/notify/ready_look.h"

#include <dirent.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

#include "launcher/base/clock.h"
#include "launcher/notify/blocked_call.h"
#include "launcher/notify/task.h"
#include "launcher/proc/proc_tree.h"

enum {
    SHARE = 8,          /* of the time that has passed is waited until the next look */
    LONGEST = 1000,     /* milliseconds between two */
    PROCESSES = 16,     /* that are looked at, */
    THREADS = 64,       /* and threads of each, */
    DESCRIPTORS = 4096, /* and descriptors that one waits for */
    WATCHED = 64,       /* by epoll, and perhaps epoll instances themselves */
};

int64_t ready_look_after(int64_t since, int64_t now)
{
    int64_t pause = (now - since) / SHARE;

    return now + (pause < 1 ? 1 : pause > LONGEST ? LONGEST : pause);
}

void ready_look_begin(struct ready_look *look, pid_t process, pid_t thread, uint64_t socket)
{
    *look = (struct ready_look){.process = process, .thread = thread, .socket = socket};
    look->since = clock_now();
    look->next = ready_look_after(look->since, look->since);
}

/* ---- is it that socket? ---- */

/* Descriptors of one epoll instance and what it watches, as far as they are no sockets. */
struct watched {
    int fds[WATCHED];
    int count;
};

/* What an epoll instance watches, proc(5): "tfd: 5 events: 19 ...". */
static bool in_epoll(pid_t process, int epoll, uint64_t socket, struct watched *watched)
{
    char path[64], line[256];
    bool found = false;
    FILE *file;
    int fd;

    snprintf(path, sizeof path, "/proc/%ld/fdinfo/%d", (long)process, epoll);
    file = fopen(path, "re");
    while (file != NULL && !found && fgets(line, sizeof line, file) != NULL) {
        uint64_t inode;

        if (sscanf(line, "tfd: %d", &fd) != 1)
            continue;
        inode = task_socket(process, fd);
        found = inode == socket;
        if (inode == 0 && watched->count < WATCHED)
            watched->fds[watched->count++] = fd;
    }
    if (file != NULL)
        fclose(file);
    return found;
}

/* Or an epoll instance, which may watch others: an event loop that takes in another one does. */
static bool leads_to(pid_t process, int fd, uint64_t socket)
{
    struct watched watched = {.fds = {fd}, .count = 1};
    uint64_t inode = task_socket(process, fd);
    bool found = inode == socket;

    for (int i = 0; inode == 0 && !found && i < watched.count; i++)
        found = in_epoll(process, watched.fds[i], socket, &watched);
    return found;
}

static bool in_set(pid_t process, const struct wait *wait, uint64_t socket)
{
    enum { BITS = 64, MOST = 65536 };
    uint64_t count = wait->count < MOST ? wait->count : MOST, word;

    for (uint64_t first = 0; wait->address != 0 && first < count; first += BITS) {
        if (!task_read(process, wait->address + first / 8, &word, sizeof word))
            return false;
        for (uint64_t i = 0; i < BITS && first + i < count; i++)
            if ((word >> i & 1) != 0 && leads_to(process, (int)(first + i), socket))
                return true;
    }
    return false;
}

static bool in_array(pid_t process, const struct wait *wait, uint64_t socket)
{
    struct pollfd fd;

    for (uint64_t i = 0; i < wait->count && i < DESCRIPTORS; i++) {
        if (!task_read(process, wait->address + i * sizeof fd, &fd, sizeof fd))
            return false;
        if (fd.fd >= 0 && (fd.events & (POLLIN | POLLRDNORM)) != 0 &&
            leads_to(process, fd.fd, socket))
            return true;
    }
    return false;
}

static bool waits_on(pid_t process, const struct wait *wait, uint64_t socket)
{
    switch (wait->kind) {
    case WAIT_FD:
    case WAIT_EPOLL:
        return leads_to(process, wait->fd, socket);
    case WAIT_SET:
        return in_set(process, wait, socket);
    case WAIT_ARRAY:
        return in_array(process, wait, socket);
    case WAIT_NONE:
    case WAIT_SLEEP:
        break;
    }
    return false;
}

/* ---- who waits ---- */

static struct wait wait_of(pid_t process, pid_t thread)
{
    char text[256];
    struct blocked_call call;

    task_blocked_call(process, thread, text, sizeof text);
    return blocked_call_parse(text, &call) ? blocked_call_wait(&call)
                                           : (struct wait){.kind = WAIT_NONE};
}

static bool some_thread_waits(pid_t process, uint64_t socket)
{
    char path[64];
    struct dirent *entry;
    bool waits = false;
    DIR *threads;

    snprintf(path, sizeof path, "/proc/%ld/task", (long)process);
    threads = opendir(path);
    for (int i = 0; threads != NULL && !waits && i < THREADS; i++) {
        struct wait wait;

        entry = readdir(threads);
        if (entry == NULL)
            break;
        wait = wait_of(process, (pid_t)strtol(entry->d_name, NULL, 10));
        waits = waits_on(process, &wait, socket);
    }
    if (threads != NULL)
        closedir(threads);
    return waits;
}

static pid_t find_waiting(const struct ready_look *look)
{
    struct proc_node nodes[PROCESSES];
    size_t count = proc_tree_below(look->process, nodes, PROCESSES);

    for (size_t i = 0; i < count; i++)
        if (some_thread_waits(nodes[i].pid, look->socket))
            return nodes[i].pid;
    return 0;
}

/* A sleep that is seen once may be one of the start, which is soon over. */
pid_t ready_look_now(struct ready_look *look)
{
    struct wait wait = wait_of(look->process, look->thread);
    bool sleeps = wait.kind == WAIT_SLEEP;
    pid_t waiting = sleeps && look->slept ? look->process : find_waiting(look);

    look->slept = sleeps;
    look->next = waiting == 0 ? ready_look_after(look->since, clock_now()) : 0;
    return waiting;
}
