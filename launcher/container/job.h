/*
 * What the ways into a container have in common: the paths that the library and the FIFO have in
 * there, and the variables that are to be set. Pure; for container.c and its ways alone.
 */
#ifndef IMDSHIM_LAUNCHER_CONTAINER_JOB_H
#define IMDSHIM_LAUNCHER_CONTAINER_JOB_H

#include <limits.h>
#include <stdbool.h>

#include "launcher/container/container.h"

struct job {
    struct container *container;
    const struct container_needs *needs;
    const char *const *command;     /* as the user typed it */
    const char *const *program;     /* the runtime in it */
    const char *const *options;     /* where its options begin */
    const char *const *environment; /* for the engine */
    bool by_script;                 /* the runtime is not in the command: it may be started */
    bool behind_launcher;           /* mpirun and its kin may start it on other hosts */

    /* Outside, "" if there is none, and the same in the container. */
    char library_directory[PATH_MAX], fifo_directory[PATH_MAX];
    char library_inside[PATH_MAX], fifo_inside[PATH_MAX]; /* directories */
    char preload_inside[PATH_MAX];
    const char *user_preload; /* the user's own LD_PRELOAD for the container, or NULL */
};

void job_begin(struct job *job);

/* The two directories are below this one in the container; the library's own name is kept. */
void job_move(struct job *job, const char *below);

/*
 * Each variable that the engine is to have in the container. value is NULL for a secret, which
 * does not belong on a command line.
 */
void job_visit_variables(const struct job *job,
                         void (*visit)(struct words *words, const char *name,
                                       const char *value),
                         struct words *words);

/* A list for LD_PRELOAD without the name, malloc'd; "" if nothing is left. */
char *job_list_without(const char *list, const char *name);

/* Nothing is changed, and this is why, and what the user can do. */
void job_tell(struct job *job, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The same where an option is not known, with what to give the program. */
void job_tell_unknown(struct job *job, const struct reader *reader, const char *advice);

/* The command with words of ours before the one that it points to. */
void job_insert(struct job *job, const char *const *before, const struct words *ours);

#endif
