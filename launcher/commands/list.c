/*
 * imdshim list: this user's runs on this host, so that a viewer can be attached to one of them.
 *
 * A run is found by its FIFO, and says itself what it is (record.h). What runs that were killed
 * have left behind is removed.
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "launcher/base/clock.h"
#include "launcher/base/private_dir.h"
#include "launcher/base/say.h"
#include "launcher/base/status.h"
#include "launcher/commands/commands.h"
#include "launcher/libc/bsd.h"
#include "launcher/run/record.h"
#include "launcher/source/endpoint.h"
#include "launcher/source/fifos.h"

static long age_of(const struct record *record)
{
    return (long)((clock_now() - record->started) / 1000);
}

/* A newline or an escape sequence in a name must not disturb the table. */
static void print_row(const struct record *record)
{
    struct record shown = *record;
    char where[ENDPOINT_HOST_SIZE + 16] = "-";

    endpoint_bracket(shown.host);
    if (shown.port != 0)
        snprintf(where, sizeof where, "%s:%u", shown.host, shown.port);
    say_clean(where);
    say_clean(shown.engine);
    say_clean(shown.directory);
    printf("%8ld  %-9s  %-22s  %6ld s  %s  %s\n", (long)shown.pid,
           record_state_name(shown.state), where, age_of(record), shown.engine,
           shown.directory);
}

/* Bytes of the character of UTF-8 that the text begins with, 0 if it is none; RFC 3629, 4. */
static int utf8_length(const char *text)
{
    unsigned first = (unsigned char)text[0], second = (unsigned char)text[1];
    int length = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;

    if (length == 1)
        return 1;
    if (first < 0xc2 || first > 0xf4 || (first == 0xe0 && second < 0xa0) ||
        (first == 0xed && second > 0x9f) || (first == 0xf0 && second < 0x90) ||
        (first == 0xf4 && second > 0x8f))
        return 0;
    for (int i = 1; i < length; i++)
        if (((unsigned char)text[i] & 0xc0) != 0x80)
            return 0;
    return length;
}

/* RFC 8259: JSON is UTF-8. What a file's name has of other bytes is U+FFFD. */
static void print_json_string(const char *key, const char *value)
{
    int length;

    printf("\"%s\": \"", key);
    for (; *value != '\0'; value += length > 0 ? length : 1) {
        length = utf8_length(value);
        if (length == 0)
            printf("\\ufffd");
        else if (*value == '"' || *value == '\\')
            printf("\\%c", *value);
        else if (iscntrl((unsigned char)*value))
            printf("\\u%04x", (unsigned char)*value);
        else
            printf("%.*s", length, value);
    }
    putchar('"');
}

static void print_json(const struct record *record, pid_t launcher, bool first)
{
    printf("%s\n  {\"pid\": %ld, \"launcher\": %ld, ", first ? "" : ",", (long)record->pid,
           (long)launcher);
    print_json_string("state", record_state_name(record->state));
    printf(", ");
    if (record->port != 0) {
        print_json_string("host", record->host);
        printf(", \"port\": %u, ", record->port);
    } else {
        printf("\"host\": null, \"port\": null, ");
    }
    printf("\"clients\": %u, ", record->clients);
    printf("\"age\": %ld, ", age_of(record));
    print_json_string("engine", record->engine);
    printf(", ");
    print_json_string("directory", record->directory);
    putchar('}');
}

/* A run may end between one look and the next: then there is nothing to be said of it. */
static void warn_of(pid_t launcher)
{
    if (errno != 0 && errno != ENOENT && errno != ESRCH)
        say_error(errno, "cannot look at the run of process %ld, it is not listed",
                  (long)launcher);
}

struct table {
    bool json, is_empty;
};

static void print_run(struct table *table, const struct record *record, pid_t launcher)
{
    if (table->json) {
        print_json(record, launcher, table->is_empty);
    } else {
        if (table->is_empty)
            printf("%8s  %-9s  %-22s  %8s  %s\n", "PID", "STATE", "WHERE", "AGE",
                   "ENGINE  DIRECTORY");
        print_row(record);
    }
    table->is_empty = false;
}

static void print_runs(const char *directory, void *table)
{
    struct record record;
    pid_t launcher;
    DIR *runs;

    fifos_sweep(directory, NULL);
    runs = opendir(directory);
    if (runs == NULL)
        die_error(STATUS_FAILED, errno, "cannot read %s: give yourself the permission",
                  directory);
    while ((launcher = fifos_next(runs)) > 0) {
        if (record_read(launcher, &record))
            print_run(table, &record, launcher);
        else
            warn_of(launcher);
    }
    if (errno != 0)
        die_error(STATUS_FAILED, errno, "cannot read all of %s", directory);
    closedir(runs);
}

int list_main(const struct options *options)
{
    struct table table = {options->json, true};
    char directory[PATH_MAX];

    if (options->operands[0] != NULL)
        die(STATUS_FAILED, "'%s' is too much: list takes no operand", options->operands[0]);
    private_dir_make(directory);
    if (options->json)
        putchar('[');
    if (!private_dir_visit(print_runs, &table))
        die_error(STATUS_FAILED, errno, "cannot look for the runs beside %s", directory);
    if (options->json)
        printf("%s]\n", table.is_empty ? "" : "\n");
    return EXIT_SUCCESS;
}
