#include "launcher/preload/preflight.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "launcher/base/say.h"
#include "launcher/libc/bsd.h"
#include "launcher/preload/elf_file.h"
#include "launcher/preload/program.h"

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

/*
 * The library loads with glibc and with musl, whose linkers are ld-linux*, ld64.so*, ld.so* and
 * ld-musl-*. Android's is linker64, uClibc's ld-uClibc.so.
 */
static bool is_linker_we_know(const char *interpreter)
{
    const char *slash = strrchr(interpreter, '/');
    const char *name = slash != NULL ? slash + 1 : interpreter;

    return strncmp(name, "ld-linux", 8) == 0 || strncmp(name, "ld64.so", 7) == 0 ||
           strncmp(name, "ld.so", 5) == 0 || strncmp(name, "ld-musl-", 8) == 0;
}

struct library {
    struct elf_file elf;
    bool noexec; /* no program can map it to execute, mmap(2) */
};

static bool read_library(const char *path, struct library *library)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    bool known = fd >= 0 && elf_file_read(fd, &library->elf);
    struct statvfs file_system;

    if (fd < 0)
        return false;
    library->noexec = fstatvfs(fd, &file_system) == 0 && (file_system.f_flag & ST_NOEXEC) != 0;
    close(fd);
    return known;
}

enum preflight_verdict preflight_judge_elf(int fd, const char *library,
                                           char detail[PREFLIGHT_DETAIL])
{
    struct elf_file program;
    struct library ours;

    errno = 0; /* and 0 if it can be read, but is no ELF file */
    if (!elf_file_read(fd, &program) || !read_library(library, &ours))
        return PREFLIGHT_UNREADABLE;
    if (!elf_file_same_machine(&program, &ours.elf)) {
        elf_file_name_machine(&program, detail);
        return PREFLIGHT_OTHER_MACHINE;
    }
    if (program.interpreter[0] == '\0')
        return PREFLIGHT_STATIC;
    if (!is_linker_we_know(program.interpreter)) {
        strlcpy(detail, program.interpreter, PREFLIGHT_DETAIL);
        return PREFLIGHT_OTHER_LIBC;
    }
    if (!ours.noexec)
        return PREFLIGHT_FINE;
    strlcpy(detail, library, PREFLIGHT_DETAIL);
    return PREFLIGHT_NOEXEC;
}

/*
 * Set-id bits of a script do nothing; those of its interpreter count. They are the linker's if
 * one is named as the command, and the file that it maps has none that would count.
 */
static enum preflight_verdict judge(const char *const *command, const char *library,
                                    struct preflight *preflight)
{
    enum preflight_verdict verdict;
    int fd = program_open(preflight->program);

    if (fd < 0)
        return PREFLIGHT_UNREADABLE;
    verdict = judge_privileges(fd);
    if (verdict == PREFLIGHT_FINE && program_is_linker(preflight->program)) {
        const char *program = program_of_linker(command);

        close(fd);
        if (program == NULL)
            return PREFLIGHT_LINKER;
        strlcpy(preflight->program, program, sizeof preflight->program);
        fd = program_open_file(program);
        if (fd < 0)
            return PREFLIGHT_UNREADABLE;
    }
    if (verdict == PREFLIGHT_FINE)
        verdict = preflight_judge_elf(fd, library, preflight->detail);
    close(fd);
    return verdict;
}

static void note_error(struct preflight *preflight)
{
    strlcpy(preflight->detail, errno != 0 ? strerror(errno) : "it is no ELF file",
            sizeof preflight->detail);
}

void preflight_examine(const char *const *command, const char *library,
                       struct preflight *preflight)
{
    memset(preflight, 0, sizeof *preflight);
    if (!program_find(command[0], preflight->program)) {
        preflight->verdict = errno == ENOENT || errno == ENOTDIR ? PREFLIGHT_NOT_FOUND
                                                                 : PREFLIGHT_NOT_EXECUTABLE;
        note_error(preflight);
        return;
    }
    preflight->verdict = judge(command, library, preflight);
    if (preflight->verdict == PREFLIGHT_UNREADABLE)
        note_error(preflight);
}

void preflight_explain(const struct preflight *preflight, char *text, size_t size)
{
    static const struct {
        const char *before, *after; /* the detail stands between them */
    } reasons[] = {
        [PREFLIGHT_FINE] = {"is dynamically linked: it can be shimmed", ""},
        [PREFLIGHT_NOT_FOUND] = {"cannot be found (", "): check its name and PATH"},
        [PREFLIGHT_NOT_EXECUTABLE] = {"cannot be executed (", "): check its permissions"},
        [PREFLIGHT_UNREADABLE] = {"cannot be examined: ", ""},
        [PREFLIGHT_LINKER] = {"is a dynamic linker: check the program that it is to start", ""},
        [PREFLIGHT_STATIC] =
            {"is statically linked, no library can be preloaded into it: use a "
             "dynamically linked build",
             ""},
        [PREFLIGHT_OTHER_LIBC] = {"uses another C library than glibc and musl (",
                                  "): use a build for one of them"},
        [PREFLIGHT_OTHER_MACHINE] = {"is for another machine (",
                                     "): use an imdshim built for it"},
        [PREFLIGHT_SET_ID] = {"is set-user-ID or set-group-ID, ld.so ignores LD_PRELOAD there: "
                              "use a copy without that bit",
                              ""},
        [PREFLIGHT_CAPABILITIES] =
            {"has file capabilities, ld.so ignores LD_PRELOAD there: use "
             "a copy without them",
             ""},
        [PREFLIGHT_NOEXEC] = {"cannot load ", ", whose file system is mounted noexec: install "
                                              "imdshim on another"},
    };

    snprintf(text, size, "%s %s%s%s", preflight->program, reasons[preflight->verdict].before,
             preflight->detail, reasons[preflight->verdict].after);
    say_clean(text);
}

bool preflight_is_obstacle(enum preflight_verdict verdict)
{
    return verdict >= PREFLIGHT_STATIC;
}

bool preflight_must_not_preload(enum preflight_verdict verdict)
{
    return verdict == PREFLIGHT_OTHER_LIBC;
}

bool preflight_has_privileges(enum preflight_verdict verdict)
{
    return verdict == PREFLIGHT_SET_ID || verdict == PREFLIGHT_CAPABILITIES;
}
