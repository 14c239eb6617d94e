/*
 * The FIFOs of this user's runs, in the private directory: each is named HOST.PID.RANDOM.
 *
 * A host sharing the directory with others, by NFS say, judges only its own.
 */
#ifndef IMDSHIM_LAUNCHER_SOURCE_FIFOS_H
#define IMDSHIM_LAUNCHER_SOURCE_FIFOS_H

#include <dirent.h>
#include <stdbool.h>
#include <sys/types.h>

/*
 * The prefix of the name until the FIFO has a reader, so that no other run removes it as stale.
 */
#define FIFO_MAKING ".making."

/*
 * Remove those of runs that were killed: all; or, for a run whose own has that name, as many of
 * the others as there is time for.
 */
void fifos_sweep(const char *directory, const char *own);

/* The next run of this host, by its launcher's process; 0, and errno is 0, after the last. */
pid_t fifos_next(DIR *directory);

#endif
