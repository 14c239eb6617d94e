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

/*
 * The kernel lists the sockets that listen first (net/ipv4/tcp_ipv4.c): the rest is not read.
 */
static void add_from(const char *directory, const char *table,
                     const struct proc_sockets *sockets, const struct proc_sockets * not,
                     unsigned *ports, size_t *count)
{
    char path[PATH_SIZE], line[512];
    unsigned port, state;
    uint64_t inode;
    FILE *file;

    snprintf(path, sizeof path, "%s/net/%s", directory, table);
    file = fopen(path, "re");
    if (file == NULL)
        return;
    if (fgets(line, sizeof line, file) != NULL) /* the headings */
        while (fgets(line, sizeof line, file) != NULL &&
               sscanf(line, "%*s %*[0-9A-F]:%x %*s %x %*s %*s %*s %*s %*s %" SCNu64, &port,
                      &state, &inode) == 3 &&
               state == LISTEN)
            if (proc_sockets_have(sockets, inode) && !proc_sockets_have(not, inode))
                add(port, ports, count);
    fclose(file);
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
