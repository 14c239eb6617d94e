#include "launcher/imd/bytes.h"

#include <string.h>

uint64_t bytes_to_integer(const unsigned char *from, size_t size, bool big_endian)
{
    uint64_t value = 0;

    for (size_t i = 0; i < size; i++)
        value = value << 8 | from[big_endian ? i : size - 1 - i];
    return value;
}

float bytes_to_float(const unsigned char *from, bool big_endian)
{
    uint32_t bits = (uint32_t)bytes_to_integer(from, sizeof bits, big_endian);
    float value;

    memcpy(&value, &bits, sizeof value);
    return value;
}

double bytes_to_double(const unsigned char *from, bool big_endian)
{
    uint64_t bits = bytes_to_integer(from, sizeof bits, big_endian);
    double value;

    memcpy(&value, &bits, sizeof value);
    return value;
}

void bytes_from_integer(unsigned char *to, size_t size, uint64_t value, bool big_endian)
{
    for (size_t i = 0; i < size; i++)
        to[i] = (unsigned char)(value >> 8 * (big_endian ? size - 1 - i : i));
}

void bytes_from_double(unsigned char *to, double value, bool big_endian)
{
    uint64_t bits;

    memcpy(&bits, &value, sizeof bits);
    bytes_from_integer(to, sizeof bits, bits, big_endian);
}
