/*
 * The terminal on standard input, set so that each key can be read as it is typed.
 *
 * Only while we are in its foreground: in the background the kernel stops who reads or sets it,
 * and it is the shell's. It is given back before a signal from it stops or ends us (Ctrl-Z,
 * Ctrl-\), and whenever the owner says so.
 */
#ifndef IMDSHIM_LAUNCHER_COMMANDS_KEYBOARD_H
#define IMDSHIM_LAUNCHER_COMMANDS_KEYBOARD_H

#include <stdbool.h>
#include <stddef.h>
#include <termios.h>

struct keyboard {
    bool there; /* standard input is a terminal */
    bool taken; /* it gives us each key: it may be polled */
    bool known; /* before is set */
    struct termios before;
};

/* The signals that the owner has to read and hand to keyboard_signal(); 0 is the last. */
extern const int keyboard_signals[];

void keyboard_start(struct keyboard *keyboard);

/* Take the terminal if we have come to its foreground, let it be if we have left that. */
void keyboard_follow(struct keyboard *keyboard);

/* One of keyboard_signals has come. Returns when we go on. */
void keyboard_signal(struct keyboard *keyboard, int signal);

/* What has been typed; how many keys. Does not wait if the terminal is taken. */
size_t keyboard_read(char *keys, size_t size);

void keyboard_give_back(struct keyboard *keyboard);

#endif
