#include "tests/unit/support/imd_decode.h"

struct imd decode(const struct stream *stream)
{
    struct imd imd;

    imd_start(&imd);
    imd_feed(&imd, stream->bytes, stream->length);
    return imd;
}
