/*
 * Which listener is the IMD socket: pure decisions.
 *
 * An engine linked with MPI listens on several TCP ports before its IMD port: a lone lmp of
 * Debian 12 opens six, the IMD one last (Open MPI 4.1: mca_btl_tcp in each rank, mca_oob_tcp
 * and libpmix in mpirun and orted). So a listener is told by the module that called listen(),
 * and a daemon of the runtime by its program's name.
 */
#ifndef IMDSHIM_SHIM_WIRE_MATCH_H
#define IMDSHIM_SHIM_WIRE_MATCH_H

#include <stdbool.h>

#include "shim/wire/wire.h"

enum { MATCH_RULES = 8, MATCH_SIZE = 1024 }; /* rules; bytes of their text, NUL included */

enum match_key { MATCH_PORT, MATCH_EXE, MATCH_OBJECT };

/* What the user has said of the IMD socket; all of it must hold. */
struct match {
    unsigned port; /* the engine asks for it; 0: not said */
    unsigned count;
    struct {
        enum match_key key;
        const char *glob; /* in text */
    } rules[MATCH_RULES];
    char text[MATCH_SIZE];
};

/* What is known of a socket. Base names of program and module; "" where unknown. */
struct listener_facts {
    const char *exe;
    const char *object; /* the module that called bind() or listen() */
    unsigned asked;     /* the port first asked for */
};

/*
 * The rules of WIRE_MATCH: words, each "port=", "exe=" or "object=" and a pattern, glob.h. False
 * if the text is not of its form; match->port is left alone.
 */
bool match_parse(struct match *match, const char *text);

/* Why it is not the IMD socket, one of wire.h's reasons; NULL if it may be. */
const char *match_refuses(const struct match *match, const struct listener_facts *facts);

/* Is it an MPI or cluster runtime's? */
bool match_is_runtime(const char *exe, const char *object);

/* Is it a program that starts others on the nodes of a cluster, such as mpirun or srun? */
bool match_is_runtime_program(const char *exe);

/*
 * Do the modules of a program tell that it is a launcher of a runtime, one that starts others?
 * Yes if it has one of the first kind and none of the second: a rank has them too.
 */
bool match_is_launcher_module(const char *object);
bool match_is_rank_module(const char *object);

#endif
