#include "launcher/container/grammar.h"

#include <string.h>

#include "launcher/libc/bsd.h"

int grammar_lists(const char *names, const char *name)
{
    size_t length = strlen(name);

    if (names == NULL || length == 0 || strchr(name, ' ') != NULL)
        return 0;
    for (const char *at = names; (at = strstr(at, name)) != NULL; at++)
        if (at > names && at[-1] == ' ' && at[length] == ' ')
            return 1;
    return 0;
}

/* How many values it takes; -1 if it is not known. */
static int count_values(const struct grammar *grammar, const char *name)
{
    const char *const lists[] = {grammar->flags, grammar->with_value, grammar->with_two,
                                 grammar->with_three};

    for (int count = 0; count < 4; count++)
        if (grammar_lists(lists[count], name))
            return count;
    return -1;
}

/* Its values stand in the next words. */
static enum reading take_values(struct reader *reader, int count)
{
    reader->value = count > 0 ? *reader->next : NULL;
    for (; count > 0; count--)
        if (*reader->next++ == NULL) {
            reader->next--;
            return READ_UNKNOWN;
        }
    return READ_OPTION;
}

static enum reading read_long(struct reader *reader, const char *word)
{
    size_t length = strcspn(word, "=");
    int count;

    if (length >= sizeof reader->name)
        return READ_UNKNOWN;
    memcpy(reader->name, word, length);
    reader->name[length] = '\0';
    count = count_values(reader->grammar, reader->name);
    if (count < 0 || (count > 1 && word[length] != '\0'))
        return READ_UNKNOWN;
    if (word[length] == '\0')
        return take_values(reader, count);
    reader->value = word + length + 1;
    return READ_OPTION;
}

/* One letter of "-abc": the rest is its value if it takes one, or other letters. */
static enum reading read_letter(struct reader *reader)
{
    const char *letters = reader->letters;
    int count;

    reader->name[0] = letters[0];
    reader->name[1] = '\0';
    reader->letters = NULL;
    count = count_values(reader->grammar, reader->name);
    if (count < 0 || count > 1)
        return READ_UNKNOWN;
    if (count == 1 && letters[1] == '\0')
        return take_values(reader, 1);
    if (count == 1 || letters[1] == '=')
        reader->value = letters + 1 + (letters[1] == '=');
    else if (letters[1] != '\0')
        reader->letters = letters + 1;
    return READ_OPTION;
}

enum reading reader_next(struct reader *reader)
{
    const char *word = *reader->next;

    reader->value = NULL;
    if (reader->letters != NULL)
        return read_letter(reader);
    if (word == NULL || word[0] != '-' || word[1] == '\0' || strcmp(word, "--") == 0)
        return READ_END;
    reader->words = reader->next++;
    if (word[1] == '-')
        return read_long(reader, word + 2);
    reader->letters = word + 1;
    return read_letter(reader);
}
