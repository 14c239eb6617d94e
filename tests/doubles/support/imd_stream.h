/*
 * IMD streams made byte by byte from the protocol's tables, for the tests of the decoder and
 * for the stand-in server: nothing of launcher/imd/imd.c is used to make them.
 */
#ifndef IMDSHIM_TESTS_DOUBLES_IMD_STREAM_H
#define IMDSHIM_TESTS_DOUBLES_IMD_STREAM_H

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { ATOMS = 3, FRAMES = 4, STREAM_SIZE = 4096 };

struct stream {
    bool big_endian;
    size_t length;
    size_t ends[2 * FRAMES]; /* where it may end: behind a frame, and in version 2 any packet */
    size_t end_count;
    unsigned char bytes[STREAM_SIZE];
};

/* What a stream of version 3 announces, in the order of SESSIONINFO's bytes. */
struct session_info {
    unsigned char time, energies, box, coordinates, wrapped, velocities, forces;
};

static const struct session_info everything = {1, 1, 1, 1, 1, 1, 1};

void put(struct stream *stream, uint64_t value, size_t size, bool big_endian);
void mark_end(struct stream *stream);
void put_header(struct stream *stream, int32_t type, int32_t value);
void put_float(struct stream *stream, float value);
void put_double(struct stream *stream, double value);
void put_handshake(struct stream *stream, int32_t version);
void put_session(struct stream *stream, const struct session_info *info);
void put_energies(struct stream *stream, int32_t step);
void put_time(struct stream *stream, int64_t step);
void put_floats(struct stream *stream, int32_t type, int32_t value, unsigned count);
void put_vectors(struct stream *stream, int32_t type);

/* Energies in every second frame only: version 2 lets each come at its own interval. */
struct stream v2_stream(bool big_endian);
void put_frame(struct stream *stream, const struct session_info *info, int64_t step);
struct stream v3_stream(bool big_endian, const struct session_info *info);

#endif
