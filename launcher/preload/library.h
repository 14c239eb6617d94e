/*
 * Where libimdshim.so is, and how it gets into an engine.
 */
#ifndef IMDSHIM_LAUNCHER_PRELOAD_LIBRARY_H
#define IMDSHIM_LAUNCHER_PRELOAD_LIBRARY_H

#include <limits.h>
#include <stdbool.h>

/*
 * The library's absolute path: ../lib/imdshim/libimdshim.so beside the running program, so that
 * an installed tree can be moved. Ends the program with status 125 if it cannot be read.
 */
void library_find(char path[PATH_MAX]);

/*
 * A path that ld.so accepts in LD_PRELOAD, where space and colon separate, a '$' may begin a
 * word that is expanded, and nothing can be escaped (ld.so(8)): the path itself, or a symbolic
 * link to it in the private directory. Ends the program with status 125 if the link cannot be
 * made.
 */
void library_name_for_preload(const char *library, char name[PATH_MAX]);

/*
 * Copy the library to that path, in the private directory, unless it is there as it is now. False,
 * and errno, if it cannot be, or cannot be loaded from there.
 */
bool library_copy(const char *library, const char *path);

/*
 * The value of LD_PRELOAD with our library in it, malloc'd. Ours stands last: what was there
 * keeps its place, because a sanitizer's run time must be first. Unchanged if it was there
 * already, or if name is NULL. existing may be NULL. Pure.
 */
char *library_compose_preload(const char *existing, const char *name);

/*
 * The value of ASAN_OPTIONS for a program with our library in it, malloc'd: a program that is
 * linked with libasan.so ends at once if another library stands before it, as ours does, unless
 * it is told not to look. It works behind ours too, because both call the next library. A value
 * that the user has set stays. existing may be NULL. Pure.
 */
char *library_compose_asan_options(const char *existing);

#endif
