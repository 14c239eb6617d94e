/*
 * Environments for the programs that we start. Ours is never changed: the client must not have
 * the engine's.
 */
#ifndef IMDSHIM_LAUNCHER_BASE_ENVIRONMENT_H
#define IMDSHIM_LAUNCHER_BASE_ENVIRONMENT_H

#include <stddef.h>

/* A variable to set, or to remove where value is NULL. */
struct variable {
    const char *name;
    const char *value;
};

/* base with the variables in place, malloc'd and NULL-terminated. Dies with 125 if memory ends.
 */
char **environment_with(char *const *base, const struct variable *variables, size_t count);

#endif
