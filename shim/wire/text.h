/*
 * Text put together in a buffer of the caller's, and numbers read from one: no stdio, no
 * malloc, safe in a signal handler. What does not fit is cut off.
 */
#ifndef IMDSHIM_SHIM_WIRE_TEXT_H
#define IMDSHIM_SHIM_WIRE_TEXT_H

#include <stddef.h>
#include <stdint.h>

struct text {
    char *start;
    size_t length, size;
};

void text_put_char(struct text *text, char c);
void text_put_string(struct text *text, const char *string);
void text_put_escaped(struct text *text, const char *value); /* as wire.h says */
void text_put_number(struct text *text, uint64_t number);    /* decimal */
void text_put_hex(struct text *text, uint64_t number);

/* End it with a NUL; one byte of the buffer must have been kept back for that. */
void text_end(struct text *text);

/* A decimal number: the text behind it; NULL if there is none, or one above `most`. */
const char *text_take_number(const char *text, uint64_t most, uint64_t *number);

/* The same for a port, which is 65535 at most. */
const char *text_take_port(const char *text, unsigned least, unsigned *port);

#endif
