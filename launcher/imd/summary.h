/*
 * What watch tells the user about a stream: a live line on a terminal, one line at the end.
 *
 * Energies are printed as sent, without a unit: they are kJ/mol from GROMACS, kcal/mol from
 * NAMD, and the stream does not say which. The same holds for the time. Sizes are in units of
 * 1000.
 */
#ifndef IMDSHIM_LAUNCHER_IMD_SUMMARY_H
#define IMDSHIM_LAUNCHER_IMD_SUMMARY_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "launcher/imd/imd.h"
#include "launcher/imd/keys.h"

/* The live line. Times are milliseconds of a clock that never goes back. */
struct meter {
    FILE *out;
    bool live;               /* out is a terminal */
    const struct keys *keys; /* that can be typed, NULL = none */
    size_t length;           /* of the line that stands there now */
    int64_t next;            /* when it may be written again */
    int64_t since;           /* where the rates below began to be counted, 0 = not yet */
    uint64_t frames;         /* what had been received then */
    uint64_t bytes;
    double frame_rate; /* per second, of the last half second or so */
    double byte_rate;
};

void meter_start(struct meter *meter, FILE *out);

/* Rewrite the line, if there is one and it is due: true if it was. */
bool meter_update(struct meter *meter, const struct imd *imd, int64_t now);

/* Make room for the closing line in its place, or leave it there and go to the next line. */
void meter_clear(struct meter *meter);
void meter_leave(struct meter *meter);

/* The closing line; rates only if the time is long enough to tell them. */
void summary_print(FILE *out, const struct imd *imd, int64_t milliseconds);

#endif
