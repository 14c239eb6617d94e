#include "launcher/commands/keyboard.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "launcher/base/signals.h"

const int keyboard_signals[] = {SIGTSTP, SIGCONT, SIGQUIT, 0};

void keyboard_start(struct keyboard *keyboard)
{
    *keyboard = (struct keyboard){.there = isatty(STDIN_FILENO)};
}

/* Not of a terminal that has hung up. */
static bool in_foreground(void)
{
    return tcgetpgrp(STDIN_FILENO) == getpgrp();
}

/*
 * After a SIGSTOP the terminal may still be as we had set it, if the shell has not set it for
 * itself: that is not to be given back. What was typed before it was ours is no key.
 */
static void take(struct keyboard *keyboard)
{
    struct termios now;

    if (tcgetattr(STDIN_FILENO, &now) != 0)
        return;
    if (!keyboard->known || (now.c_lflag & ICANON) != 0)
        keyboard->before = now;
    keyboard->known = true;
    now.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
    now.c_cc[VMIN] = 0; /* who else reads the same terminal must not make us wait */
    now.c_cc[VTIME] = 0;
    tcflush(STDIN_FILENO,
            TCIFLUSH); /* TCSAFLUSH would wait for output that Ctrl-S has stopped */
    keyboard->taken = tcsetattr(STDIN_FILENO, TCSANOW, &now) == 0;
}

void keyboard_follow(struct keyboard *keyboard)
{
    if (!keyboard->there)
        return;
    if (!in_foreground())
        keyboard->taken = false;
    else if (!keyboard->taken)
        take(keyboard);
}

void keyboard_give_back(struct keyboard *keyboard)
{
    if (keyboard->taken && in_foreground())
        tcsetattr(STDIN_FILENO, TCSANOW, &keyboard->before);
    keyboard->taken = false;
}

/* SIGCONT: it may have been a SIGSTOP before, of which nobody is told. */
void keyboard_signal(struct keyboard *keyboard, int signal)
{
    if (signal == SIGCONT) {
        keyboard->taken = false;
        return;
    }
    keyboard_give_back(keyboard);
    signals_raise_unblocked(signal);
}

/* A key that is no character sends several, from an escape on: their letters are no keys. */
size_t keyboard_read(char *keys, size_t size)
{
    ssize_t got = read(STDIN_FILENO, keys, size);
    const char *escape = got > 0 ? memchr(keys, '\033', (size_t)got) : NULL;

    if (escape != NULL)
        return (size_t)(escape - keys);
    return got > 0 ? (size_t)got : 0;
}
