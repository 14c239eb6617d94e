/*
 * With which errors a system call can fail where nothing is wrong with the program: what is
 * short (descriptors, memory, processes, room), forbidden, interrupted, or broken (a disk). By
 * the manual pages; not what tells a mistake of the caller's, such as EBADF, EFAULT or EINVAL.
 */
#ifndef IMDSHIM_TESTS_FAULTS_ERRORS_H
#define IMDSHIM_TESTS_FAULTS_ERRORS_H

#include <stdbool.h>
#include <stdint.h>

enum { ERRORS_MOST = 8, ARGUMENTS = 6 };

/* Is the call in the table, with errors or as one that has none? Else it is to be put there. */
bool errors_know(long number);

/* "openat"; "call 4711" if it is not in the table. Overwritten by such a call. */
const char *errors_name(long number);

/* Which argument is a path, -1 if none is. */
int errors_path(long number);

/* Put there with which errors this call can fail; how many. */
int errors_of(long number, const uint64_t arguments[ARGUMENTS], int errors[ERRORS_MOST]);

#endif
