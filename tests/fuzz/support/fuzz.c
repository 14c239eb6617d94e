#include "tests/fuzz/support/fuzz.h"

__attribute__((noreturn)) void fuzz_fail(const char *file, int line, const char *what)
{
    fprintf(stderr, "%s:%d: not so: %s\n", file, line, what);
    abort();
}

void *fuzz_block(const void *bytes, size_t size)
{
    void *block = malloc(size > 0 ? size : 1);

    DEMAND(block != NULL);
    if (size > 0)
        memcpy(block, bytes, size);
    return block;
}

char *fuzz_string(const void *bytes, size_t length)
{
    char *string = malloc(length + 1);

    DEMAND(string != NULL);
    if (length > 0)
        memcpy(string, bytes, length);
    string[length] = '\0';
    return string;
}

unsigned take_byte(struct input *input)
{
    if (input->left == 0)
        return 0;
    input->left--;
    return *input->at++;
}

uint64_t take_number(struct input *input, int bytes)
{
    uint64_t number = 0;

    while (bytes-- > 0)
        number = number << 8 | take_byte(input);
    return number;
}

char *take_text(struct input *input, char end)
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

const uint8_t *take_bytes(struct input *input, size_t *length)
{
    const uint8_t *bytes = input->at;

    if (*length > input->left)
        *length = input->left;
    input->at += *length;
    input->left -= *length;
    return bytes;
}

size_t next_piece(unsigned *seed, size_t most, size_t left)
{
    size_t size;

    *seed = *seed * 1103515245U + 12345U;
    size = 1 + (*seed >> 16) % most;
    return size < left ? size : left;
}

bool is_address(const char *text)
{
    struct in6_addr address;

    return inet_pton(AF_INET, text, &address) == 1 || inet_pton(AF_INET6, text, &address) == 1;
}

bool is_printable(const char *text)
{
    for (; *text != '\0'; text++)
        if (*text < ' ' || *text > '~')
            return false;
    return true;
}

bool is_one_line(const char *text)
{
    for (; *text != '\0'; text++)
        if ((unsigned char)*text < ' ' || *text == 0x7f)
            return false;
    return true;
}

void unescape_text(char *value)
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
