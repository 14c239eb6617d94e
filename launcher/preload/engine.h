/*
 * How an engine is started with the library in it: what run and exec have in common.
 */
#ifndef IMDSHIM_LAUNCHER_PRELOAD_ENGINE_H
#define IMDSHIM_LAUNCHER_PRELOAD_ENGINE_H

#include <limits.h>
#include <stdbool.h>

#include "launcher/base/options.h"

/*
 * Where events go, a descriptor or a FIFO, and which; and whom the engine lets in. As
 * shim/wire/wire.h has it.
 */
struct engine_channel {
    const char *fd;
    const char *fifo;
    const char *tcp;    /* beside the FIFO, for engines on other hosts, or NULL */
    bool leaves_host;   /* the command says that the engine may be on one */
    const char *events; /* WIRE_EVENTS_...; NULL: "listening" and "ready" */
    unsigned only_from; /* with --only-me: the port of its one client; 0: any */
};

/*
 * The environment for the engine, for free(3): ours, with LD_PRELOAD extended and the library's
 * variables as shim/wire/wire.h has them. preload is the library's name from
 * library_name_for_preload(), or NULL: then LD_PRELOAD is left as it is. Dies with 125 if
 * memory ends.
 */
char **engine_environment(const struct options *options, const char *preload,
                          const struct engine_channel *channel);

/* Say on stderr that the engine could not be executed, and return 126 or 127. */
int engine_exec_failed(const char *engine, int error);

#endif
