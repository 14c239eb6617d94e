/*
 * From the plan for a container (container.h) to what is really there: files and PATH are looked
 * at, and what the user has to do himself is said.
 */
#ifndef IMDSHIM_LAUNCHER_CONTAINER_ENTER_H
#define IMDSHIM_LAUNCHER_CONTAINER_ENTER_H

#include "launcher/base/options.h"
#include "launcher/container/container.h"

/*
 * container gets the command and the environment to start the engine with. needs has the paths;
 * the rest of it is filled in here. Ends the program with status 125 if memory ends.
 */
void container_enter(struct container *container, const struct options *options,
                     char *const *environment, struct container_needs *needs);

#endif
