/*
 * A command on a pseudo-terminal of its own: a new session whose foreground process group gets
 * what is typed, as in a terminal window.
 */
#ifndef IMDSHIM_TESTS_TERMINAL_H
#define IMDSHIM_TESTS_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct terminal {
    pid_t pid;
    int fd;
    size_t length;
    char screen[65536]; /* all that was printed since the last match */
    bool ended;
    int wait_status;
};

/* sh -c, or an interactive "bash --norc -i" for job control if command is NULL. */
void terminal_start(struct terminal *terminal, const char *command);

void terminal_type(struct terminal *terminal, const char *text); /* "\003" is Ctrl-C */

/* Read until the screen contains the text after what was there at the last call's match. */
bool terminal_wait_for(struct terminal *terminal, const char *text);

/* It gives the program each key, without an echo; or lines, and echoes them. */
bool terminal_gives_keys(const struct terminal *terminal);
bool terminal_gives_lines(const struct terminal *terminal);

/* Read until the command has ended. The test fails after 30 seconds. */
void terminal_finish(struct terminal *terminal);

#endif
