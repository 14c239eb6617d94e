/*
 * A row of text for each frame, for plots: its number, step, time and energies.
 *
 * CSV as RFC 4180 has it, with a line of names first and "\\n" at the ends of lines; or an object
 * of JSON on a line of its own. What a frame has not got is empty, or null. Numbers are printed
 * so that they read back as the very same; their units are the server's (imd.h).
 */
#ifndef IMDSHIM_LAUNCHER_IMD_ROWS_H
#define IMDSHIM_LAUNCHER_IMD_ROWS_H

#include <stdio.h>

#include "launcher/imd/imd.h"

struct rows {
    FILE *out;
    enum { ROWS_NONE, ROWS_CSV, ROWS_JSON } form;
    uint64_t energies; /* packets that have been printed */
};

void rows_begin(struct rows *rows);

/* The frame that the decoder has just completed. */
void rows_print(struct rows *rows, const struct imd *imd);

#endif
