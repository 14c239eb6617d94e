#include "tests/doubles/support/steps.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct engine engine = {.socket = -1, .previous = -1, .client = -1};

static const struct step *const tables[] = {socket_steps, wait_steps,    accept_steps,
                                            sleep_steps,  process_steps, descriptor_steps};
static char **next;

void must(bool good, const char *what)
{
    if (good)
        return;
    perror(what);
    exit(FAILED);
}

void must_leave_errno(const char *what)
{
    if (errno == SENTINEL)
        return;
    fprintf(stderr, "%s has changed errno to %d\n", what, errno);
    exit(FAILED);
}

static const struct step *find(const char *name, size_t length)
{
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++)
        for (const struct step *step = tables[i]; step->name != NULL; step++)
            if (strlen(step->name) == length && strncmp(step->name, name, length) == 0)
                return step;
    fprintf(stderr, "no such step: %s\n", name);
    exit(FAILED);
}

void steps_run_rest(void)
{
    while (*next != NULL) {
        const char *text = *next++;
        size_t length = strcspn(text, "=");

        find(text, length)->act(text[length] == '=' ? text + length + 1 : "");
    }
}

void steps_run(char **steps)
{
    next = steps;
    steps_run_rest();
}
