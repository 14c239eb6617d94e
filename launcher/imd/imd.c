/*
 * The decoder of imd.h.
 *
 * A packet is a header of two int32, type and value, both big-endian, and for some types a body
 * in the server's byte order. Only the value of HANDSHAKE, the version, is in the server's own
 * order too: that is how the client learns it. The sources of these facts:
 *
 *   version 2   GROMACS src/gromacs/imd/imd.cpp (fill_header, imd_handshake, imd_send_rvecs)
 * and imdsocket.cpp; LAMMPS src/MISC/fix_imd.cpp (imd_handshake_v2, handle_step_v2). ENERGIES
 * and FCOORDS come each at its own interval, or never. version 3   imdclient
 * docs/source/protocol_v3.rst; LAMMPS fix_imd.cpp (imd_handshake_v3, handle_output_v3).
 * SESSIONINFO announces what a frame has, and each frame has exactly that, in the order of
 * frame_order below. The page gives FORCES the type 14 in one place; its table and all programs
 * say 15.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "launcher/imd/bytes.h"

#include "launcher/imd/imd.h"

static const char *const names[] = {"DISCONNECT",  "ENERGIES", "FCOORDS", "GO",    "HANDSHAKE",
                                    "KILL",        "MDCOMM",   "PAUSE",   "TRATE", "IOERROR",
                                    "SESSIONINFO", "RESUME",   "TIME",    "BOX",   "VELOCITIES",
                                    "FORCES",      "WAIT"};

enum { PACKET_TYPES = sizeof names / sizeof names[0] };

/* What a server may send once the handshake is done; the others have size 0. */
static const struct body {
    unsigned size; /* for one atom if per_atom */
    bool per_atom;
    bool kept; /* decoded, not passed by */
} bodies[PACKET_TYPES] = {
    [IMD_ENERGIES] = {40, false, true},   [IMD_FCOORDS] = {12, true, false},
    [IMD_SESSIONINFO] = {7, false, true}, [IMD_TIME] = {24, false, true},
    [IMD_BOX] = {36, false, false},       [IMD_VELOCITIES] = {12, true, false},
    [IMD_FORCES] = {12, true, false}};

static const enum imd_type frame_order[] = {IMD_TIME,    IMD_ENERGIES,   IMD_BOX,
                                            IMD_FCOORDS, IMD_VELOCITIES, IMD_FORCES};

enum { FRAME_PLACES = sizeof frame_order / sizeof frame_order[0] };

static unsigned fail(struct imd *imd, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static unsigned fail(struct imd *imd, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(imd->error, sizeof imd->error, format, arguments);
    va_end(arguments);
    return IMD_FAILED;
}

static void expect_header(struct imd *imd)
{
    imd->part = IN_HEADER;
    imd->left = IMD_HEADER_SIZE;
    imd->filled = 0;
}

static unsigned next_place(const struct imd *imd, unsigned place)
{
    while (place < FRAME_PLACES && (imd->announced & 1U << place) == 0)
        place++;
    return place;
}

static enum imd_type type_due(const struct imd *imd)
{
    return imd->greeted ? frame_order[imd->place] : IMD_SESSIONINFO;
}

static unsigned decode_handshake(struct imd *imd)
{
    const unsigned char *k = imd->kept;
    uint64_t big = bytes_to_integer(k + 4, 4, true);
    uint64_t little = bytes_to_integer(k + 4, 4, false);
    uint64_t version = big < little ? big : little;

    if (bytes_to_integer(k, 4, true) != IMD_HANDSHAKE)
        return fail(imd,
                    "not an IMD server: it begins with the bytes "
                    "%02x %02x %02x %02x %02x %02x %02x %02x",
                    k[0], k[1], k[2], k[3], k[4], k[5], k[6], k[7]);
    if (version != 2 && version != 3)
        return fail(imd, "speaks IMD version %" PRIu64 ", this client speaks 2 and 3", version);
    imd->big_endian = big < little;
    imd->version = (int)version;
    expect_header(imd);
    imd->greeted = imd->version == 2;
    return imd->greeted ? IMD_GREETED : 0;
}

static unsigned check_type(struct imd *imd, int32_t type)
{
    if (type < 0 || type >= PACKET_TYPES)
        return fail(imd, "malformed stream: packet of the unknown type %ld", (long)type);
    if (bodies[type].size == 0)
        return fail(imd, "malformed stream: %s packet, which no server sends here",
                    names[type]);
    if (imd->version == 2 && type != IMD_ENERGIES && type != IMD_FCOORDS)
        return fail(imd, "malformed stream: %s packet, which IMD version 2 has not",
                    names[type]);
    if (imd->version == 3 && (enum imd_type)type != type_due(imd))
        return fail(imd, "malformed stream: %s packet where %s is due", names[type],
                    names[type_due(imd)]);
    return 0;
}

static unsigned check_atoms(struct imd *imd, enum imd_type type, int32_t atoms)
{
    if (atoms <= 0 || atoms > IMD_MOST_ATOMS)
        return fail(imd, "malformed stream: %s packet of %ld atoms, not 1 to %d", names[type],
                    (long)atoms, IMD_MOST_ATOMS);
    if (imd->atoms != 0 && atoms != imd->atoms)
        return fail(imd, "malformed stream: %s packet of %ld atoms after those of %ld",
                    names[type], (long)atoms, (long)imd->atoms);
    imd->atoms = atoms;
    return 0;
}

static unsigned check_value(struct imd *imd, enum imd_type type, int32_t value)
{
    int32_t due = type == IMD_SESSIONINFO ? (int32_t)bodies[type].size : 1;

    if (bodies[type].per_atom)
        return check_atoms(imd, type, value);
    if (value != due)
        return fail(imd, "malformed stream: %s packet with the value %ld, not %ld", names[type],
                    (long)value, (long)due);
    return 0;
}

static bool between_frames(const struct imd *imd)
{
    return imd->greeted && (imd->version == 2 || imd->place == next_place(imd, 0));
}

static unsigned decode_header(struct imd *imd)
{
    int32_t type = (int32_t)bytes_to_integer(imd->kept, sizeof type, true);
    int32_t value = (int32_t)bytes_to_integer(imd->kept + 4, sizeof value, true);

    if (imd->version == 0)
        return decode_handshake(imd);
    if (type == IMD_DISCONNECT && between_frames(imd)) {
        expect_header(imd);
        imd->gone = true;
        return IMD_LEFT;
    }
    if (check_type(imd, type) || check_value(imd, (enum imd_type)type, value))
        return IMD_FAILED;
    imd->type = (enum imd_type)type;
    imd->part = bodies[type].kept ? IN_KEPT_BODY : IN_PASSED_BODY;
    imd->left = bodies[type].size * (bodies[type].per_atom ? (uint64_t)value : 1);
    imd->filled = 0;
    return 0;
}

/*
 * The seven bytes: time energies box coordinates wrapped velocities forces; any that is not
 * zero is a yes. Whether the coordinates are wrapped announces no packet.
 */
static unsigned decode_session(struct imd *imd)
{
    static const unsigned byte_of_place[FRAME_PLACES] = {0, 1, 2, 3, 5, 6};

    for (unsigned place = 0; place < FRAME_PLACES; place++)
        if (imd->kept[byte_of_place[place]] != 0)
            imd->announced |= 1U << place;
    if (imd->announced == 0)
        return fail(imd, "announces frames with nothing in them");
    imd->place = next_place(imd, 0);
    expect_header(imd);
    imd->greeted = true;
    return IMD_GREETED;
}

/* The numbers are the server's: any difference is taken, as if it had no sign. */
static void take_step(struct imd *imd, int64_t step)
{
    imd->stride = imd->has_step ? (int64_t)((uint64_t)step - (uint64_t)imd->step) : 0;
    imd->step = step;
    imd->has_step = true;
}

static void decode_energies(struct imd *imd)
{
    const unsigned char *k = imd->kept;

    /* TIME has the step too, and in 64 bits. */
    if (!imd->has_time)
        take_step(imd, (int32_t)bytes_to_integer(k, sizeof(int32_t), imd->big_endian));
    imd->temperature = bytes_to_float(k + 4, imd->big_endian);
    imd->total = bytes_to_float(k + 8, imd->big_endian);
    imd->potential = bytes_to_float(k + 12, imd->big_endian);
    for (unsigned i = 0; i < IMD_ENERGY_PARTS; i++)
        imd->parts[i] = bytes_to_float(k + 16 + 4 * i, imd->big_endian);
    imd->energies++;
    imd->has_energies = true;
}

static void decode_time(struct imd *imd)
{
    imd->time = bytes_to_double(imd->kept + 8, imd->big_endian);
    take_step(imd, (int64_t)bytes_to_integer(imd->kept + 16, sizeof(int64_t), imd->big_endian));
    imd->has_time = true;
}

static unsigned finish_packet(struct imd *imd)
{
    bool framed = imd->type == IMD_FCOORDS;

    if (imd->type == IMD_SESSIONINFO)
        return decode_session(imd);
    if (imd->type == IMD_ENERGIES)
        decode_energies(imd);
    if (imd->type == IMD_TIME)
        decode_time(imd);
    expect_header(imd);
    if (imd->version == 3) {
        imd->place = next_place(imd, imd->place + 1);
        framed = imd->place == FRAME_PLACES;
        if (framed)
            imd->place = next_place(imd, 0);
    }
    imd->frames += framed;
    return framed ? IMD_FRAMED : 0;
}

void imd_start(struct imd *imd)
{
    *imd = (struct imd){.version = 0};
    expect_header(imd);
}

size_t imd_take(struct imd *imd, const void *bytes, size_t length, unsigned *news)
{
    size_t taken = imd->left < length ? (size_t)imd->left : length;

    *news = imd->error[0] != '\0' ? IMD_FAILED : imd->gone ? IMD_LEFT : 0;
    if (*news != 0 || taken == 0)
        return 0;
    if (imd->part != IN_PASSED_BODY) {
        memcpy(imd->kept + imd->filled, bytes, taken);
        imd->filled += taken;
    }
    imd->left -= taken;
    imd->bytes += taken;
    if (imd->left == 0)
        *news = imd->part == IN_HEADER ? decode_header(imd) : finish_packet(imd);
    return taken;
}

unsigned imd_feed(struct imd *imd, const void *bytes, size_t length)
{
    const unsigned char *from = bytes;
    unsigned all = imd->error[0] != '\0' ? IMD_FAILED : imd->gone ? IMD_LEFT : 0, news;

    while (length > 0 && (all & (IMD_FAILED | IMD_LEFT)) == 0) {
        size_t taken = imd_take(imd, from, length, &news);

        from += taken;
        length -= taken;
        all |= news;
    }
    return all;
}

bool imd_end(struct imd *imd)
{
    if (imd->error[0] != '\0')
        return false;
    if (imd->version == 0)
        fail(imd, "closed the connection %s the handshake",
             imd->bytes == 0 ? "before" : "inside");
    else if (imd->part != IN_HEADER)
        fail(imd, "the stream breaks off inside a packet: %s", names[imd->type]);
    else if (imd->filled > 0)
        fail(imd, "the stream breaks off inside a packet's header");
    else if (!between_frames(imd))
        fail(imd, "the stream breaks off inside a frame, before its %s packet",
             names[type_due(imd)]);
    else if (imd->frames == 0)
        fail(imd, "the stream ends before the first frame");
    return imd->error[0] == '\0';
}

void imd_encode_header(unsigned char header[IMD_HEADER_SIZE], enum imd_type type, int32_t value)
{
    bytes_from_integer(header, 4, (uint32_t)type, true);
    bytes_from_integer(header + 4, 4, (uint32_t)value, true);
}
