/*
 * Random bytes from the kernel: getrandom(2), or /dev/urandom before Linux 3.17.
 */
#ifndef IMDSHIM_LAUNCHER_BASE_ENTROPY_H
#define IMDSHIM_LAUNCHER_BASE_ENTROPY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* For secrets. False, and errno, if there are none: then do without the secret. */
bool entropy_fill(void *bytes, size_t size);

/* For a name that no other run has. No secret: it is the time if there are no random bytes. */
uint64_t entropy_number(void);

#endif
