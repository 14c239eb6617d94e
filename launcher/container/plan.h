/*
 * Which runtime does a command start, and what is to be given to it? Pure.
 */
#ifndef IMDSHIM_LAUNCHER_CONTAINER_PLAN_H
#define IMDSHIM_LAUNCHER_CONTAINER_PLAN_H

#include "launcher/container/container.h"

/* Behind prefixes and mpirun, the arguments of others are none; NULL if it starts none. */
const struct runtime *plan_find_runtime(const char *const *command);

/* For container_free(). Dies with 125 if memory ends. */
void plan_make(struct container *container, const char *const *command,
               const char *const *environment, const struct container_needs *needs);

#endif
