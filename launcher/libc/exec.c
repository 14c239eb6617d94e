#include "launcher/libc/exec.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The first file of that name that can be executed. "" in PATH is the working directory. */
static bool find_in_path(const char *name, char path[PATH_MAX])
{
    const char *directory = getenv("PATH");

    while (directory != NULL) {
        int length = (int)strcspn(directory, ":");

        if (snprintf(path, PATH_MAX, "%.*s%s%s", length, directory, length > 0 ? "/" : "",
                     name) < PATH_MAX &&
            access(path, X_OK) == 0)
            return true;
        directory = directory[length] == ':' ? directory + length + 1 : NULL;
    }
    return false;
}

static void exec_shell(const char *const *argv, char *const *environment)
{
    static const char shell[] = "/bin/sh";
    const char *script = argv[0];
    char **command;
    char path[PATH_MAX];
    size_t count = 1;
    int error;

    if (strchr(script, '/') == NULL && find_in_path(script, path))
        script = path;
    while (argv[count - 1] != NULL)
        count++;
    command = calloc(count + 1, sizeof *command);
    if (command == NULL)
        return;
    command[0] = (char *)shell;
    command[1] = (char *)script;
    memcpy(command + 2, argv + 1, (count - 1) * sizeof *argv);
    execve(shell, command, environment);
    error = errno;
    free(command);
    errno = error;
}

void exec_program(const char *const *argv, char *const *environment)
{
    execvpe(argv[0], (char *const *)argv, environment);
    if (errno == ENOEXEC)
        exec_shell(argv, environment);
}
