/*
 * Is there a sanitizer in what was built here? It is then slower, and makes calls of its own.
 */
#ifndef IMDSHIM_TESTS_SANITIZER_H
#define IMDSHIM_TESTS_SANITIZER_H

#include <stdbool.h>

bool built_with_sanitizer(void);

#endif
