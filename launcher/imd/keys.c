#include "launcher/imd/keys.h"

#include <stdio.h>

#include "launcher/libc/bsd.h"

enum { SLOWEST = 1 << 30 /* steps */ };

const char keys_help[] = "space  pause the run, or let it go on\n"
                         "+ -    frames twice or half as often\n"
                         "k      end the run, once y has confirmed it\n"
                         "q      leave; the run goes on\n";

/* Version 3 has words for all; command_translate() knows what version 2 says for them. */
void keys_start(struct keys *keys)
{
    *keys = (struct keys){.steering = {.client = 3}};
}

static enum key_action ask(struct keys *keys, const struct imd *imd, enum imd_type type,
                           int32_t value, unsigned char *header)
{
    keys->steering.engine = imd->version;
    imd_encode_header(header, type, value);
    return command_translate(&keys->steering, header) ? KEY_SEND : KEY_NONE;
}

static enum key_action pause_or_resume(struct keys *keys, const struct imd *imd,
                                       unsigned char *header)
{
    bool pauses = !keys->steering.paused;

    strlcpy(keys->asked, pauses ? "pause" : "resume", sizeof keys->asked);
    return ask(keys, imd, pauses ? IMD_PAUSE : IMD_RESUME, 0, header);
}

/* From what was asked for last, or what comes; every step, if the engine does not tell steps. */
static int32_t steps_now(const struct keys *keys, const struct imd *imd)
{
    if (keys->every > 0)
        return keys->every;
    return imd->stride > 0 && imd->stride <= SLOWEST ? (int32_t)imd->stride : 1;
}

static enum key_action change_rate(struct keys *keys, const struct imd *imd, bool more,
                                   unsigned char *header)
{
    int32_t every = steps_now(keys, imd);

    if (more)
        every = every > 1 ? every / 2 : 1;
    else if (every <= SLOWEST / 2)
        every *= 2;
    keys->every = every;
    snprintf(keys->asked, sizeof keys->asked, every == 1 ? "every step" : "every %d steps",
             (int)every);
    return ask(keys, imd, IMD_TRATE, every, header);
}

/* Not the same key again: a key that is held down repeats itself. */
static enum key_action confirm(struct keys *keys, char key, unsigned char *header)
{
    keys->confirming = false;
    if (key != 'y' && key != 'Y')
        return KEY_NONE;
    strlcpy(keys->asked, "end of the run", sizeof keys->asked);
    imd_encode_header(header, IMD_KILL, 0);
    return KEY_END;
}

enum key_action keys_take(struct keys *keys, char key, const struct imd *imd,
                          unsigned char header[IMD_HEADER_SIZE])
{
    if (keys->confirming)
        return confirm(keys, key, header);
    switch (key) {
    case ' ':
        return pause_or_resume(keys, imd, header);
    case '+':
    case '-':
        return change_rate(keys, imd, key == '+', header);
    case 'k':
    case 'K':
        keys->confirming = true;
        return KEY_NONE;
    case 'q':
    case 'Q':
        return KEY_LEAVE;
    case '?':
        return KEY_HELP;
    default:
        return KEY_NONE;
    }
}
