#include "shim/wire/event_text.h"

#include <limits.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static const struct {
    const char *name;
    bool has_port;
    unsigned must; /* keys without which it is no event */
} kinds[EVENT_KINDS] = {
    [KIND_LISTENING] = {EVENT_LISTENING, true, EVENT_HAS(KEY_PID) | EVENT_HAS(KEY_ADDR)},
    [KIND_READY] = {EVENT_READY, false, EVENT_HAS(KEY_PID)},
    [KIND_LOADED] = {EVENT_LOADED, false, EVENT_HAS(KEY_PID)},
    [KIND_PASSED] = {EVENT_PASSED, true, EVENT_HAS(KEY_PID) | EVENT_HAS(KEY_ADDR)},
    [KIND_REFUSED] = {EVENT_REFUSED, false, EVENT_HAS(KEY_PID) | EVENT_HAS(KEY_ADDR)},
    [KIND_CONNECTED] = {EVENT_CONNECTED, false, EVENT_HAS(KEY_PID)},
    [KIND_DENIED] = {EVENT_DENIED, true, EVENT_HAS(KEY_PID)},
};

static const struct key {
    const char *name;
    enum { ADDRESS, NUMBER, TEXT } type;
    size_t offset; /* in struct event */
    unsigned least, most;
} keys[EVENT_KEYS] = {
    [KEY_HOST] = {"host", TEXT, offsetof(struct event, host), 0, 3 * HOST_SIZE - 1},
    [KEY_ADDR] = {"addr", ADDRESS, offsetof(struct event, address), 0, 0},
    [KEY_ASKED] = {"asked", NUMBER, offsetof(struct event, asked), 0, UINT16_MAX},
    [KEY_PID] = {"pid", NUMBER, offsetof(struct event, pid), 1, INT_MAX},
    [KEY_FD] = {"fd", NUMBER, offsetof(struct event, fd), 0, INT_MAX},
    [KEY_UID] = {"uid", NUMBER, offsetof(struct event, uid), 0, UINT_MAX},
    [KEY_REASON] = {"reason", TEXT, offsetof(struct event, reason), 0, 15},
    [KEY_ERROR] = {"error", NUMBER, offsetof(struct event, error), 0, INT_MAX},
    [KEY_NETNS] = {"netns", NUMBER, offsetof(struct event, netns), 0, UINT_MAX},
    [KEY_EXE] = {"exe", TEXT, offsetof(struct event, exe), 0, 3 * NAME_SIZE - 1},
    [KEY_OBJECT] = {"object", TEXT, offsetof(struct event, object), 0, 3 * NAME_SIZE - 1},
    [KEY_COMM] = {"comm", TEXT, offsetof(struct event, comm), 0, 3 * COMM_SIZE - 1},
};

static void put_value(struct text *text, const struct key *key, const struct event *event)
{
    const void *member = (const char *)event + key->offset;

    if (key->type == ADDRESS)
        address_put(text, member);
    else if (key->type == NUMBER)
        text_put_number(text, *(const unsigned *)member);
    else
        text_put_escaped(text, *(const char *const *)member);
}

size_t event_text_format(const struct event *event, char line[EVENT_MAX + 1])
{
    struct text text = {line, 0, EVENT_MAX - 1};

    text_put_number(&text, event->port);
    text_put_char(&text, ' ');
    text_put_string(&text, kinds[event->kind].name);
    for (size_t i = 0; i < COUNT(keys); i++) {
        if ((event->has & EVENT_HAS(i)) == 0)
            continue;
        text_put_char(&text, ' ');
        text_put_string(&text, keys[i].name);
        text_put_char(&text, '=');
        put_value(&text, &keys[i], event);
    }
    line[text.length++] = '\n';
    text_end(&text);
    return text.length;
}

static bool parse_value(const struct key *key, const char *value, struct event *event)
{
    void *member = (char *)event + key->offset;
    uint64_t number;

    if (key->type == ADDRESS)
        return address_parse(member, value);
    if (key->type == NUMBER) {
        value = text_take_number(value, key->most, &number);
        *(unsigned *)member = (unsigned)number;
        return value != NULL && *value == '\0' && number >= key->least;
    }
    *(const char **)member = value;
    return strlen(value) <= key->most;
}

/* A key that is not known is not there. */
static bool parse_field(char *field, struct event *event)
{
    char *equals = strchr(field, '=');

    if (equals == NULL)
        return false;
    *equals = '\0';
    for (size_t i = 0; i < COUNT(keys); i++)
        if (strcmp(field, keys[i].name) == 0) {
            event->has |= EVENT_HAS(i);
            return parse_value(&keys[i], equals + 1, event);
        }
    return true;
}

static bool parse_kind(const char *name, struct event *event)
{
    for (size_t i = 0; i < COUNT(kinds); i++)
        if (strcmp(name, kinds[i].name) == 0) {
            event->kind = (enum event_kind)i;
            return (event->has & kinds[i].must) == kinds[i].must &&
                   (!kinds[i].has_port || event->port != 0);
        }
    return false;
}

static bool is_printable(const char *line)
{
    for (; *line != '\0'; line++)
        if (*line < ' ' || *line > '~')
            return false;
    return true;
}

bool event_text_parse(char *line, struct event *event)
{
    const char *behind, *name;
    char *field;

    *event = (struct event){.host = "", .reason = "", .exe = "", .object = "", .comm = ""};
    if (!is_printable(line))
        return false;
    behind = text_take_port(strsep(&line, " "), 0, &event->port);
    name = strsep(&line, " ");
    if (behind == NULL || *behind != '\0' || name == NULL)
        return false;
    while ((field = strsep(&line, " ")) != NULL)
        if (!parse_field(field, event))
            return false;
    if (event->address.any.sa_family != AF_UNSPEC)
        address_set_port(&event->address, event->port);
    return parse_kind(name, event);
}
