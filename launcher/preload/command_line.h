/*
 * Which programs does a command name? The first word, what stands behind prefixes such as
 * env(1), nice(1) and timeout(1), and the commands in a line for "sh -c". Arguments are none:
 * a file may have any name. Pure.
 */
#ifndef IMDSHIM_LAUNCHER_PRELOAD_COMMAND_LINE_H
#define IMDSHIM_LAUNCHER_PRELOAD_COMMAND_LINE_H

#include <stdbool.h>

/*
 * Is the test true of the base name of one of the programs? It gets `with` too. A line for the
 * shell is read roughly: what a variable or a function stands for is not known, but the value
 * of an assignment is taken for a program.
 */
bool command_line_names(const char *const *command,
                        bool (*test)(const char *name, const void *with), const void *with);

/* What is behind the last slash of a path; all of it if there is none. */
const char *command_line_base_name(const char *word);

/*
 * The same word by word, without a look into lines for the shell: the first program of which the
 * test is true, or NULL. *last is the last program that was found.
 */
const char *const *command_line_find(const char *const *command, bool (*test)(const char *name),
                                     const char *const **last);

/*
 * The base name of the program behind all prefixes; "" if there is none. Of a line for the shell
 * it is the shell's.
 */
const char *command_line_program(const char *const *command);

#endif
