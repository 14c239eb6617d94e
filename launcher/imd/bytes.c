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
