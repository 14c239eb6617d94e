/*
 * Numbers of the IMD protocol, which come in either byte order. Pure.
 */
#ifndef IMDSHIM_LAUNCHER_IMD_BYTES_H
#define IMDSHIM_LAUNCHER_IMD_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Of four bytes or of eight. */
uint64_t bytes_to_integer(const unsigned char *from, size_t size, bool big_endian);

/* Of four bytes, and of eight; IEEE 754. */
float bytes_to_float(const unsigned char *from, bool big_endian);
double bytes_to_double(const unsigned char *from, bool big_endian);

/* The other way: four bytes or eight, the lowest of the value. */
void bytes_from_integer(unsigned char *to, size_t size, uint64_t value, bool big_endian);
void bytes_from_double(unsigned char *to, double value, bool big_endian);

#endif
