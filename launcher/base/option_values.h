/*
 * Values of options. Each dies with 125 and one line that says what to give, if it is none.
 */
#ifndef IMDSHIM_LAUNCHER_BASE_OPTION_VALUES_H
#define IMDSHIM_LAUNCHER_BASE_OPTION_VALUES_H

int option_number(const char *name, const char *text, int least, int most);

/* Picoseconds, above 0. */
double option_time_step(const char *text);

#endif
