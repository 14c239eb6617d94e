/*
 * What becomes of a call that waits for its answer: the kernel is to do it, or it is done here,
 * on a copy of the program's descriptor; and what is to be told of it.
 *
 * Only the IMD socket's calls are done here, as --port, --listen and --match say which it is.
 */
#ifndef IMDSHIM_LAUNCHER_NOTIFY_DECISION_H
#define IMDSHIM_LAUNCHER_NOTIFY_DECISION_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "launcher/base/options.h"
#include "shim/wire/bind_override.h"
#include "shim/wire/event_text.h"
#include "shim/wire/match.h"

/* A socket that has been bound. */
struct bound_socket {
    uint64_t inode; /* 0: none */
    unsigned asked; /* the port first asked for */
    /*
     * It was bound here, and a signal had interrupted the call before the answer came: the
     * kernel or the program makes it again, and is to be told what was the result.
     */
    bool unanswered;
    bool refused; /* it has been told that it could not be bound */
};

enum { BOUND_SOCKETS = 64 };

struct rules {
    struct match match;
    struct bind_override override;
    bool overrides;     /* --port or --listen */
    unsigned only_from; /* the IMD socket's one client connects from this port; 0: any may */
    /* What has happened so far; of more sockets than there is room for the last are known. */
    struct bound_socket sockets[BOUND_SOCKETS];
    unsigned sockets_used;
    _Atomic unsigned given; /* bind_override.h */
    /* Once it listens: its inode, and where it is. */
    uint64_t imd_socket;
    unsigned imd_port;
    pid_t imd_process;
    char imd_object[NAME_SIZE];
};

/* A call, and who has made it. */
struct request {
    pid_t process, thread;
    int32_t call; /* SYS_bind or SYS_listen */
    uint64_t arguments[6];
    int copy; /* of the descriptor */
    uint64_t inode;
    char exe[NAME_SIZE], object[NAME_SIZE];
};

struct decision {
    bool done; /* here: answer with the error, or 0 */
    int error;
    bool told; /* an event, with what follows */
    enum event_kind kind;
    union address address;
    unsigned asked;
    const char *reason;
};

/* The texts of the options have been checked. only_from: as above. */
void rules_read(struct rules *rules, const struct options *options, unsigned only_from);

struct decision decide(struct rules *rules, const struct request *request);

/* The answer has arrived. */
void rules_note_answer(struct rules *rules, uint64_t inode);

#endif
