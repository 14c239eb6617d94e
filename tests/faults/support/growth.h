/*
 * How much an engine that opens its port again and again grows, and the launcher above it, as
 * tests/doubles/relisten tells.
 */
#ifndef IMDSHIM_TESTS_FAULTS_GROWTH_H
#define IMDSHIM_TESTS_FAULTS_GROWTH_H

#include <stdbool.h>

/* kB and descriptors, of the engine and of its parent, from the second tenth to the last. */
struct growth {
    long rss, data, fds, parent_rss, parent_data, parent_fds;
};

/* Of a command, for sh -c, that runs it. False if it fails or does not tell. */
bool growth_read(const char *command, struct growth *growth);

/* Is a run's no more than that of the engine alone? Memory may be touched a page later. */
bool growth_is_none(const struct growth *growth, const struct growth *alone);

#endif
