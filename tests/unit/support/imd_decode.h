/*
 * A stream decoded in one piece.
 */
#ifndef IMDSHIM_TESTS_UNIT_IMD_DECODE_H
#define IMDSHIM_TESTS_UNIT_IMD_DECODE_H

#include "launcher/imd/imd.h"
#include "tests/doubles/support/imd_stream.h"

struct imd decode(const struct stream *stream);

#endif
