/*
 * A stream decoded in one piece.
 */
#ifndef IMDSHIM_TESTS_UNIT_IMD_DECODE_H
#define IMDSHIM_TESTS_UNIT_IMD_DECODE_H

#include "launcher/imd/imd.h"
#include "tests/doubles/imd_stream.h"

static inline struct imd decode(const struct stream *stream)
{
    struct imd imd;

    imd_start(&imd);
    imd_feed(&imd, stream->bytes, stream->length);
    return imd;
}

#endif
