/*
 * The IMD decoder: a stream of any bytes, cut anywhere.
 */
#include "launcher/imd/imd.h"

#include "tests/fuzz/support/fuzz.h"

static unsigned feed(struct imd *imd, const uint8_t *bytes, size_t size, unsigned seed,
                     size_t most)
{
    unsigned news = 0;

    imd_start(imd);
    for (size_t at = 0, length; at < size; at += length) {
        uint8_t *piece;

        length = next_piece(&seed, most, size - at);
        piece = fuzz_block(bytes + at, length);
        news |= imd_feed(imd, piece, length);
        free(piece);
    }
    return news;
}

static bool same_bits(const void *a, const void *b, size_t size)
{
    return memcmp(a, b, size) == 0;
}

static void demand_same(const struct imd *a, const struct imd *b)
{
    DEMAND(a->version == b->version && a->big_endian == b->big_endian);
    DEMAND(a->greeted == b->greeted && a->has_step == b->has_step);
    DEMAND(a->has_time == b->has_time && a->has_energies == b->has_energies);
    DEMAND(a->atoms == b->atoms && a->frames == b->frames && a->bytes == b->bytes);
    DEMAND(a->step == b->step && same_bits(&a->time, &b->time, sizeof a->time));
    DEMAND(same_bits(&a->temperature, &b->temperature, sizeof a->temperature));
    DEMAND(same_bits(&a->total, &b->total, sizeof a->total));
    DEMAND(same_bits(&a->potential, &b->potential, sizeof a->potential));
    DEMAND(strcmp(a->error, b->error) == 0 && a->part == b->part && a->left == b->left);
    DEMAND(a->filled == b->filled && a->announced == b->announced);
    DEMAND(a->place == b->place && a->gone == b->gone);
}

static void demand_in_range(const struct imd *imd, size_t size, unsigned news)
{
    DEMAND(imd->version == 0 || imd->version == 2 || imd->version == 3);
    DEMAND(imd->atoms >= 0 && imd->atoms <= IMD_MOST_ATOMS);
    DEMAND(imd->bytes <= size && (imd->left > 0 || imd->error[0] != '\0'));
    DEMAND(imd->frames <= imd->bytes / IMD_HEADER_SIZE);
    DEMAND(IS_STRING(imd->error) && is_printable(imd->error));
    DEMAND(((news & IMD_FAILED) != 0) == (imd->error[0] != '\0'));
    DEMAND(((news & IMD_GREETED) != 0) == imd->greeted);
    DEMAND(((news & IMD_FRAMED) != 0) == (imd->frames > 0));
    DEMAND(((news & IMD_LEFT) != 0) == imd->gone);
    DEMAND(imd->error[0] != '\0' || imd->gone || imd->bytes == size);
}

/* A packet of ours, read back: type and value, both big-endian. */
static void demand_header(const struct imd *imd)
{
    unsigned char *header = malloc(IMD_HEADER_SIZE);

    imd_encode_header(header, IMD_TRATE, imd->atoms);
    DEMAND(header[0] == 0 && header[1] == 0 && header[2] == 0 && header[3] == IMD_TRATE);
    DEMAND(((int32_t)header[4] << 24 | header[5] << 16 | header[6] << 8 | header[7]) ==
           imd->atoms);
    free(header);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct input input = {bytes, size};
    unsigned seed = take_byte(&input), news;
    struct imd whole, parts;
    bool ended;

    news = feed(&whole, input.at, input.left, seed, input.left + 1);
    DEMAND(feed(&parts, input.at, input.left, seed, 1 + seed % 40) == news);
    demand_same(&whole, &parts);
    demand_in_range(&whole, input.left, news);
    demand_header(&whole);
    ended = imd_end(&whole);
    DEMAND(ended == (whole.error[0] == '\0') && is_printable(whole.error));
    DEMAND(imd_end(&parts) == ended && strcmp(parts.error, whole.error) == 0);
    return 0;
}
