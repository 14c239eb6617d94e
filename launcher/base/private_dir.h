/*
 * The user's private directory, ${TMPDIR:-/tmp}/imdshim-UID, mode 0700: FIFOs of the runs on
 * this host, and links to libraries whose path LD_PRELOAD cannot hold.
 *
 * Not in XDG_RUNTIME_DIR: that is taken away at logout, and runs go on.
 */
#ifndef IMDSHIM_LAUNCHER_BASE_PRIVATE_DIR_H
#define IMDSHIM_LAUNCHER_BASE_PRIVATE_DIR_H

#include <limits.h>

/*
 * Make it if needed and return its path. It ends the program with status 125 if the directory
 * cannot be made, or belongs to somebody else, or is open to others: then it was put there.
 */
void private_dir_make(char path[PATH_MAX]);

#endif
