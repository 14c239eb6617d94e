/*
 * The translation of what an engine sends: any bytes, cut anywhere, to either version.
 *
 * What is put is itself a stream of the version that was asked for: the decoder takes it, and
 * finds no more frames in it than the engine sent.
 */
#include "launcher/imd/translation.h"

#include "tests/fuzz/support/fuzz.h"

enum { MOST_INPUT = 4096, MOST_OUTPUT = MOST_INPUT * 8 };

struct output {
    struct translation translation;
    struct imd imd;
    uint8_t bytes[MOST_OUTPUT];
    size_t length;
    uint64_t begins;
};

static void keep(struct output *output, const uint8_t *bytes, const struct piece *piece)
{
    DEMAND(output->length + piece->put <= sizeof output->bytes);
    DEMAND(!piece->begins || piece->put > 0);
    memcpy(output->bytes + output->length, bytes, piece->put);
    output->length += piece->put;
    output->begins += piece->begins;
}

static void translate(struct output *output, const uint8_t *bytes, size_t size, unsigned seed,
                      size_t most)
{
    imd_start(&output->imd);
    for (size_t at = 0; at < size;) {
        size_t length = next_piece(&seed, most, size - at);
        uint8_t *in = fuzz_block(bytes + at, length), *out = malloc(length + TRANSLATION_ADDED);
        struct piece piece =
            translation_take(&output->translation, &output->imd, in, length, out);

        DEMAND(piece.taken <= length && piece.put <= piece.taken + TRANSLATION_ADDED);
        keep(output, out, &piece);
        free(in);
        free(out);
        at += piece.taken;
        if (piece.taken == 0 || (piece.news & (IMD_FAILED | IMD_LEFT)))
            break;
    }
}

/* What a client gets, decoded. */
static void demand_readable(const struct output *output)
{
    unsigned char greeting[TRANSLATION_GREETING];
    size_t length = translation_greet(&output->translation, &output->imd, greeting);
    struct imd client;

    imd_start(&client);
    DEMAND(imd_feed(&client, greeting, length) & IMD_GREETED);
    DEMAND(client.version == output->translation.version);
    DEMAND((imd_feed(&client, output->bytes, output->length) & IMD_FAILED) == 0);
    DEMAND(client.big_endian == output->imd.big_endian);
    /* The last one need not be complete. */
    DEMAND(client.frames + output->translation.left_out <= output->imd.frames + 1);
    DEMAND(output->begins >= client.frames);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static struct output whole, parts;
    uint8_t last[IMD_HEADER_SIZE];
    struct input input = {bytes, size};
    unsigned seed = take_byte(&input);
    struct translation wanted = {.version = seed & 1 ? 2 : 3,
                                 .time_step = seed & 2 ? 0.5 : 0,
                                 .sends_energies = (seed & 64) != 0};

    if (input.left > MOST_INPUT)
        return 0;
    whole.length = parts.length = whole.begins = parts.begins = 0;
    whole.translation = parts.translation = wanted;
    translate(&whole, input.at, input.left, seed, input.left + 1);
    translate(&parts, input.at, input.left, seed, 1 + seed % 40);
    DEMAND(whole.length == parts.length && whole.begins == parts.begins);
    DEMAND(memcmp(whole.bytes, parts.bytes, whole.length) == 0);
    DEMAND(whole.translation.known == parts.translation.known);
    DEMAND(strcmp(whole.imd.error, parts.imd.error) == 0);
    DEMAND(whole.translation.known || whole.length == 0);
    if (whole.translation.known)
        demand_readable(&whole);
    DEMAND(translation_break(&whole.translation, &whole.imd, last) <= sizeof last);
    return 0;
}
