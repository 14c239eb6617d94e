#include "shim/wire/event_text.h"

#include "shim/wire/address.h"
#include "shim/wire/text.h"

static struct text begin(struct event_line *line, unsigned port, const char *event)
{
    struct text text = {line->bytes, 0, sizeof line->bytes - 1};

    text_put_number(&text, port, 10);
    text_put_char(&text, ' ');
    text_put_string(&text, event);
    return text;
}

static void put_key(struct text *text, const char *key)
{
    text_put_char(text, ' ');
    text_put_string(text, key);
    text_put_char(text, '=');
}

static void put_number(struct text *text, const char *key, uint64_t number)
{
    put_key(text, key);
    text_put_number(text, number, 10);
}

static void put_value(struct text *text, const char *key, const char *value)
{
    put_key(text, key);
    text_put_escaped(text, value);
}

/* begin() has kept one byte back. */
static void end(struct event_line *line, struct text *text)
{
    line->bytes[text->length] = '\n';
    line->length = text->length + 1;
}

static void put_socket(struct text *text, const struct listener *listener)
{
    put_value(text, "host", listener->host);
    put_key(text, "addr");
    address_put(text, (const struct sockaddr *)&listener->address);
    put_number(text, "asked", listener->asked);
    put_number(text, "pid", (uint64_t)listener->pid);
    put_number(text, "fd", (uint64_t)listener->fd);
}

static void put_caller(struct text *text, const struct listener *listener)
{
    put_value(text, "exe", listener->exe);
    put_value(text, "object", listener->object);
}

void event_format_listener(struct event_line *line, const struct listener *listener,
                           const char *reason)
{
    unsigned port =
        address_port((const struct sockaddr *)&listener->address, sizeof listener->address);
    struct text text = begin(line, port, reason == NULL ? EVENT_LISTENING : EVENT_PASSED);

    put_socket(&text, listener);
    if (reason != NULL)
        put_value(&text, "reason", reason);
    put_caller(&text, listener);
    end(line, &text);
}

void event_format_refused(struct event_line *line, const struct listener *listener, int error)
{
    struct text text = begin(line, 0, EVENT_REFUSED);

    put_socket(&text, listener);
    put_number(&text, "error", (uint64_t)error);
    put_caller(&text, listener);
    end(line, &text);
}

static void format_port_and_pid(struct event_line *line, unsigned port, const char *event,
                                pid_t pid)
{
    struct text text = begin(line, port, event);

    put_number(&text, "pid", (uint64_t)pid);
    end(line, &text);
}

void event_format_ready(struct event_line *line, unsigned port, pid_t pid)
{
    format_port_and_pid(line, port, EVENT_READY, pid);
}

void event_format_connected(struct event_line *line, unsigned port, pid_t pid)
{
    format_port_and_pid(line, port, EVENT_CONNECTED, pid);
}

void event_format_denied(struct event_line *line, unsigned port, pid_t pid,
                         const struct denied *denied)
{
    struct text text = begin(line, port, EVENT_DENIED);

    put_number(&text, "pid", (uint64_t)pid);
    if (denied->has_uid)
        put_number(&text, "uid", denied->uid);
    if (denied->error != 0)
        put_number(&text, "error", (uint64_t)denied->error);
    end(line, &text);
}

void event_format_loaded(struct event_line *line, pid_t pid, const char *exe, const char *comm)
{
    struct text text = begin(line, 0, EVENT_LOADED);

    put_number(&text, "pid", (uint64_t)pid);
    put_value(&text, "exe", exe);
    put_value(&text, "comm", comm);
    end(line, &text);
}

void event_format_ended(struct event_line *line, pid_t pid)
{
    format_port_and_pid(line, 0, EVENT_ENDED, pid);
}
