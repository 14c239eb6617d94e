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

__attribute__((noreturn)) static inline void fuzz_fail(const char *file, int line,
                                                       const char *what)
{
    fprintf(stderr, "%s:%d: not so: %s\n", file, line, what);
    abort();
}

/* In a block of exactly its size, so that the sanitizer sees a byte too far; for free(3). */
static inline void *fuzz_block(const void *bytes, size_t size)
{
    void *block = malloc(size > 0 ? size : 1);

    DEMAND(block != NULL);
    if (size > 0)
        memcpy(block, bytes, size);
    return block;
}

/* The same, with a NUL behind it. */
static inline char *fuzz_string(const void *bytes, size_t length)
{
    char *string = malloc(length + 1);

    DEMAND(string != NULL);
    if (length > 0)
        memcpy(string, bytes, length);
    string[length] = '\0';
    return string;
}

/* The bytes that are left of an input. */
struct input {
    const uint8_t *at;
    size_t left;
};

static inline unsigned take_byte(struct input *input)
{
    if (input->left == 0)
        return 0;
    input->left--;
    return *input->at++;
}

static inline uint64_t take_number(struct input *input, int bytes)
{
    uint64_t number = 0;

    while (bytes-- > 0)
        number = number << 8 | take_byte(input);
    return number;
}

/* Up to `end`, which is stepped over, or the input's end: a string in a block of its size. */
static inline char *take_text(struct input *input, char end)
{
    const uint8_t *stop = input->left > 0 ? memchr(input->at, end, input->left) : NULL;
    size_t length = stop != NULL ? (size_t)(stop - input->at) : input->left;
    size_t taken = length + (stop != NULL);
    const uint8_t *nul = length > 0 ? memchr(input->at, '\0', length) : NULL;
    char *text;

    if (nul != NULL)
        length = (size_t)(nul - input->at);
    text = fuzz_string(input->at, length);
    input->at += taken;
    input->left -= taken;
    return text;
}

/* The next `length` bytes, of which there may be fewer. */
static inline const uint8_t *take_bytes(struct input *input, size_t *length)
{
    const uint8_t *bytes = input->at;

    if (*length > input->left)
        *length = input->left;
    input->at += *length;
    input->left -= *length;
    return bytes;
}

/*
 * The size of the next piece of what is cut: from 1 to `most`, by the seed alone, and no more
 * than is left.
 */
static inline size_t next_piece(unsigned *seed, size_t most, size_t left)
{
    size_t size;

    *seed = *seed * 1103515245U + 12345U;
    size = 1 + (*seed >> 16) % most;
    return size < left ? size : left;
}

/* Is it a numeric address, of IPv4 or IPv6? */
static inline bool is_address(const char *text)
{
    struct in6_addr address;

    return inet_pton(AF_INET, text, &address) == 1 || inet_pton(AF_INET6, text, &address) == 1;
}

/* Has the array a NUL in it? */
#define IS_STRING(array) (memchr((array), '\0', sizeof(array)) != NULL)

/* ' ' to '~' only. */
static inline bool is_printable(const char *text)
{
    for (; *text != '\0'; text++)
        if (*text < ' ' || *text > '~')
            return false;
    return true;
}

/* No control character: what does a terminal no harm. */
static inline bool is_one_line(const char *text)
{
    for (; *text != '\0'; text++)
        if ((unsigned char)*text < ' ' || *text == 0x7f)
            return false;
    return true;
}

/* %XX back to a byte, in place; wire.h. */
static inline void unescape_text(char *value)
{
    char *to = value, digits[3] = "";

    for (; *value != '\0'; value++)
        if (*value == '%') {
            memcpy(digits, value + 1, 2);
            *to++ = (char)strtoul(digits, NULL, 16);
            value += 2;
        } else {
            *to++ = *value;
        }
    *to = '\0';
}

#endif
