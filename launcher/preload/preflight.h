/*
 * Can a library be preloaded into a program? Told from the file itself: its ELF header and
 * program headers (elf(5)), its mode, its capabilities; through "#!" lines to the interpreter.
 */
#ifndef IMDSHIM_LAUNCHER_PRELOAD_PREFLIGHT_H
#define IMDSHIM_LAUNCHER_PRELOAD_PREFLIGHT_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

enum preflight_verdict {
    PREFLIGHT_FINE,
    PREFLIGHT_NOT_FOUND, /* exec will say so too; errno says why */
    PREFLIGHT_NOT_EXECUTABLE,
    PREFLIGHT_UNREADABLE, /* nothing is known; it may well be fine */
    PREFLIGHT_LINKER,     /* a dynamic linker without a program; ld.so(8) */
    /* What is certain to keep the library out: */
    PREFLIGHT_STATIC,
    PREFLIGHT_OTHER_LIBC,
    PREFLIGHT_OTHER_MACHINE,
    PREFLIGHT_SET_ID,
    PREFLIGHT_CAPABILITIES,
    PREFLIGHT_NOEXEC, /* the library is on a file system that is mounted so */
};

enum { PREFLIGHT_DETAIL = 256, PREFLIGHT_TEXT = PATH_MAX + 512 };

struct preflight {
    enum preflight_verdict verdict;
    char program[PATH_MAX];        /* the file that decided: the engine, or its interpreter */
    char detail[PREFLIGHT_DETAIL]; /* interpreter, machine, library, or why nothing is known */
};

/*
 * The program of a command, NULL-terminated as execvp(3) takes it. It must have the
 * library's class, byte order and machine.
 */
void preflight_examine(const char *const *command, const char *library,
                       struct preflight *preflight);

/* The same for a program that is open, from its ELF headers alone. */
enum preflight_verdict preflight_judge_elf(int fd, const char *library,
                                           char detail[PREFLIGHT_DETAIL]);

/*
 * Is it certain that the library cannot be loaded? What cannot be examined may well be fine,
 * and what cannot be executed exec will tell.
 */
bool preflight_is_obstacle(enum preflight_verdict verdict);

/*
 * Would the program not even start with the library in LD_PRELOAD? Others that cannot load it
 * pass it on to the programs that they start.
 */
bool preflight_must_not_preload(enum preflight_verdict verdict);

/* Does the file give the program privileges, by its mode or its capabilities? */
bool preflight_has_privileges(enum preflight_verdict verdict);

/* One line of text without a newline: what stands in the way and what to do. */
void preflight_explain(const struct preflight *preflight, char *text, size_t size);

#endif
