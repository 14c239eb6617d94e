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
    PREFLIGHT_STATIC,
    PREFLIGHT_OTHER_LIBC,
    PREFLIGHT_OTHER_MACHINE,
    PREFLIGHT_SET_ID,
    PREFLIGHT_CAPABILITIES,
};

struct preflight {
    enum preflight_verdict verdict;
    char program[PATH_MAX]; /* the file that decided: the engine, or its interpreter */
    char detail[256];       /* the ELF interpreter, the machine, or what kept us from looking */
};

/* The library is what it has to go with: same class, byte order and machine. */
void preflight_examine(const char *engine, const char *library, struct preflight *preflight);

enum { PREFLIGHT_TEXT = PATH_MAX + 512 };

/*
 * True if it is certain that the library cannot be loaded; the text is then the explanation.
 * What cannot be examined may well be fine, and what cannot be executed exec will tell.
 */
bool preflight_finds_obstacle(const char *engine, const char *library,
                              char text[PREFLIGHT_TEXT]);

/* One line of text without a newline: what stands in the way and what to do. */
void preflight_explain(const struct preflight *preflight, char *text, size_t size);

#endif
