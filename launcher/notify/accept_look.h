/*
 * Has the engine accepted its client? Looked at from outside between "ready" and "connected", at
 * the intervals of ready_look.h.
 *
 * It has if the process that listens, or one below it, has a connection to that port open: so a
 * client that comes and goes between two looks is not seen. The kernel's table of connections is
 * read only when the sockets that these processes have are others than in the last look.
 */
#ifndef IMDSHIM_LAUNCHER_NOTIFY_ACCEPT_LOOK_H
#define IMDSHIM_LAUNCHER_NOTIFY_ACCEPT_LOOK_H

#include <stdint.h>
#include <sys/types.h>

struct accept_look {
    pid_t process;   /* that listens */
    uint64_t socket; /* its inode */
    unsigned port;
    uint64_t open; /* the sum of the inodes of all sockets in the last look */
    int64_t since;
    int64_t next; /* 0: never */
};

void accept_look_begin(struct accept_look *look, pid_t process, uint64_t socket, unsigned port);

/*
 * Look now, and set the next time: there is none once the socket is closed. The process that has
 * the client, or 0.
 */
pid_t accept_look_now(struct accept_look *look);

#endif
