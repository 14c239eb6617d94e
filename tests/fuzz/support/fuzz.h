/*
 * What the fuzz targets have in common. A target defines LLVMFuzzerTestOneInput(), which takes
 * any bytes and demands of the module under test what its header promises; libFuzzer calls it,
 * or replay.c.
 *
 * A target that has to see a module's own functions or state includes the module's .c file: the
 * archive's is then not linked.
 */
#ifndef IMDSHIM_TESTS_FUZZ_H
#define IMDSHIM_TESTS_FUZZ_H

#include <arpa/inet.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

/* No assert(3): that is switched off by NDEBUG. */
#define DEMAND(condition)                                                                      \
    do {                                                                                       \
        if (!(condition))                                                                      \
            fuzz_fail(__FILE__, __LINE__, #condition);                                         \
    } while (0)

__attribute__((noreturn)) void fuzz_fail(const char *file, int line, const char *what);

/* In a block of exactly its size, so that the sanitizer sees a byte too far; for free(3). */
void *fuzz_block(const void *bytes, size_t size);

/* The same, with a NUL behind it. */
char *fuzz_string(const void *bytes, size_t length);

/* The bytes that are left of an input. */
struct input {
    const uint8_t *at;
    size_t left;
};

unsigned take_byte(struct input *input);
uint64_t take_number(struct input *input, int bytes);

/* Up to `end`, which is stepped over, or the input's end: a string in a block of its size. */
char *take_text(struct input *input, char end);

/* The next `length` bytes, of which there may be fewer. */
const uint8_t *take_bytes(struct input *input, size_t *length);

/*
 * The size of the next piece of what is cut: from 1 to `most`, by the seed alone, and no more
 * than is left.
 */
size_t next_piece(unsigned *seed, size_t most, size_t left);

/* Is it a numeric address, of IPv4 or IPv6? */
bool is_address(const char *text);

/* Has the array a NUL in it? */
#define IS_STRING(array) (memchr((array), '\0', sizeof(array)) != NULL)

/* ' ' to '~' only. */
bool is_printable(const char *text);

/* No control character: what does a terminal no harm. */
bool is_one_line(const char *text);

/* %XX back to a byte, in place; wire.h. */
void unescape_text(char *value);

#endif
