#include "launcher/preload/program.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "launcher/libc/bsd.h"

enum {
    SCRIPT_DEPTH = 5,  /* scripts that run scripts: more end in ELOOP, execve(2) */
    SCRIPT_LINE = 256, /* BINPRM_BUF_SIZE since Linux 5.1 */
};

static bool is_executable_file(const char *path)
{
    struct stat status;

    if (access(path, X_OK) != 0 || stat(path, &status) != 0)
        return false;
    if (S_ISREG(status.st_mode))
        return true;
    errno = EACCES;
    return false;
}

/* A name with a slash is a path, another is looked for in PATH. */
bool program_find(const char *name, char path[PATH_MAX])
{
    const char *directories = getenv("PATH");
    int error = ENOENT;

    if (name[0] == '\0') {
        errno = ENOENT;
        return false;
    }
    if (strchr(name, '/') != NULL)
        return strlcpy(path, name, PATH_MAX) < PATH_MAX && is_executable_file(path);
    for (const char *at = directories != NULL ? directories : "/bin:/usr/bin";;) {
        size_t length = strcspn(at, ":");

        if (snprintf(path, PATH_MAX, "%.*s%s%s", (int)length, at, length > 0 ? "/" : "", name) <
                PATH_MAX &&
            is_executable_file(path))
            return true;
        if (errno != ENOENT && errno != ENOTDIR)
            error = errno;
        if (at[length] == '\0')
            break;
        at += length + 1;
    }
    strlcpy(path, name, PATH_MAX);
    errno = error;
    return false;
}

/* True if it is a script; the interpreter then takes the place of the program. */
static bool follow_script(int fd, char program[PATH_MAX])
{
    char line[SCRIPT_LINE + 1];
    ssize_t length = pread(fd, line, SCRIPT_LINE, 0);
    char *start;

    if (length < 2 || line[0] != '#' || line[1] != '!')
        return false;
    line[length] = '\0';
    line[strcspn(line, "\n")] = '\0';
    start = line + 2 + strspn(line + 2, " \t");
    start[strcspn(start, " \t")] = '\0';
    strlcpy(program, start, PATH_MAX);
    return true;
}

int program_open_file(const char *path)
{
    struct stat status;
    int fd;

    if (stat(path, &status) != 0)
        return -1;
    errno = 0;
    if (!S_ISREG(status.st_mode))
        return -1;
    fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0 || (fstat(fd, &status) == 0 && S_ISREG(status.st_mode)))
        return fd;
    close(fd);
    return -1;
}

int program_open(char path[PATH_MAX])
{
    int fd = program_open_file(path);

    for (int i = 0; i < SCRIPT_DEPTH && fd >= 0 && follow_script(fd, path); i++) {
        close(fd);
        fd = program_open_file(path);
    }
    return fd;
}

/* glibc: ld-linux-x86-64.so.2, ld64.so.2, ld-2.31.so, ld.so.1; musl: ld-musl-x86_64.so.1. */
bool program_is_linker(const char *path)
{
    const char *slash = strrchr(path, '/'), *name = slash != NULL ? slash + 1 : path;

    return (strncmp(name, "ld-", 3) == 0 && strstr(name, ".so") != NULL) ||
           strncmp(name, "ld64.so", 7) == 0 || strncmp(name, "ld.so", 5) == 0;
}

/* How many words the option takes, or 0 if it is none that leads to a program. */
static int words_of_option(const char *option)
{
    static const struct {
        const char *name;
        int words;
    } options[] = {
        {"--library-path", 2},
        {"--preload", 2},
        {"--argv0", 2},
        {"--audit", 2},
        {"--inhibit-rpath", 2},
        {"--inhibit-cache", 1},
        {"--glibc-hwcaps-prepend", 2},
        {"--glibc-hwcaps-mask", 2},
    };

    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++) {
        size_t length = strlen(options[i].name);

        if (strncmp(option, options[i].name, length) == 0) {
            if (option[length] == '\0')
                return options[i].words;
            if (option[length] == '=') /* musl */
                return 1;
        }
    }
    return 0;
}

const char *program_of_linker(const char *const *command)
{
    const char *const *word = command + 1;

    while (*word != NULL && strncmp(*word, "--", 2) == 0) {
        int words = words_of_option(*word);

        if (strcmp(*word, "--") == 0) /* musl */
            return word[1];
        if (words == 0 || (words == 2 && word[1] == NULL))
            return NULL;
        word += words;
    }
    return *word;
}
