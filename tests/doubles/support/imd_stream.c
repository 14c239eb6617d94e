#include "tests/doubles/support/imd_stream.h"

void put(struct stream *stream, uint64_t value, size_t size, bool big_endian)
{
    /* No ck_assert(): it writes a message, and this is called for every byte. */
    if (stream->length + size > STREAM_SIZE)
        abort();
    for (size_t i = 0; i < size; i++)
        stream->bytes[stream->length++] =
            (unsigned char)(value >> 8 * (big_endian ? size - 1 - i : i));
}

void mark_end(struct stream *stream)
{
    stream->ends[stream->end_count++] = stream->length;
}

void put_header(struct stream *stream, int32_t type, int32_t value)
{
    put(stream, (uint32_t)type, 4, true);
    put(stream, (uint32_t)value, 4, true);
}

void put_float(struct stream *stream, float value)
{
    uint32_t bits;

    memcpy(&bits, &value, sizeof bits);
    put(stream, bits, sizeof bits, stream->big_endian);
}

void put_double(struct stream *stream, double value)
{
    uint64_t bits;

    memcpy(&bits, &value, sizeof bits);
    put(stream, bits, sizeof bits, stream->big_endian);
}

void put_handshake(struct stream *stream, int32_t version)
{
    put(stream, 4, 4, true);
    put(stream, (uint32_t)version, 4, stream->big_endian);
}

void put_session(struct stream *stream, const struct session_info *info)
{
    put_header(stream, 10, 7);
    for (size_t i = 0; i < sizeof *info; i++)
        put(stream, ((const unsigned char *)info)[i], 1, true);
}

void put_energies(struct stream *stream, int32_t step)
{
    put_header(stream, 1, 1);
    put(stream, (uint32_t)step, 4, stream->big_endian);
    put_float(stream, 94.5F);
    put_float(stream, -100.25F);
    put_float(stream, -200.5F);
    for (int i = 0; i < 6; i++)
        put_float(stream, (float)i);
}

void put_time(struct stream *stream, int64_t step)
{
    put_header(stream, 12, 1);
    put_double(stream, 0.5);
    put_double(stream, 0.5 * (double)step);
    put(stream, (uint64_t)step, 8, stream->big_endian);
}

void put_floats(struct stream *stream, int32_t type, int32_t value, unsigned count)
{
    put_header(stream, type, value);
    while (count-- > 0)
        put_float(stream, (float)count);
}

void put_vectors(struct stream *stream, int32_t type)
{
    put_floats(stream, type, ATOMS, 3 * ATOMS);
}

struct stream v2_stream(bool big_endian)
{
    struct stream stream = {.big_endian = big_endian};

    put_handshake(&stream, 2);
    for (int32_t frame = 1; frame <= FRAMES; frame++) {
        if (frame % 2 == 0) {
            put_energies(&stream, 10 * frame);
            mark_end(&stream);
        }
        put_vectors(&stream, 2);
        mark_end(&stream);
    }
    return stream;
}

void put_frame(struct stream *stream, const struct session_info *info, int64_t step)
{
    if (info->time)
        put_time(stream, step);
    if (info->energies)
        put_energies(stream, (int32_t)step);
    if (info->box)
        put_floats(stream, 13, 1, 9);
    if (info->coordinates)
        put_vectors(stream, 2);
    if (info->velocities)
        put_vectors(stream, 14);
    if (info->forces)
        put_vectors(stream, 15);
}

struct stream v3_stream(bool big_endian, const struct session_info *info)
{
    struct stream stream = {.big_endian = big_endian};

    put_handshake(&stream, 3);
    put_session(&stream, info);
    for (int64_t frame = 1; frame <= FRAMES; frame++) {
        put_frame(&stream, info, 10 * frame);
        mark_end(&stream);
    }
    return stream;
}
