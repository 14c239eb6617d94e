/*
 * The simple commands of a line for the shell, as words without their quotes; redirections and
 * comments are left out. A rough parser: it does not know what variables stand for. Pure.
 */
#ifndef IMDSHIM_LAUNCHER_PRELOAD_SHELL_LINE_H
#define IMDSHIM_LAUNCHER_PRELOAD_SHELL_LINE_H

#include <stddef.h>

enum { SHELL_LINES = 64 };

/* Lines that are still to be read. What does not fit is dropped. */
struct shell_lines {
    char *line[SHELL_LINES];
    int count, next;
};

void shell_lines_add(struct shell_lines *lines, const char *line, size_t length);
void shell_lines_free(struct shell_lines *lines);

/*
 * Read the next line; 0 if there is none. take() gets each of its commands, NULL-terminated and
 * of 64 words at most; words such as "if" and "then" begin one. What is substituted, "$(...)"
 * and "`...`", is added as a line of its own.
 */
int shell_lines_read(struct shell_lines *lines,
                     void (*take)(const char *const *words, void *with), void *with);

#endif
