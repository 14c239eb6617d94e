#include "shim/wire/text.h"

static const char digits[] = "0123456789abcdef";

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

static void put_escaped_byte(struct text *text, unsigned char byte)
{
    text_put_char(text, '%');
    text_put_char(text, "0123456789ABCDEF"[byte >> 4]);
    text_put_char(text, "0123456789ABCDEF"[byte & 15]);
}

void text_put_escaped(struct text *text, const char *value)
{
    for (; *value != '\0'; value++)
        if (*value > ' ' && *value <= '~' && *value != '%')
            text_put_char(text, *value);
        else
            put_escaped_byte(text, (unsigned char)*value);
}

void text_put_number(struct text *text, uint64_t number, unsigned base)
{
    char reversed[64];
    size_t count = 0;

    do {
        reversed[count++] = digits[number % base];
        number /= base;
    } while (number != 0);
    while (count > 0)
        text_put_char(text, reversed[--count]);
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
