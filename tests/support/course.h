/*
 * A figure over the course of a long test, window by window. Pure.
 */
#ifndef IMDSHIM_TESTS_COURSE_H
#define IMDSHIM_TESTS_COURSE_H

enum { COURSE_WINDOWS = 10 };

struct course {
    int count;
    double windows[COURSE_WINDOWS];
};

void course_add(struct course *course, double value);

/* By least squares: how much it changes over the whole course, as a share of its mean. */
double course_slope(const struct course *course);

/* The mean of the last third over that of the first. */
double course_ratio(const struct course *course);

#endif
