/*
 * The programs that start others in containers: what their command lines look like, and how a
 * library gets into what they start.
 *
 * From apptainer(1), bwrap(1), ch-run(1), podman-run(1), docker-run(1), systemd-nspawn(1) and the
 * documentation of enroot, shifter, sarus and udocker. Pure.
 */
#ifndef IMDSHIM_LAUNCHER_CONTAINER_RUNTIME_H
#define IMDSHIM_LAUNCHER_CONTAINER_RUNTIME_H

#include <stdbool.h>

#include "launcher/container/grammar.h"

enum runtime_kind {
    RUNTIME_APPTAINER,
    RUNTIME_BWRAP,
    RUNTIME_CHRUN,
    RUNTIME_NSPAWN,
    RUNTIME_PODMAN,
    RUNTIME_OTHER, /* the user has to bind things himself */
};

struct runtime {
    enum runtime_kind kind;
    bool is_below; /* the container's processes descend from it */
    const char *names;
    const char *commands;           /* the words that start something, as "run"; NULL: none */
    struct grammar before, options; /* before that word, and behind it */
    const char *how;                /* how the library gets in, for one line */
};

/* By the base name of a program; NULL if it is none. */
const struct runtime *runtime_find(const char *name);

/*
 * Where its options begin: behind its name, or behind "run". NULL if it starts nothing in a
 * container, or it cannot be told.
 */
const char *const *runtime_options(const struct runtime *runtime, const char *const *program);

#endif
