/*
 * A list of words that grows: a command line, or an environment. NULL-terminated.
 */
#ifndef IMDSHIM_LAUNCHER_CONTAINER_WORDS_H
#define IMDSHIM_LAUNCHER_CONTAINER_WORDS_H

#include <stddef.h>

struct words {
    char **list; /* NULL until a word is added */
    size_t count, room;
};

/* Each dies with 125 if memory ends. */
void words_add(struct words *words, const char *word);
void words_add_all(struct words *words, const char *const *list, size_t count);
void words_add_list(struct words *words, const char *const *list); /* NULL-terminated */
void words_format(struct words *words, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Set a variable of an environment: another of that name goes. */
void words_set(struct words *environment, const char *name, const char *value);
void words_unset(struct words *environment, const char *name);

/* The value of a variable in a NULL-terminated environment; NULL if it is not there. */
const char *words_value(const char *const *environment, const char *name);

void words_free(struct words *words);

#endif
