#include "launcher/source/event.h"

#include <arpa/inet.h>
#include <bsd/stdlib.h>
#include <bsd/string.h>
#include <ctype.h>
#include <limits.h>
#include <stddef.h>
#include <string.h>

static const struct {
    const char *name;
    enum event_kind kind;
    bool has_address, has_port;
} kinds[] = {
    {EVENT_LISTENING, KIND_LISTENING, true, true},   {EVENT_READY, KIND_READY, false, false},
    {EVENT_LOADED, KIND_LOADED, false, false},       {EVENT_ENDED, KIND_ENDED, false, false},
    {EVENT_PASSED, KIND_PASSED, true, true},         {EVENT_REFUSED, KIND_REFUSED, true, false},
    {EVENT_CONNECTED, KIND_CONNECTED, false, false}, {EVENT_DENIED, KIND_DENIED, false, true},
};

/* Digits only: strtonum would take a sign and leading blanks too. */
static bool parse_number(const char *text, unsigned most, unsigned *number)
{
    const char *reason;

    if (!isdigit((unsigned char)text[0]))
        return false;
    *number = (unsigned)strtonum(text, 0, most, &reason);
    return reason == NULL;
}

static bool parse_pid(const char *text, pid_t *pid)
{
    unsigned number;

    if (!parse_number(text, INT_MAX, &number) || number == 0)
        return false;
    *pid = (pid_t)number;
    return true;
}

static bool parse_error(const char *text, int *error)
{
    unsigned number;

    if (!parse_number(text, INT_MAX, &number))
        return false;
    *error = (int)number;
    return true;
}

static bool parse_address(const char *text, char *address)
{
    unsigned char bytes[sizeof(struct in6_addr)];

    return (inet_pton(AF_INET, text, bytes) == 1 || inet_pton(AF_INET6, text, bytes) == 1) &&
           strlcpy(address, text, INET6_ADDRSTRLEN) < INET6_ADDRSTRLEN;
}

static bool parse_field(const char *key, const char *value, struct event *event)
{
    const struct {
        const char *key;
        char *to;
        size_t size;
    } texts[] = {
        {"host", event->host, sizeof event->host},
        {"exe", event->exe, sizeof event->exe},
        {"object", event->object, sizeof event->object},
        {"comm", event->comm, sizeof event->comm},
        {"reason", event->reason, sizeof event->reason},
    };

    if (strcmp(key, "pid") == 0)
        return parse_pid(value, &event->pid);
    if (strcmp(key, "uid") == 0)
        return event->has_uid = parse_number(value, UINT_MAX, &event->uid);
    if (strcmp(key, "asked") == 0)
        return parse_number(value, UINT16_MAX, &event->asked);
    if (strcmp(key, "error") == 0)
        return parse_error(value, &event->error);
    if (strcmp(key, "addr") == 0)
        return parse_address(value, event->address);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        if (strcmp(key, texts[i].key) == 0)
            return strlcpy(texts[i].to, value, texts[i].size) < texts[i].size;
    return true;
}

static bool parse_fields(char *fields, struct event *event)
{
    char *field, *equals;

    while ((field = strsep(&fields, " ")) != NULL) {
        equals = strchr(field, '=');
        if (equals == NULL)
            return false;
        *equals = '\0';
        if (!parse_field(field, equals + 1, event))
            return false;
    }
    return true;
}

static bool is_printable(const char *line)
{
    for (; *line != '\0'; line++)
        if (*line < ' ' || *line > '~')
            return false;
    return true;
}

bool event_parse(char *line, struct event *event)
{
    char *port, *name;

    memset(event, 0, sizeof *event);
    if (!is_printable(line))
        return false;
    port = strsep(&line, " ");
    name = strsep(&line, " ");
    if (name == NULL || !parse_number(port, UINT16_MAX, &event->port) ||
        !parse_fields(line, event) || event->pid == 0)
        return false;
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (strcmp(name, kinds[i].name) == 0) {
            event->kind = kinds[i].kind;
            return (!kinds[i].has_port || event->port != 0) &&
                   (!kinds[i].has_address || event->address[0] != '\0');
        }
    return false;
}
