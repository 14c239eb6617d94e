/*
 * Numbers for names that no other run has. No secrets: what must be one asks getentropy(3)
 * itself, and does without where there is none.
 */
#ifndef IMDSHIM_LAUNCHER_BASE_ENTROPY_H
#define IMDSHIM_LAUNCHER_BASE_ENTROPY_H

#include <stdint.h>

uint64_t entropy_number(void);

#endif
