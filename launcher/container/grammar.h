/*
 * The options of another program's command line, and where they end. Pure.
 *
 * Whether an option takes a value has to be known: its value is else taken for the first
 * operand. So an option that the grammar does not have ends the reading.
 */
#ifndef IMDSHIM_LAUNCHER_CONTAINER_GRAMMAR_H
#define IMDSHIM_LAUNCHER_CONTAINER_GRAMMAR_H

#include <stddef.h>

/* Names are parted by blanks, with one before the first and one behind the last. */
struct grammar {
    const char *flags;      /* that take no value in the next word; "=VALUE" may follow */
    const char *with_value; /* "--name VALUE", "--name=VALUE"; "-n VALUE", "-nVALUE" */
    const char *with_two;   /* "--name VALUE VALUE" */
    const char *with_three; /* and so on; NULL: there is none */
};

enum reading { READ_OPTION, READ_END, READ_UNKNOWN };

/* Begin with the first word that may be an option; the rest is 0. */
struct reader {
    const struct grammar *grammar;
    const char *const *next; /* word; at READ_END the first operand, "--", or the NULL */
    const char *letters;     /* what is left of "-abc" */
    /* Of READ_OPTION: its name without dashes, and its value; NULL: none. */
    char name[32];
    const char *value;
    const char *const *words; /* its first word */
};

enum reading reader_next(struct reader *reader);

/* Is it one of these names, " name name "? */
int grammar_lists(const char *names, const char *name);

#endif
