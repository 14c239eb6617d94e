#include "launcher/container/words.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "launcher/base/say.h"
#include "launcher/base/status.h"

static void *or_die(void *memory)
{
    if (memory == NULL)
        die_error(STATUS_FAILED, errno, "cannot write the command for the container");
    return memory;
}

/* Takes the word, which is from malloc(3). */
static void take(struct words *words, char *word)
{
    if (words->count + 1 >= words->room) {
        words->room = words->room > 0 ? 2 * words->room : 32;
        words->list = or_die(realloc(words->list, words->room * sizeof *words->list));
    }
    words->list[words->count++] = or_die(word);
    words->list[words->count] = NULL;
}

void words_add(struct words *words, const char *word)
{
    take(words, strdup(word));
}

void words_add_all(struct words *words, const char *const *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        words_add(words, list[i]);
}

void words_add_list(struct words *words, const char *const *list)
{
    for (; *list != NULL; list++)
        words_add(words, *list);
}

void words_format(struct words *words, const char *format, ...)
{
    va_list arguments;
    char *word;

    va_start(arguments, format);
    if (vasprintf(&word, format, arguments) < 0)
        word = NULL;
    va_end(arguments);
    take(words, word);
}

/* What stands behind "NAME="; NULL if it is another variable. */
static const char *value_of(const char *entry, const char *name)
{
    size_t length = strlen(name);

    return strncmp(entry, name, length) == 0 && entry[length] == '=' ? entry + length + 1
                                                                     : NULL;
}

void words_unset(struct words *environment, const char *name)
{
    size_t kept = 0;

    for (size_t i = 0; i < environment->count; i++)
        if (value_of(environment->list[i], name) != NULL)
            free(environment->list[i]);
        else
            environment->list[kept++] = environment->list[i];
    environment->count = kept;
    if (environment->list != NULL)
        environment->list[kept] = NULL;
}

void words_set(struct words *environment, const char *name, const char *value)
{
    words_unset(environment, name);
    words_format(environment, "%s=%s", name, value);
}

const char *words_value(const char *const *environment, const char *name)
{
    for (; *environment != NULL; environment++) {
        const char *value = value_of(*environment, name);

        if (value != NULL)
            return value;
    }
    return NULL;
}

void words_free(struct words *words)
{
    for (size_t i = 0; i < words->count; i++)
        free(words->list[i]);
    free(words->list);
    *words = (struct words){.list = NULL};
}
