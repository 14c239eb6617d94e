/*
 * A line for the shell taken apart, roughly: its simple commands, as words without their quotes.
 * Redirections and comments are no words, and what variables stand for is not known. Pure.
 */
#ifndef IMDSHIM_LAUNCHER_PRELOAD_SHELL_LINE_H
#define IMDSHIM_LAUNCHER_PRELOAD_SHELL_LINE_H

/*
 * take() gets each command, NULL-terminated and of 64 words at most; words such as "if" and
 * "then" begin one. A command that is substituted comes before the one that it is a part of.
 */
void shell_line_read(const char *line, void (*take)(const char *const *words, void *with),
                     void *with);

#endif
