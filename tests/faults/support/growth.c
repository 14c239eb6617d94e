#include "tests/faults/support/growth.h"

#include <stdio.h>

#include "tests/support/course.h"
#include "tests/support/sanitizer.h"

enum { SLACK = 32, SLACK_OF_SANITIZER = 1024 /* kB: it keeps for a while what is freed */ };

static struct growth difference(const struct growth *last, const struct growth *first)
{
    return (struct growth){
        .rss = last->rss - first->rss,
        .data = last->data - first->data,
        .fds = last->fds - first->fds,
        .parent_rss = last->parent_rss - first->parent_rss,
        .parent_data = last->parent_data - first->parent_data,
        .parent_fds = last->parent_fds - first->parent_fds,
    };
}

bool growth_read(const char *command, struct growth *growth)
{
    FILE *output = popen(command, "re"); /* NOLINT(cert-env33-c): of our own words */
    struct growth first = {0}, one = {0};
    int line = 0;

    if (output == NULL)
        return false;
    for (; fscanf(output, "%ld %ld %ld %ld %ld %ld", &one.rss, &one.data, &one.fds,
                  &one.parent_rss, &one.parent_data, &one.parent_fds) == 6;
         line++)
        if (line == 1)
            first = one;
    *growth = difference(&one, &first);
    return pclose(output) == 0 && line == COURSE_WINDOWS;
}

bool growth_is_none(const struct growth *growth, const struct growth *alone)
{
    long slack = built_with_sanitizer() ? SLACK_OF_SANITIZER : SLACK;
    long data = built_with_sanitizer() ? SLACK_OF_SANITIZER : 0;

    return growth->fds == 0 && growth->parent_fds == 0 && growth->data <= alone->data &&
           growth->parent_data <= data && growth->rss <= alone->rss + SLACK &&
           growth->parent_rss <= slack;
}
