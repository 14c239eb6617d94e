#include "launcher/proc/proc_sockets.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

enum { PATH_SIZE = 96, LISTEN = 0x0a /* TCP_LISTEN, netinet/tcp.h */ };

void proc_sockets_read(const char *directory, struct proc_sockets *sockets)
{
    char path[PATH_SIZE], target[64];
    DIR *descriptors;
    struct dirent *entry;

    sockets->count = 0;
    snprintf(path, sizeof path, "%s/fd", directory);
    descriptors = opendir(path);
    if (descriptors == NULL)
        return;
    while (sockets->count < PROC_SOCKETS && (entry = readdir(descriptors)) != NULL) {
        ssize_t length =
            readlinkat(dirfd(descriptors), entry->d_name, target, sizeof target - 1);

        target[length > 0 ? length : 0] = '\0';
        sockets->count +=
            sscanf(target, "socket:[%" SCNu64 "]", &sockets->inodes[sockets->count]) == 1;
    }
    closedir(descriptors);
}

bool proc_sockets_have(const struct proc_sockets *sockets, uint64_t inode)
{
    for (size_t i = 0; i < sockets->count; i++)
        if (sockets->inodes[i] == inode)
            return true;
    return false;
}

static void add(unsigned port, unsigned *ports, size_t *count)
{
    for (size_t i = 0; i < *count; i++)
        if (ports[i] == port)
            return;
    if (*count < PROC_PORTS)
        ports[(*count)++] = port;
}

/* What one line of the kernel's tables says. */
struct entry {
    unsigned port, state;
    uint64_t inode; /* 0: no program has it, for it waits to be accepted or is closed */
};

/* NULL if it cannot be read; the headings have been. */
static FILE *open_table(const char *directory, const char *name)
{
    char path[PATH_SIZE], line[512];
    FILE *table;

    snprintf(path, sizeof path, "%s/net/%s", directory, name);
    table = fopen(path, "re");
    if (table == NULL || fgets(line, sizeof line, table) != NULL)
        return table;
    fclose(table);
    return NULL;
}

static bool next_entry(FILE *table, struct entry *entry)
{
    char line[512];

    return fgets(line, sizeof line, table) != NULL &&
           sscanf(line, "%*s %*[0-9A-F]:%x %*s %x %*s %*s %*s %*s %*s %" SCNu64, &entry->port,
                  &entry->state, &entry->inode) == 3;
}

/*
 * The kernel lists the sockets that listen first (net/ipv4/tcp_ipv4.c): the rest is not read.
 */
static void add_from(const char *directory, const char *name,
                     const struct proc_sockets *sockets, const struct proc_sockets * not,
                     unsigned *ports, size_t *count)
{
    FILE *table = open_table(directory, name);
    struct entry entry;

    if (table == NULL)
        return;
    while (next_entry(table, &entry) && entry.state == LISTEN)
        if (proc_sockets_have(sockets, entry.inode) && !proc_sockets_have(not, entry.inode))
            add(entry.port, ports, count);
    fclose(table);
}

size_t proc_sockets_ports(const char *directory, const struct proc_sockets *sockets,
                          const struct proc_sockets * not, unsigned ports[PROC_PORTS])
{
    size_t count = 0;

    if (sockets->count == 0)
        return 0;
    add_from(directory, "tcp", sockets, not, ports, &count);
    add_from(directory, "tcp6", sockets, not, ports, &count);
    return count;
}

static bool has_accepted_in(const char *directory, const char *name,
                            const struct proc_sockets *sockets, unsigned port)
{
    FILE *table = open_table(directory, name);
    struct entry entry;
    bool found = false;

    if (table == NULL)
        return false;
    while (!found && next_entry(table, &entry))
        found = entry.port == port && entry.state != LISTEN &&
                proc_sockets_have(sockets, entry.inode);
    fclose(table);
    return found;
}

bool proc_sockets_have_accepted(const char *directory, const struct proc_sockets *sockets,
                                unsigned port)
{
    return has_accepted_in(directory, "tcp", sockets, port) ||
           has_accepted_in(directory, "tcp6", sockets, port);
}
