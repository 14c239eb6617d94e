#include "launcher/imd/command.h"

#include "launcher/imd/bytes.h"

enum { BYTES_OF_FORCE = 4 + 3 * 4 /* index, x, y, z */ };

enum imd_type command_type(const unsigned char header[IMD_HEADER_SIZE])
{
    return (enum imd_type)bytes_to_integer(header, 4, true);
}

static size_t size_of_forces(int32_t count, int32_t atoms)
{
    int32_t most = atoms > COMMAND_LEAST_FORCES ? atoms : COMMAND_LEAST_FORCES;

    if (count < 0 || count > most)
        return 0;
    return IMD_HEADER_SIZE + (size_t)count * BYTES_OF_FORCE;
}

size_t command_size(const unsigned char header[IMD_HEADER_SIZE], int32_t atoms)
{
    switch (bytes_to_integer(header, 4, true)) {
    case IMD_DISCONNECT:
    case IMD_GO:
    case IMD_KILL:
    case IMD_PAUSE:
    case IMD_TRATE:
    case IMD_RESUME:
    case IMD_WAIT:
        return IMD_HEADER_SIZE;
    case IMD_MDCOMM:
        return size_of_forces((int32_t)bytes_to_integer(header + 4, 4, true), atoms);
    default:
        return 0;
    }
}

/* Version 2 says PAUSE for both. Between equal versions the header stays as it is. */
static void write_pause(const struct steering *steering, unsigned char *header, bool pause)
{
    enum imd_type type = pause || steering->engine == 2 ? IMD_PAUSE : IMD_RESUME;

    if (command_type(header) != type)
        imd_encode_header(header, type, 0);
}

static bool translate_pause(struct steering *steering, unsigned char *header, bool pause)
{
    bool changes = pause != steering->paused;

    steering->paused = pause;
    if (!changes && steering->engine == 2)
        return false; /* it would do the contrary */
    write_pause(steering, header, pause);
    return true;
}

bool command_translate(struct steering *steering, unsigned char header[IMD_HEADER_SIZE])
{
    switch (command_type(header)) {
    case IMD_PAUSE:
        return translate_pause(steering, header, steering->client == 3 || !steering->paused);
    case IMD_RESUME:
        return translate_pause(steering, header, false);
    case IMD_WAIT:
        return steering->engine == 3;
    default:
        return true;
    }
}

bool command_resume(struct steering *steering, unsigned char header[IMD_HEADER_SIZE])
{
    if (!steering->paused)
        return false;
    imd_encode_header(header, IMD_RESUME, 0);
    return translate_pause(steering, header, false);
}
