/*
 * What tests/doubles/libraries/failing.c and who preloads it have in common: a file, mapped by
 * both, that tells which call fails and keeps which were made. Its path is in FAILING.
 */
#ifndef IMDSHIM_TESTS_FAULTS_FAILING_H
#define IMDSHIM_TESTS_FAULTS_FAILING_H

#include <stdint.h>

enum { FAILING_CALLS = 4096, FAILING_NUMBERS = 512 };

struct failing {
    long number;                     /* which call fails, */
    unsigned fails;                  /* when it is made for the Nth time, 0: never, */
    int error;                       /* and how */
    unsigned hit;                    /* it has */
    unsigned count;                  /* calls so far, of all processes */
    unsigned times[FAILING_NUMBERS]; /* of each number */
    struct failing_call {
        long number;
        unsigned time;
        uint64_t arguments[6];
    } calls[FAILING_CALLS];
};

#endif
