/*
 * On which TCP port does a process listen, and has it accepted a connection there? From proc(5),
 * nobody connects anywhere.
 */
#ifndef IMDSHIM_LAUNCHER_PROC_PROC_SOCKETS_H
#define IMDSHIM_LAUNCHER_PROC_PROC_SOCKETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PROC_SOCKETS = 256, PROC_PORTS = 64 };

struct proc_sockets {
    size_t count;
    uint64_t inodes[PROC_SOCKETS];
};

/* The sockets that a process has open; directory is /proc/PID or /proc/PID/task/TID. */
void proc_sockets_read(const char *directory, struct proc_sockets *sockets);
bool proc_sockets_have(const struct proc_sockets *sockets, uint64_t inode);

/*
 * The ports of those of them on which it listens, each once, but for sockets that are among
 * `not`; returns how many there are. Those were there before the run and were inherited.
 */
size_t proc_sockets_ports(const char *directory, const struct proc_sockets *sockets,
                          const struct proc_sockets * not, unsigned ports[PROC_PORTS]);

/*
 * Is one of them a connection to that port? One that nobody has accepted has no inode, and is
 * none of them. All TCP sockets of the process's network namespace are read.
 */
bool proc_sockets_have_accepted(const char *directory, const struct proc_sockets *sockets,
                                unsigned port);

#endif
