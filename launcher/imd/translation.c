#include "launcher/imd/translation.h"

#include <string.h>

#include "launcher/imd/bytes.h"

/* Places in the body of SESSIONINFO. */
enum { HAS_TIME, HAS_ENERGIES, HAS_BOX, HAS_COORDINATES };

static bool is_identity(const struct translation *translation, const struct imd *imd)
{
    return translation->version == imd->version;
}

static void put(struct piece *piece, unsigned char *out, const void *bytes, size_t length)
{
    memcpy(out + piece->put, bytes, length);
    piece->put += length;
}

static void put_packet(struct piece *piece, unsigned char *out, enum imd_type type,
                       const void *body, size_t length)
{
    unsigned char header[IMD_HEADER_SIZE];

    imd_encode_header(header, type, 1);
    put(piece, out, header, sizeof header);
    put(piece, out, body, length);
}

/* The step of ENERGIES has 32 bits, that of TIME 64. */
static void put_time(const struct translation *translation, const struct imd *imd,
                     struct piece *piece, unsigned char *out)
{
    bool big = imd->big_endian;
    int64_t step = (int32_t)bytes_to_integer(translation->energies, sizeof(int32_t), big) -
                   (int64_t)translation->step_ahead;
    unsigned char body[IMD_TIME_SIZE];

    bytes_from_double(body, translation->time_step, big);
    bytes_from_double(body + 8, translation->time_step * (double)step, big);
    bytes_from_integer(body + 16, sizeof step, (uint64_t)step, big);
    put_packet(piece, out, IMD_TIME, body, sizeof body);
}

static void announce(struct translation *translation, bool energies)
{
    translation->session[HAS_COORDINATES] = 1;
    translation->session[HAS_ENERGIES] = energies;
    translation->session[HAS_TIME] = energies && translation->time_step > 0;
    translation->known = true;
}

void translation_presume(struct translation *translation)
{
    announce(translation, translation->has_energies);
}

/* The header of FCOORDS of version 2: the frame's other packets are put before it. */
static void begin_frame(struct translation *translation, const struct imd *imd,
                        struct piece *piece, unsigned char *out)
{
    if (!translation->known)
        announce(translation, translation->has_energies);
    translation->passes = translation->has_energies || !translation->session[HAS_ENERGIES];
    translation->left_out += !translation->passes;
    if (!translation->passes)
        return;
    piece->begins = true;
    if (translation->session[HAS_TIME])
        put_time(translation, imd, piece, out);
    if (translation->session[HAS_ENERGIES])
        put_packet(piece, out, IMD_ENERGIES, translation->energies, IMD_ENERGIES_SIZE);
    put(piece, out, imd->kept, IMD_HEADER_SIZE);
    translation->has_energies = false;
}

/*
 * In version 2 either packet may be missing, for each has an interval of its own: ENERGIES
 * begins a frame even if none has been completed since the last ones.
 */
static void pass_header(struct translation *translation, const struct imd *imd,
                        struct piece *piece, unsigned char *out)
{
    bool in_both = imd->type == IMD_ENERGIES || imd->type == IMD_FCOORDS;

    translation->passes =
        imd->type != IMD_SESSIONINFO && (in_both || is_identity(translation, imd));
    if (!translation->passes)
        return;
    piece->begins =
        !translation->in_frame || (translation->version == 2 && imd->type == IMD_ENERGIES);
    translation->in_frame = true;
    put(piece, out, imd->kept, IMD_HEADER_SIZE);
}

static void take_header(struct translation *translation, const struct imd *imd,
                        struct piece *piece, unsigned char *out)
{
    bool from_2_to_3 = imd->version == 2 && translation->version == 3;

    if (from_2_to_3 && imd->type == IMD_FCOORDS)
        begin_frame(translation, imd, piece, out);
    else if (from_2_to_3)
        translation->passes = false; /* ENERGIES: kept, for TIME comes before it */
    else
        pass_header(translation, imd, piece, out);
}

static void finish_body(struct translation *translation, const struct imd *imd,
                        const struct piece *piece)
{
    if (piece->news & IMD_FRAMED)
        translation->in_frame = false;
    if (imd->type == IMD_SESSIONINFO)
        memcpy(translation->session, imd->kept, IMD_SESSION_SIZE);
    if (imd->type == IMD_ENERGIES) {
        memcpy(translation->energies, imd->kept, IMD_ENERGIES_SIZE);
        translation->has_energies = true;
    }
}

struct piece translation_take(struct translation *translation, struct imd *imd,
                              const unsigned char *bytes, size_t length, unsigned char *out)
{
    bool in_header = imd->part == IN_HEADER, passes = !in_header && translation->passes;
    struct piece piece = {0};

    piece.taken = imd_take(imd, bytes, length, &piece.news);
    if (piece.taken == 0 || (piece.news & IMD_FAILED))
        return piece;
    if (passes && out != bytes)
        memcpy(out, bytes, piece.taken);
    if (passes)
        piece.put = piece.taken;
    if (in_header && imd->part != IN_HEADER)
        take_header(translation, imd, &piece, out);
    else if (!in_header && imd->part == IN_HEADER)
        finish_body(translation, imd, &piece);
    else if ((piece.news & IMD_LEFT) && is_identity(translation, imd))
        put(&piece, out, imd->kept, IMD_HEADER_SIZE);
    if ((piece.news & IMD_GREETED) && (imd->version == 3 || translation->version == 2))
        translation->known = true;
    else if ((piece.news & IMD_GREETED) && translation->sends_energies)
        announce(translation, true);
    return piece;
}

size_t translation_break(const struct translation *translation, const struct imd *imd,
                         unsigned char out[IMD_HEADER_SIZE])
{
    bool in_header = imd->part == IN_HEADER;
    bool in_packet = !in_header && translation->passes;
    bool in_frame = translation->version == 3 && translation->in_frame;
    size_t length = in_header && is_identity(translation, imd) ? imd->filled : 0;

    memcpy(out, imd->kept, length);
    if (length > 0 || in_packet || in_frame || imd->frames == 0)
        return length;
    imd_encode_header(out, IMD_FCOORDS, 0);
    return IMD_HEADER_SIZE / 2;
}

uint64_t translation_room(const struct translation *translation, const struct imd *imd,
                          size_t *held)
{
    bool in_header = imd->part == IN_HEADER;

    *held = in_header ? imd->filled : 0;
    if (imd->greeted && is_identity(translation, imd))
        return UINT64_MAX;
    return !in_header && translation->passes ? imd->left : 0;
}

size_t translation_greet(const struct translation *translation, const struct imd *imd,
                         unsigned char out[TRANSLATION_GREETING])
{
    imd_encode_header(out, IMD_HANDSHAKE, 0);
    bytes_from_integer(out + 4, 4, (uint64_t)translation->version, imd->big_endian);
    if (translation->version == 2)
        return IMD_HEADER_SIZE;
    imd_encode_header(out + IMD_HEADER_SIZE, IMD_SESSIONINFO, IMD_SESSION_SIZE);
    memcpy(out + 2 * IMD_HEADER_SIZE, translation->session, IMD_SESSION_SIZE);
    return TRANSLATION_GREETING;
}
