/*
 * What clients send: any headers, for engines of either version.
 */
#include "launcher/imd/command.h"

#include "tests/fuzz/support/fuzz.h"

/* A client of its version knows no other commands; of WAIT and RESUME version 2 has none. */
static void demand_known_to(int engine, const uint8_t *header)
{
    enum imd_type type = command_type(header);

    DEMAND(command_size(header, IMD_MOST_ATOMS) > 0);
    DEMAND(engine == 3 || (type != IMD_WAIT && type != IMD_RESUME));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct input input = {bytes, size};
    unsigned seed = take_byte(&input);
    struct steering steering = {.client = seed & 1 ? 2 : 3, .engine = seed & 2 ? 2 : 3};
    int32_t atoms = (int32_t)(take_number(&input, 4) % (IMD_MOST_ATOMS + 1));
    bool paused = false; /* as a version 2 engine counts it */

    while (input.left >= IMD_HEADER_SIZE) {
        size_t length = IMD_HEADER_SIZE;
        uint8_t *header = fuzz_block(take_bytes(&input, &length), IMD_HEADER_SIZE);
        size_t whole = command_size(header, atoms);

        DEMAND(whole == 0 || whole >= IMD_HEADER_SIZE);
        DEMAND(whole <= IMD_HEADER_SIZE + (size_t)IMD_MOST_ATOMS * 16);
        if (whole > 0 && command_translate(&steering, header)) {
            demand_known_to(steering.engine, header);
            paused ^= steering.engine == 2 && command_type(header) == IMD_PAUSE;
        }
        DEMAND(steering.engine == 3 || steering.paused == paused);
        free(header);
    }
    return 0;
}
