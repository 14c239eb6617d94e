/*
 * What a run says of itself: any bytes in its place, and what list prints of them.
 */
#include "launcher/commands/list.c" /* NOLINT: how it prints */

#include "tests/fuzz/support/fuzz.h"

static void demand_in_range(const struct record *record)
{
    DEMAND(record->pid > 0 && record->port <= UINT16_MAX && record->started >= 0);
    DEMAND((unsigned)record->state <= ENDING && record_state_name(record->state) != NULL);
    DEMAND(IS_STRING(record->host));
    DEMAND(IS_STRING(record->engine));
    DEMAND(IS_STRING(record->directory));
}

static void demand_comes_back(const struct record *record)
{
    char *text = malloc(RECORD_TEXT);
    struct record *back = malloc(sizeof *back);

    record_format(record, text);
    DEMAND(strchr(text, '\n') == text + strlen(text) - 1);
    DEMAND(record_parse(text, back) && is_printable(text));
    DEMAND(back->pid == record->pid && back->port == record->port);
    DEMAND(back->state == record->state && back->started == record->started);
    DEMAND(strcmp(back->host, record->host) == 0);
    DEMAND(strcmp(back->engine, record->engine) == 0);
    DEMAND(strcmp(back->directory, record->directory) == 0);
    free(back);
    free(text);
}

/* The numbers of a record are those that its text shows. */
static void demand_meant(const struct record *record, const char *line)
{
    char number[64];

    if (strchr(line, '%') != NULL)
        return;
    snprintf(number, sizeof number, "%ld", (long)record->pid);
    DEMAND(strstr(line, number) != NULL);
    snprintf(number, sizeof number, "%u", record->port);
    DEMAND(record->port == 0 || strstr(line, number) != NULL);
}

static char *print(const struct record *record, bool json)
{
    FILE *before = stdout;
    char *text = NULL;
    size_t length;

    stdout = open_memstream(&text, &length);
    DEMAND(stdout != NULL);
    if (json)
        print_json(record, 1, true);
    else
        print_row(record);
    fclose(stdout);
    stdout = before;
    return text;
}

static void demand_row(const struct record *record)
{
    char *row = print(record, false);
    size_t length = strlen(row);

    DEMAND(length > 0 && row[length - 1] == '\n');
    row[length - 1] = '\0';
    DEMAND(is_one_line(row));
    free(row);
}

/* RFC 3629: the bytes of one character, none that is too long, a surrogate or beyond. */
static int character_length(const unsigned char *at)
{
    unsigned long value = at[0];
    int length = value < 0x80 ? 1 : value >> 5 == 6 ? 2 : value >> 4 == 14 ? 3 : 4;
    static const unsigned long least[] = {0, 0, 0x80, 0x800, 0x10000};

    DEMAND(length < 4 || value >> 3 == 30);
    if (length > 1)
        value &= 0x7fU >> length;
    for (int i = 1; i < length; i++) {
        DEMAND(at[i] >> 6 == 2);
        value = value << 6 | (at[i] & 0x3f);
    }
    DEMAND(value >= least[length] && value <= 0x10ffff && (value < 0xd800 || value > 0xdfff));
    return length;
}

/* A string of RFC 8259, from behind its first quotation mark: what follows it. */
static const char *skip_string(const char *at)
{
    while (*at != '"') {
        DEMAND((unsigned char)*at >= ' ');
        if (*at != '\\') {
            at += character_length((const unsigned char *)at);
        } else if (at[1] == 'u') {
            DEMAND(strspn(at + 2, "0123456789abcdef") >= 4);
            at += 6;
        } else {
            DEMAND(at[1] == '"' || at[1] == '\\');
            at += 2;
        }
    }
    return at + 1;
}

/* {"KEY": VALUE, ...}: a string, a number or null each. */
static void demand_json(const struct record *record)
{
    char *text = print(record, true);
    const char *at = text + strspn(text, " \n");

    DEMAND(*at == '{');
    do {
        at += 1 + strspn(at + 1, " ");
        DEMAND(*at == '"');
        at = skip_string(at + 1);
        DEMAND(at[0] == ':' && at[1] == ' ');
        at += 2;
        if (*at == '"')
            at = skip_string(at + 1);
        else
            at += strncmp(at, "null", 4) == 0 ? 4 : strspn(at, "-0123456789");
    } while (*at == ',');
    DEMAND(strcmp(at, "}") == 0);
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct input input = {bytes, size};
    char *text = take_text(&input, '\0'), *line = strdup(text);
    struct record *record = malloc(sizeof *record);

    if (record_parse(text, record)) {
        demand_in_range(record);
        demand_comes_back(record);
        demand_meant(record, line);
        demand_row(record);
        demand_json(record);
    }
    free(record);
    free(line);
    free(text);
    return 0;
}
