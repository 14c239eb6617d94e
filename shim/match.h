/*
 * Which listener is the IMD socket: pure decisions.
 *
 * An engine linked with MPI listens on several TCP ports before its IMD port: a lone lmp of
 * Debian 12 opens six, the IMD one last (Open MPI 4.1: mca_btl_tcp in each rank, mca_oob_tcp
 * and libpmix in mpirun and orted). So a listener is told by the module that called listen(),
 * and a daemon of the runtime by its program's name.
 */
#ifndef IMDSHIM_SHIM_MATCH_H
#define IMDSHIM_SHIM_MATCH_H

#include <stdbool.h>

/* Base names of the program and of the module that called listen(); "" where unknown. */
bool match_is_runtime(const char *exe, const char *object);

#endif
