/*
 * What the kernel says of one process that may be the engine, or start it: proc(5).
 *
 * Whatever cannot be looked at is "not known". A process may end or execute another program
 * while it is looked at.
 */
#ifndef IMDSHIM_LAUNCHER_PROC_PROC_FACTS_H
#define IMDSHIM_LAUNCHER_PROC_PROC_FACTS_H

#include <stdbool.h>
#include <sys/types.h>

#include "launcher/preload/preflight.h"
#include "launcher/proc/proc_sight.h"
#include "shim/wire/wire.h"

struct proc_facts {
    pid_t pid;
    char exe[NAME_SIZE]; /* base name of the program, or what the process is named */
    uid_t uid;
    enum known closed;      /* the kernel does not let us look: another user's, or set-id */
    enum known secure;      /* ld.so ignores LD_PRELOAD: AT_SECURE, getauxval(3) */
    enum known has_library; /* it is mapped */
    enum known preloads;    /* LD_PRELOAD has named it when the program was started */
    enum known has_channel; /* a variable says where events go */
    enum known by_tcp;      /* the same, and not by the FIFO alone: it is heard by TCP too */
    enum known sees_library, sees_fifo; /* under their paths in its own root directory */
    bool library_gone;                  /* what LD_PRELOAD names is not here either */
    enum known may_report;              /* as the FIFO's owner, or as root */
    enum known elsewhere;               /* its reports go to another imdshim */
    bool stopped;                       /* by a signal */
    enum known own_mounts, own_network; /* a namespace of its own */
    enum preflight_verdict verdict;     /* can the program be preloaded at all? */
    char detail[PREFLIGHT_DETAIL];
    size_t port_count; /* TCP ports on which it listens */
    unsigned ports[PROC_PORTS];
};

/* False if there is no such process, or nothing of it but its status is left. */
bool proc_facts_read(pid_t pid, const struct proc_wanted *wanted, struct proc_facts *facts);

/* Has it a namespace of its own? directory is that of the process below /proc, kind as there. */
enum known proc_has_own(const char *directory, const char *kind);

#endif
