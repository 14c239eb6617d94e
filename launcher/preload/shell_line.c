#include "launcher/preload/shell_line.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { WORDS = 64 /* of a command, that are kept: prefixes, and what they start */ };

struct reader {
    char *at; /* what comes next in the line */
    char *to; /* where the next word is put together */
    const char *words[WORDS + 1];
    int count;
    void (*take)(const char *const *words, void *with);
    void *with;
    struct shell_lines *lines;
};

static void add_word(struct reader *reader, const char *word)
{
    if (reader->count < WORDS)
        reader->words[reader->count++] = word;
    reader->words[reader->count] = NULL;
}

static void end_command(struct reader *reader)
{
    if (reader->count > 0)
        reader->take(reader->words, reader->with);
    reader->count = 0;
    reader->words[0] = NULL;
}

/* The end of "$(...)" or "`...`"; of the line if it is not closed. */
static char *end_of_substitution(char *start, char open)
{
    int parentheses = 1;

    for (; *start != '\0'; start++) {
        if (open == '`' ? *start == '`' : *start == ')' && --parentheses == 0)
            break;
        parentheses += *start == '(';
    }
    return start;
}

/* True if there is a command that is substituted: it is a line of its own. */
static bool skip_substitution(struct reader *reader)
{
    char open = *reader->at, *start, *end;

    if (open != '`' && (open != '$' || reader->at[1] != '('))
        return false;
    start = reader->at + (open == '`' ? 1 : 2);
    end = end_of_substitution(start, open);
    shell_lines_add(reader->lines, start, (size_t)(end - start));
    reader->at = *end != '\0' ? end + 1 : end;
    return true;
}

/* A word without its quotes. */
static char *take_word(struct reader *reader)
{
    char quote = '\0', *word = reader->to;

    while (*reader->at != '\0') {
        char c = *reader->at;

        if (quote == '\0' && strchr(" \t<>;&|()\n", c) != NULL)
            break;
        if (quote != '\'' && skip_substitution(reader))
            continue;
        reader->at++;
        if (quote != '\0' ? c == quote : c == '\'' || c == '"')
            quote = quote != '\0' ? '\0' : c;
        else if (c == '\\' && quote != '\'' && *reader->at != '\0')
            *reader->to++ = *reader->at++;
        else
            *reader->to++ = c;
    }
    *reader->to++ = '\0';
    return word;
}

static bool is_number(const char *word)
{
    return word[strspn(word, "0123456789")] == '\0';
}

/* Redirections name files: "2>&1", ">log", "< in". Their number is a word before. */
static void skip_redirection(struct reader *reader)
{
    if (reader->count > 0 && is_number(reader->words[reader->count - 1]))
        reader->words[--reader->count] = NULL;
    reader->at += strspn(reader->at, "<>&|");
    reader->at += strspn(reader->at, " \t");
    reader->to = take_word(reader);
}

static void read_line(struct reader *reader)
{
    while (*reader->at != '\0') {
        char c = *reader->at;

        if (c == ' ' || c == '\t') {
            reader->at++;
        } else if (strchr(";&|()\n", c) != NULL) {
            end_command(reader);
            reader->at++;
        } else if (c == '<' || c == '>') {
            skip_redirection(reader);
        } else if (c == '#') {
            reader->at += strcspn(reader->at, "\n");
        } else {
            add_word(reader, take_word(reader));
        }
    }
    end_command(reader);
}

void shell_lines_add(struct shell_lines *lines, const char *line, size_t length)
{
    char *copy = lines->count < SHELL_LINES ? strndup(line, length) : NULL;

    if (copy != NULL)
        lines->line[lines->count++] = copy;
}

void shell_lines_free(struct shell_lines *lines)
{
    for (int i = 0; i < lines->count; i++)
        free(lines->line[i]);
    lines->count = lines->next = 0;
}

/*
 * Words are put together in a buffer of the line's size: each needs one byte more than in the
 * line, its NUL, and all but the last have a separator behind them.
 */
int shell_lines_read(struct shell_lines *lines,
                     void (*take)(const char *const *words, void *with), void *with)
{
    struct reader reader = {.take = take, .with = with, .lines = lines};
    char *buffer;

    if (lines->next == lines->count)
        return 0;
    reader.at = lines->line[lines->next++];
    buffer = malloc(strlen(reader.at) + 1);
    if (buffer == NULL)
        return 0;
    reader.to = buffer;
    read_line(&reader);
    free(buffer);
    return 1;
}
