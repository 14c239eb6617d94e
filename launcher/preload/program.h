/*
 * Which file is it that a command executes? As execvp(3) and the kernel find it: through PATH,
 * "#!" lines and a dynamic linker that was named as the command.
 */
#ifndef IMDSHIM_LAUNCHER_PRELOAD_PROGRAM_H
#define IMDSHIM_LAUNCHER_PRELOAD_PROGRAM_H

#include <limits.h>
#include <stdbool.h>

/* The file of a command's name. False, and errno, if it cannot be executed. */
bool program_find(const char *name, char path[PATH_MAX]);

/*
 * The program that the kernel executes in the end, open: a script's interpreter, whose path
 * then takes the script's place. -1 if it cannot be read; errno is 0 if it is no regular file.
 */
int program_open(char path[PATH_MAX]);

/*
 * A file to read; not a FIFO or device, whose opening would wait or act on it: execve(2) opens
 * neither. -1 and errno, which is 0 if it is no regular file.
 */
int program_open_file(const char *path);

/* Is it named as a dynamic linker is: ld.so(8), musl's? */
bool program_is_linker(const char *path);

/*
 * The program in "ld.so [OPTION...] PROGRAM [ARG...]"; NULL if there is none, or an option that
 * is not known.
 */
const char *program_of_linker(const char *const *command);

#endif
