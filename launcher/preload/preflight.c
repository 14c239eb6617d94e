#include "launcher/preload/preflight.h"

#include <bsd/string.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "launcher/base/say.h"
#include "launcher/preload/elf_file.h"

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

/* As execvp(3): a name with a slash is a path, another is looked for in PATH. */
static bool find_program(const char *name, char path[PATH_MAX])
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

/*
 * A program that changes who we are runs in secure-execution mode, where LD_PRELOAD is ignored
 * (ld.so(8)). The kernel does not honour the bits on a nosuid mount or under no_new_privs.
 */
static bool privileges_are_honoured(int fd)
{
    struct statvfs file_system;

    return (fstatvfs(fd, &file_system) != 0 || (file_system.f_flag & ST_NOSUID) == 0) &&
           prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1;
}

static bool changes_id(const struct stat *status)
{
    return ((status->st_mode & S_ISUID) != 0 && status->st_uid != getuid()) ||
           ((status->st_mode & (S_ISGID | S_IXGRP)) == (S_ISGID | S_IXGRP) &&
            status->st_gid != getgid());
}

/* To root, capabilities add nothing (security/commoncap.c: only a real uid other than 0
 * counts). */
static bool has_capabilities(int fd)
{
    return getuid() != 0 && fgetxattr(fd, "security.capability", NULL, 0) > 0;
}

static enum preflight_verdict judge_privileges(int fd)
{
    struct stat status;

    if (!privileges_are_honoured(fd) || fstat(fd, &status) != 0)
        return PREFLIGHT_FINE;
    if (changes_id(&status))
        return PREFLIGHT_SET_ID;
    return has_capabilities(fd) ? PREFLIGHT_CAPABILITIES : PREFLIGHT_FINE;
}

/* glibc's linkers are ld-linux*, ld64.so* and ld.so*; musl's is ld-musl-*, Android's linker64.
 */
static bool is_glibc_linker(const char *interpreter)
{
    const char *slash = strrchr(interpreter, '/');
    const char *name = slash != NULL ? slash + 1 : interpreter;

    return strncmp(name, "ld-linux", 8) == 0 || strncmp(name, "ld64.so", 7) == 0 ||
           strncmp(name, "ld.so", 5) == 0;
}

static bool read_library(const char *library, struct elf_file *elf)
{
    int fd = open(library, O_RDONLY | O_CLOEXEC);
    bool known = fd >= 0 && elf_file_read(fd, elf);

    if (fd >= 0)
        close(fd);
    return known;
}

static enum preflight_verdict judge_elf(int fd, const char *library,
                                        struct preflight *preflight)
{
    struct elf_file program, ours;

    errno = 0; /* and 0 if it can be read, but is no ELF file */
    if (!elf_file_read(fd, &program) || !read_library(library, &ours))
        return PREFLIGHT_UNREADABLE;
    if (!elf_file_same_machine(&program, &ours)) {
        elf_file_name_machine(&program, preflight->detail);
        return PREFLIGHT_OTHER_MACHINE;
    }
    if (program.interpreter[0] == '\0')
        return PREFLIGHT_STATIC;
    if (is_glibc_linker(program.interpreter))
        return PREFLIGHT_FINE;
    strlcpy(preflight->detail, program.interpreter, sizeof preflight->detail);
    return PREFLIGHT_OTHER_LIBC;
}

/*
 * Not a FIFO, say, that a script names as its interpreter: opening it would wait, or let its
 * writer go on. Nor a device, which may act on it: execve(2) opens neither.
 */
static int open_regular(const char *path)
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

/* The program that the kernel will execute in the end, open; -1 if it cannot be read. */
static int open_program(char program[PATH_MAX])
{
    int fd = open_regular(program);

    for (int i = 0; i < SCRIPT_DEPTH && fd >= 0 && follow_script(fd, program); i++) {
        close(fd);
        fd = open_regular(program);
    }
    return fd;
}

/* Set-id bits of a script do nothing; those of its interpreter count. */
static enum preflight_verdict judge(struct preflight *preflight, const char *library)
{
    enum preflight_verdict verdict;
    int fd = open_program(preflight->program);

    if (fd < 0)
        return PREFLIGHT_UNREADABLE;
    verdict = judge_privileges(fd);
    if (verdict == PREFLIGHT_FINE)
        verdict = judge_elf(fd, library, preflight);
    close(fd);
    return verdict;
}

static void note_error(struct preflight *preflight)
{
    strlcpy(preflight->detail, errno != 0 ? strerror(errno) : "it is no ELF file",
            sizeof preflight->detail);
}

void preflight_examine(const char *engine, const char *library, struct preflight *preflight)
{
    memset(preflight, 0, sizeof *preflight);
    if (!find_program(engine, preflight->program)) {
        preflight->verdict = errno == ENOENT || errno == ENOTDIR ? PREFLIGHT_NOT_FOUND
                                                                 : PREFLIGHT_NOT_EXECUTABLE;
        note_error(preflight);
        return;
    }
    preflight->verdict = judge(preflight, library);
    if (preflight->verdict == PREFLIGHT_UNREADABLE)
        note_error(preflight);
}

void preflight_explain(const struct preflight *preflight, char *text, size_t size)
{
    static const struct {
        const char *before, *after; /* the detail stands between them */
    } reasons[] = {
        [PREFLIGHT_FINE] = {"is dynamically linked with glibc: it can be shimmed", ""},
        [PREFLIGHT_NOT_FOUND] = {"cannot be found (", "): check its name and PATH"},
        [PREFLIGHT_NOT_EXECUTABLE] = {"cannot be executed (", "): check its permissions"},
        [PREFLIGHT_UNREADABLE] = {"cannot be examined: ", ""},
        [PREFLIGHT_STATIC] =
            {"is statically linked, no library can be preloaded into it: use a "
             "dynamically linked build",
             ""},
        [PREFLIGHT_OTHER_LIBC] = {"uses another C library than glibc (",
                                  "): use a build for glibc"},
        [PREFLIGHT_OTHER_MACHINE] = {"is for another machine (",
                                     "): use an imdshim built for it"},
        [PREFLIGHT_SET_ID] = {"is set-user-ID or set-group-ID, ld.so ignores LD_PRELOAD there: "
                              "use a copy without that bit",
                              ""},
        [PREFLIGHT_CAPABILITIES] =
            {"has file capabilities, ld.so ignores LD_PRELOAD there: use "
             "a copy without them",
             ""},
    };

    snprintf(text, size, "%s %s%s%s", preflight->program, reasons[preflight->verdict].before,
             preflight->detail, reasons[preflight->verdict].after);
    say_clean(text);
}

bool preflight_finds_obstacle(const char *engine, const char *library,
                              char text[PREFLIGHT_TEXT])
{
    struct preflight preflight;

    preflight_examine(engine, library, &preflight);
    if (preflight.verdict < PREFLIGHT_STATIC)
        return false;
    preflight_explain(&preflight, text, PREFLIGHT_TEXT);
    return true;
}
