/*
 * What a process sees of ours: its variables, and the library and the FIFO under the paths that
 * they have in its own root directory. In a container these may be others than here.
 */
#ifndef IMDSHIM_LAUNCHER_PROC_PROC_SIGHT_H
#define IMDSHIM_LAUNCHER_PROC_PROC_SIGHT_H

#include <stdbool.h>
#include <sys/stat.h>

#include "launcher/proc/proc_sockets.h"

#define PROC_LIBRARY "libimdshim.so" /* how the names of our library and its copies begin */

enum known { NOT_KNOWN, NO, YES };

/* What is looked for in a process. */
struct proc_wanted {
    const char *library; /* absolute paths */
    const char *preload; /* the library as LD_PRELOAD has it: the same path, or a link to it */
    const char *fifo;
    bool hears_tcp; /* events arrive by TCP too */
    struct stat fifo_status;
    struct proc_sockets inherited; /* our own: a process below may have them too */
};

struct proc_sight {
    enum known preloads, has_channel, by_tcp, sees_library, sees_fifo,
        elsewhere; /* as proc_facts.h has it */
};

/* directory is that of the process below /proc. */
void proc_sight_read(const char *directory, const struct proc_wanted *wanted,
                     struct proc_sight *sight);

#endif
