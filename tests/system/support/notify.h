/*
 * Stand-in engines for tests of user notification: each command makes "./static".
 */
#ifndef IMDSHIM_TESTS_SYSTEM_NOTIFY_H
#define IMDSHIM_TESTS_SYSTEM_NOTIFY_H

#include <stdbool.h>

#define MAKE_STATIC                                                                            \
    "${CC:-cc} -static -o static $DOUBLES/engine.o $DOUBLES/support.a -lpthread -ldl "         \
    "2>/dev/null || exit 99;"

/* The kernel's headers are this machine's. */
#define MAKE_STATIC_MUSL                                                                       \
    "musl-gcc -static -w -O1 -D_GNU_SOURCE -I\"$SOURCE\" -idirafter /usr/include "             \
    "-idirafter /usr/include/$(gcc -print-multiarch) -o static "                               \
    "\"$SOURCE/tests/doubles/engine.c\" \"$SOURCE\"/tests/doubles/support/*.c || exit 99;"

/* Without cgo: linked statically, with system calls of its own. */
#define MAKE_GO                                                                                \
    "CGO_ENABLED=0 GO111MODULE=off GOCACHE=$PWD/cache go build -o static "                     \
    "\"$SOURCE/tests/doubles/engine.go\" || exit 99;"

/* Has the kernel user notification, and is there a static libc? Else this names the skip. */
bool notify_can_be_had(void);

#endif
