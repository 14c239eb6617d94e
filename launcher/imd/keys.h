/*
 * What is typed while a run is watched, and what it asks the engine for. Pure.
 *
 * An engine does not answer a command, and may ignore it: all that is known is what was asked.
 */
#ifndef IMDSHIM_LAUNCHER_IMD_KEYS_H
#define IMDSHIM_LAUNCHER_IMD_KEYS_H

#include "launcher/imd/command.h"

enum key_action {
    KEY_NONE,
    KEY_SEND, /* a command, to the engine */
    KEY_END,  /* the same; a run that is paused has to go on before */
    KEY_LEAVE,
    KEY_HELP,
};

struct keys {
    struct steering steering;
    bool confirming; /* the end of the run is asked for: the next key says yes or no */
    int32_t every;   /* a frame was asked for every so many steps; 0: not yet */
    char asked[32];  /* the last command in words, "" = none */
};

extern const char keys_help[];

void keys_start(struct keys *keys);

/* header is the command in the version of the engine that imd has come from. */
enum key_action keys_take(struct keys *keys, char key, const struct imd *imd,
                          unsigned char header[IMD_HEADER_SIZE]);

#endif
