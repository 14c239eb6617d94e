/*
 * Is there a sanitizer in what was built here? It is then slower, and makes calls of its own.
 */
#ifndef IMDSHIM_TESTS_SANITIZER_H
#define IMDSHIM_TESTS_SANITIZER_H

#include <stdbool.h>

static inline bool built_with_sanitizer(void)
{
#if defined(__SANITIZE_ADDRESS__)
    return true;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
    return true;
#endif
#endif
    return false;
}

#endif
