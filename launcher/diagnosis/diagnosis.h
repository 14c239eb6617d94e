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

#include "launcher/diagnosis/evidence.h"

/* The cause, and one line of text without a newline that says it and what to do. */
enum cause diagnosis_explain(const struct evidence *evidence, char *text, size_t size);

/* Is the cause that was explained worth a line while the engine still runs? */
bool diagnosis_is_trouble(enum cause cause, const struct evidence *evidence);

#endif
