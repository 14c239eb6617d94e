/*
 * Shell patterns, glob(7): '*', '?', and '[...]' with ranges and '!'. No character is special
 * otherwise, not even '/' or a leading '.'.
 *
 * fnmatch(3) is not safe in a signal handler: it allocates memory.
 */
#ifndef IMDSHIM_SHIM_WIRE_GLOB_H
#define IMDSHIM_SHIM_WIRE_GLOB_H

#include <stdbool.h>

/* Does the whole text match? A '[' without its ']' stands for itself. Total, and pure. */
bool glob_matches(const char *pattern, const char *text);

#endif
