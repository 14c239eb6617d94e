#include "launcher/preload/shell_line.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum {
    WORDS = 64, /* of a command, that are kept: prefixes, and what they start */
    DEPTH = 8,  /* commands that are substituted in commands */
};

struct reader {
    char *at; /* what comes next in the line */
    char *to; /* where the next word is put together */
    const char *words[WORDS + 1];
    int count;
    void (*take)(const char *const *words, void *with);
    void *with;
    int depth;
};

static void read_to_depth(const char *line, const struct reader *outer);

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
static bool take_substitution(struct reader *reader)
{
    char open = *reader->at, *start, *end, closing;

    if (open != '`' && (open != '$' || reader->at[1] != '('))
        return false;
    start = reader->at + (open == '`' ? 1 : 2);
    end = end_of_substitution(start, open);
    closing = *end;
    *end = '\0';
    read_to_depth(start, reader);
    *end = closing;
    reader->at = closing != '\0' ? end + 1 : end;
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
        if (quote != '\'' && take_substitution(reader))
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

/* Redirections name files: "2>&1", ">log", "< in". Their number is a word before. */
static void skip_redirection(struct reader *reader)
{
    const char *last = reader->count > 0 ? reader->words[reader->count - 1] : "x";

    if (last[strspn(last, "0123456789")] == '\0')
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

/* A word has its NUL more than it takes of the line, and each but the last something behind. */
static void read_to_depth(const char *line, const struct reader *outer)
{
    size_t size = strlen(line) + 1;
    char *copy = outer->depth < DEPTH ? malloc(2 * size) : NULL;
    struct reader reader = {
        .at = copy, .take = outer->take, .with = outer->with, .depth = outer->depth + 1};

    if (copy == NULL)
        return;
    memcpy(copy, line, size);
    reader.to = copy + size;
    read_line(&reader);
    free(copy);
}

void shell_line_read(const char *line, void (*take)(const char *const *words, void *with),
                     void *with)
{
    const struct reader outermost = {.take = take, .with = with};

    read_to_depth(line, &outermost);
}
