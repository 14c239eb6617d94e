#include "shim/wire/text.h"

void text_put_char(struct text *text, char c)
{
    if (text->length < text->size)
        text->start[text->length++] = c;
}

void text_put_string(struct text *text, const char *string)
{
    while (*string != '\0')
        text_put_char(text, *string++);
}

void text_put_escaped(struct text *text, const char *value)
{
    static const char digits[] = "0123456789ABCDEF";

    for (; *value != '\0'; value++) {
        unsigned char byte = (unsigned char)*value;

        if (byte > ' ' && byte <= '~' && byte != '%') {
            text_put_char(text, *value);
        } else {
            text_put_char(text, '%');
            text_put_char(text, digits[byte >> 4]);
            text_put_char(text, digits[byte & 15]);
        }
    }
}

static void put_digits(struct text *text, uint64_t number, unsigned base)
{
    char reversed[20]; /* UINT64_MAX has 20 decimal digits */
    size_t count = 0;

    do {
        reversed[count++] = "0123456789abcdef"[number % base];
        number /= base;
    } while (number != 0);
    while (count > 0)
        text_put_char(text, reversed[--count]);
}

void text_put_number(struct text *text, uint64_t number)
{
    put_digits(text, number, 10);
}

void text_put_hex(struct text *text, uint64_t number)
{
    put_digits(text, number, 16);
}

void text_end(struct text *text)
{
    text->start[text->length] = '\0';
}

const char *text_take_number(const char *text, uint64_t most, uint64_t *number)
{
    const char *start = text;

    for (*number = 0; *text >= '0' && *text <= '9'; text++) {
        uint64_t digit = (uint64_t)(*text - '0');

        if (digit > most || *number > (most - digit) / 10)
            return NULL;
        *number = *number * 10 + digit;
    }
    return text > start ? text : NULL;
}

const char *text_take_port(const char *text, unsigned least, unsigned *port)
{
    uint64_t number;

    text = text_take_number(text, UINT16_MAX, &number);
    *port = (unsigned)number;
    return number >= least ? text : NULL;
}
