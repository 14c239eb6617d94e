/*
 * The commands of imdshim(1). Each takes the parsed options and returns the exit status.
 */
#ifndef IMDSHIM_LAUNCHER_COMMANDS_COMMANDS_H
#define IMDSHIM_LAUNCHER_COMMANDS_COMMANDS_H

#include "launcher/base/options.h"

int run_main(const struct options *options);   /* run.c */
int exec_main(const struct options *options);  /* exec.c */
int list_main(const struct options *options);  /* list.c */
int check_main(const struct options *options); /* check.c */
int watch_main(const struct options *options); /* watch.c */
int relay_main(const struct options *options); /* relay.c */

#endif
