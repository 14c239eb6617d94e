/*
 * Why is there no IMD listener? From what was seen to one sentence; imdshim(1), "What the lines
 * mean", has the same table. Pure.
 *
 * A cause is named only if there is evidence of it. A sentence says what was seen, and what the
 * user can do.
 */
#ifndef IMDSHIM_LAUNCHER_DIAGNOSIS_DIAGNOSIS_H
#define IMDSHIM_LAUNCHER_DIAGNOSIS_DIAGNOSIS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "launcher/diagnosis/reports.h"
#include "launcher/diagnosis/suspect.h"
#include "launcher/proc/proc_facts.h"

/* After so many looks, 3 s and 15 s, what is seen is no matter of the first moments. */
enum { LOOKS_SOON = 4, LOOKS_LATE = 5 };

struct evidence {
    const struct reports *reports;
    const char *library, *fifo; /* paths */
    const char *const *command; /* the engine's, NULL-terminated */

    /* What the kernel has said of the processes below the engine; evidence.h collects it. */
    unsigned looks;
    bool has_suspect;
    unsigned suspect_looks;    /* in so many looks one after the other */
    struct proc_facts suspect; /* the most telling process of which something seemed wrong */
    bool sound;     /* since it was seen, and in that look, another had the library in order */
    char agent[16]; /* ssh(1) or its kind runs below, "": none */
    enum known fifo_removed;

    /* How the engine has ended, if it has. */
    bool ended;
    int wait_status;
    char comm[COMM_SIZE]; /* what its process was named at its end, "": not known */
};

/* The cause, and one line of text without a newline that says it and what to do. */
enum cause diagnosis_explain(const struct evidence *evidence, char *text, size_t size);

/* Is it worth a line while the engine still runs, after so many looks? */
bool diagnosis_is_trouble(enum cause cause, unsigned looks);

#endif
