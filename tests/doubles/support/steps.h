/*
 * The steps of tests/doubles/engine.c, which lists them, by what they are about. What fails
 * ends the engine with 99.
 */
#ifndef IMDSHIM_TESTS_DOUBLES_STEPS_H
#define IMDSHIM_TESTS_DOUBLES_STEPS_H

#include <stdbool.h>

enum { FAILED = 99, SENTINEL = 4711 /* an errno that no call sets */ };

/* What the steps share. */
struct engine {
    int socket, previous; /* the one that the steps are about, and the one before it; or -1 */
    int client;           /* that was accepted last */
    const char *address;  /* in front of the steps, or NULL */
    unsigned port;
};
extern struct engine engine;

struct step {
    const char *name;
    void (*act)(const char *value); /* what is behind the "=", or "" */
};

/* Each table ends with a name of NULL. */
extern const struct step socket_steps[], wait_steps[], sleep_steps[], process_steps[],
    accept_steps[], descriptor_steps[];

void must(bool good, const char *what);

/* The calls above leave errno alone if they succeed: this says so before and after them. */
void must_leave_errno(const char *what);
void steps_run(char **steps);
void steps_run_rest(void); /* those behind the one that runs now */

#endif
