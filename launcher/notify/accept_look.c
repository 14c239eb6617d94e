#include "launcher/notify/accept_look.h"

#include <stdbool.h>
#include <stdio.h>

#include "launcher/base/clock.h"
#include "launcher/notify/ready_look.h"
#include "launcher/proc/proc_sockets.h"
#include "launcher/proc/proc_tree.h"

enum { PROCESSES = 16, PATH_SIZE = 32 };

struct open_sockets {
    size_t count;
    struct proc_node nodes[PROCESSES];
    struct proc_sockets of[PROCESSES];
};

void accept_look_begin(struct accept_look *look, pid_t process, uint64_t socket, unsigned port)
{
    *look = (struct accept_look){.process = process, .socket = socket, .port = port};
    look->since = clock_now();
    look->next = ready_look_after(look->since, look->since);
}

static void put_directory(char path[PATH_SIZE], pid_t process)
{
    snprintf(path, PATH_SIZE, "/proc/%ld", (long)process);
}

/* Returns their sum; *listens: the listener is one of them, or not all could be read. */
static uint64_t read_open(const struct accept_look *look, struct open_sockets *open,
                          bool *listens)
{
    char path[PATH_SIZE];
    uint64_t sum = 0;

    *listens = false;
    open->count = proc_tree_below(look->process, open->nodes, PROCESSES);
    for (size_t i = 0; i < open->count; i++) {
        struct proc_sockets *sockets = &open->of[i];

        put_directory(path, open->nodes[i].pid);
        proc_sockets_read(path, sockets);
        *listens |= proc_sockets_have(sockets, look->socket) || sockets->count == PROC_SOCKETS;
        for (size_t j = 0; j < sockets->count; j++)
            sum += sockets->inodes[j];
    }
    return sum;
}

static pid_t find_accepted(const struct accept_look *look, const struct open_sockets *open)
{
    char path[PATH_SIZE];

    for (size_t i = 0; i < open->count; i++) {
        put_directory(path, open->nodes[i].pid);
        if (open->of[i].count > 0 && proc_sockets_have_accepted(path, &open->of[i], look->port))
            return open->nodes[i].pid;
    }
    return 0;
}

pid_t accept_look_now(struct accept_look *look)
{
    struct open_sockets open;
    bool listens;
    uint64_t sum = read_open(look, &open, &listens);
    pid_t accepted = sum != look->open ? find_accepted(look, &open) : 0;

    look->open = sum;
    look->next = accepted == 0 && listens ? ready_look_after(look->since, clock_now()) : 0;
    return accepted;
}
