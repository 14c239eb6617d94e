/*
 * Engines as they are in the field: what each calls, in its order, and what it prints. Each
 * looks for a client so many rounds, 10 ms apart, and ends when its client does.
 */
#ifndef IMDSHIM_TESTS_DOUBLES_FIELD_H
#define IMDSHIM_TESTS_DOUBLES_FIELD_H

#include <stdbool.h>

/* gmx, lmp, namd, mpi or client with its operand. False if it is none of these. */
bool field_run(const char *name, const char *operand, int rounds);

#endif
