#include "tests/support/course.h"

void course_add(struct course *course, double value)
{
    if (course->count < COURSE_WINDOWS)
        course->windows[course->count++] = value;
}

static double mean(const double *values, int count)
{
    double sum = 0;

    for (int i = 0; i < count; i++)
        sum += values[i];
    return count > 0 ? sum / count : 0;
}

double course_slope(const struct course *course)
{
    double middle = (course->count - 1) / 2.0, average = mean(course->windows, course->count);
    double products = 0, squares = 0;

    for (int i = 0; i < course->count; i++) {
        products += (i - middle) * (course->windows[i] - average);
        squares += (i - middle) * (i - middle);
    }
    return squares > 0 && average > 0 ? products / squares * (course->count - 1) / average : 0;
}

double course_ratio(const struct course *course)
{
    int third = course->count / 3;
    double first = mean(course->windows, third);

    return first > 0 ? mean(course->windows + course->count - third, third) / first : 1;
}
