/*
 * The sentences of the diagnosis: words in braces stand for what was seen. Pure.
 */
#ifndef IMDSHIM_LAUNCHER_DIAGNOSIS_SENTENCE_H
#define IMDSHIM_LAUNCHER_DIAGNOSIS_SENTENCE_H

#include <stddef.h>

#include "launcher/diagnosis/evidence.h"

/* Of a process that was left in the background, whichever way the engine is seen. */
#define SENTENCE_RUNS_ON                                                                       \
    "process {pid} has ended, but {left} that it started runs on: if that is the engine, or "  \
    "starts it, let the command wait for it"

/*
 * Append the sentence to the text. {suspect} and other processes are written "gmx[4711]". What
 * does not fit is cut off, and nothing in it disturbs a terminal.
 */
void sentence_put(char *text, size_t size, const char *sentence,
                  const struct evidence *evidence);

#endif
