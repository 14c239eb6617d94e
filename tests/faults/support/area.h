/*
 * A directory for a command that is run again and again: AREA/run, where it runs, and AREA/tmp,
 * its TMPDIR; what it prints is beside them. What it leaves there is found, named and removed.
 */
#ifndef IMDSHIM_TESTS_FAULTS_AREA_H
#define IMDSHIM_TESTS_FAULTS_AREA_H

#include <limits.h>
#include <stdbool.h>

enum { AREA_TEXT = 8192 };

struct area {
    char path[PATH_MAX / 2], run[PATH_MAX], tmp[PATH_MAX];
    int out, err;
    char out_text[AREA_TEXT], err_text[AREA_TEXT]; /* once area_read() has been called */
};

/* In an empty directory. TMPDIR is AREA/tmp from then on. False, with errno, if it fails. */
bool area_make(struct area *area, const char *path);

/* As it was made: all that is below AREA/run and AREA/tmp is removed, the output is empty. */
void area_empty(struct area *area);

/* The output alone; false, with errno, if it fails. */
bool area_forget_output(const struct area *area);

/* What has been printed. */
void area_read(struct area *area);

/*
 * The files below AREA/run and AREA/tmp, by their paths there and parted by blanks, and how
 * many they are; without those that are `expected`, names parted by blanks that may end in "*",
 * and without imdshim's own private directory.
 */
int area_left(const struct area *area, const char *expected, char text[AREA_TEXT]);

#endif
