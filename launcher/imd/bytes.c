#include "launcher/imd/bytes.h"

#include <endian.h>
#include <string.h>

uint64_t bytes_to_integer(const unsigned char *from, size_t size, bool big_endian)
{
    uint32_t four;
    uint64_t eight;

    if (size == sizeof four) {
        memcpy(&four, from, sizeof four);
        return big_endian ? be32toh(four) : le32toh(four);
    }
    memcpy(&eight, from, sizeof eight);
    return big_endian ? be64toh(eight) : le64toh(eight);
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
    uint32_t four = big_endian ? htobe32((uint32_t)value) : htole32((uint32_t)value);
    uint64_t eight = big_endian ? htobe64(value) : htole64(value);

    if (size == sizeof four)
        memcpy(to, &four, sizeof four);
    else
        memcpy(to, &eight, sizeof eight);
}

void bytes_from_double(unsigned char *to, double value, bool big_endian)
{
    uint64_t bits;

    memcpy(&bits, &value, sizeof bits);
    bytes_from_integer(to, sizeof bits, bits, big_endian);
}
