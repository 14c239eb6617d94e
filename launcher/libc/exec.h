/*
 * Become another program, as execvpe(3) of glibc does: a file of no format that the kernel knows
 * is executed by /bin/sh, a script without "#!". musl's refuses it.
 */
#ifndef IMDSHIM_LAUNCHER_LIBC_EXEC_H
#define IMDSHIM_LAUNCHER_LIBC_EXEC_H

/* argv[0] is looked for in our PATH. It returns if it fails, with errno. */
void exec_program(const char *const *argv, char *const *environment);

#endif
