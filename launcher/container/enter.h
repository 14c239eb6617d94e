/*
 * From the plan for a container (plan.h) to what is really there: files and PATH are looked at,
 * and the library is copied where it has to be.
 */
#ifndef IMDSHIM_LAUNCHER_CONTAINER_ENTER_H
#define IMDSHIM_LAUNCHER_CONTAINER_ENTER_H

#include "launcher/container/container.h"

/*
 * container gets the command and the environment to start the engine with. False if it is in no
 * container and can start none: it is started with those that it has. Of paths the first four are
 * read. Ends the program with status 125 if memory ends.
 */
bool container_enter(struct container *container, const char *const *command,
                     char *const *environment, const struct container_needs *paths);

/*
 * The same before there is a FIFO: container gets what it would be with one, for what it says.
 */
void container_try(struct container *container, const char *const *command, const char *library,
                   const char *preload);

#endif
