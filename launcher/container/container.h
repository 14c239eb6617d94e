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
    const char *library; /* its path */
    const char *preload; /* as LD_PRELOAD has it */
    const char *fifo;    /* its path; NULL: there is none */
    bool leaves_host;    /* the engine may start on another host */
    /* What container_enter() finds out. */
    const char *copy;       /* a copy of the library beside the FIFO; NULL: there can be none */
    const char *name;       /* for a container that the user has not named; NULL: none */
    bool init_is_here;      /* what --init starts */
    bool apptainer_is_here; /* a script may start it */
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
    struct words kill; /* a command that ends it where no signal can; or empty */
    char text[CONTAINER_TEXT];
};

void container_free(struct container *container);

#endif
