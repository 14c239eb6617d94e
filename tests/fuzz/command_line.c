/*
 * A line for "sh -c": any bytes. The parser ends, stays within its memory, and finds a launcher
 * that is put before the line.
 */
#include "launcher/preload/cluster.h"

#include "tests/fuzz/support/fuzz.h"

static bool leaves(const char *line)
{
    return cluster_may_leave_host((const char *const[]){"sh", "-c", line, NULL}, NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct input input = {bytes, size};
    char *line = take_text(&input, '\0'), *before = malloc(strlen(line) + 16);
    bool found = leaves(line);

    sprintf(before, "mpirun;%s", line);
    DEMAND(leaves(before));
    DEMAND(leaves(line) == found);
    free(before);
    free(line);
    return 0;
}
