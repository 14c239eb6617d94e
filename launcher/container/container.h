/*
 * An engine in a container: what the program that starts it has to be given, so that the library
 * is loaded there and its events arrive. imdshim(1), "Containers", has the same table.
 *
 * Where variables do it the environment is changed, else the command line, where the runtime's
 * own options end. Where neither is certain to be right nothing is changed, and a line says what
 * the user can add. Pure.
 */
#ifndef IMDSHIM_LAUNCHER_CONTAINER_CONTAINER_H
#define IMDSHIM_LAUNCHER_CONTAINER_CONTAINER_H

#include <stdbool.h>

#include "launcher/container/runtime.h"
#include "launcher/container/words.h"

/* What is to be there in the container. */
struct container_needs {
    const char *library;    /* its path */
    const char *preload;    /* as LD_PRELOAD has it */
    const char *copy;       /* where a copy of it may be made, beside the FIFO; NULL: nowhere */
    const char *fifo;       /* its path; NULL: there is none */
    const char *cidfile;    /* where podman may write the container's number; NULL: nowhere */
    bool apptainer_is_here; /* it may be started by a script */
    bool (*exists)(const char *path);
};

enum container_means {
    CONTAINER_NONE,      /* no container is named in the command */
    CONTAINER_VARIABLES, /* the environment brings it in */
    CONTAINER_ARGUMENTS, /* so does the command line */
    CONTAINER_TOLD,      /* nothing was changed: text says what to add */
};

enum { CONTAINER_TEXT = 2048 };

struct container {
    enum container_means means;
    const struct runtime *runtime;
    struct words command, environment; /* to start it with, whatever the means are */
    bool needs_copy;                   /* of the library, at needs->copy */
    const char *cidfile;               /* of podman and its kin: in needs or in the command */
    struct words kill;                 /* the command, but for the container's number */
    char text[CONTAINER_TEXT];
};

void container_free(struct container *container);

#endif
