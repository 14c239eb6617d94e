/*
 * The same as diagnosis.h of a run that is seen by user notification: there no library can be
 * missing. Pure.
 */
#ifndef IMDSHIM_LAUNCHER_DIAGNOSIS_NOTIFIED_H
#define IMDSHIM_LAUNCHER_DIAGNOSIS_NOTIFIED_H

#include <stddef.h>

#include "launcher/diagnosis/evidence.h"

enum cause notified_explain(const struct evidence *evidence, char *text, size_t size);

#endif
