/*
 * The user's private directory, ${TMPDIR:-/tmp}/imdshim-UID, mode 0700: FIFOs of the runs on
 * this host, and links to libraries whose path LD_PRELOAD cannot hold.
 *
 * Anyone may make a file of that name before us, and another user of a user namespace may have
 * our number: then the directory is imdshim-UID.RANDOM beside it.
 *
 * Not in XDG_RUNTIME_DIR: that is removed at logout, and runs go on.
 */
#ifndef IMDSHIM_LAUNCHER_BASE_PRIVATE_DIR_H
#define IMDSHIM_LAUNCHER_BASE_PRIVATE_DIR_H

#include <limits.h>
#include <stdbool.h>

/*
 * Make it if needed and return its path. A directory that belongs to somebody else, or is open
 * to others, is not used. It ends the program with status 125 if none can be made.
 */
void private_dir_make(char path[PATH_MAX]);

/*
 * All the user's private directories: runs that began together may have made several. False, and
 * errno, if not all could be looked for.
 */
bool private_dir_visit(void (*visit)(const char *path, void *with), void *with);

#endif
