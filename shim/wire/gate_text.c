#include "shim/wire/gate_text.h"

#include <string.h>

void gate_text_put(struct text *text, const struct gate_address *gate)
{
    text_put_number(text, gate->port);
    text_put_char(text, ':');
    text_put_string(text, gate->name);
}

bool gate_text_parse(struct gate_address *gate, const char *text)
{
    const char *name = text_take_port(text, 1, &gate->port);
    size_t length = name != NULL && *name == ':' ? strlen(name + 1) : 0;

    if (length == 0 || length >= sizeof gate->name) {
        gate->port = 0;
        return false;
    }
    memcpy(gate->name, name + 1, length + 1);
    return true;
}

void gate_text_put_answer(struct text *text, const union address *engine)
{
    address_put(text, engine);
    text_put_char(text, ' ');
    text_put_number(text, address_port(engine));
    text_put_char(text, '\n');
}

bool gate_text_parse_answer(union address *engine, const char *line)
{
    size_t length = strcspn(line, " ");
    const char *behind;
    unsigned port;

    if (line[length] == '\0')
        return false;
    behind = text_take_port(line + length + 1, 1, &port);
    if (behind == NULL || strcmp(behind, "\n") != 0 ||
        !address_parse_part(engine, line, length))
        return false;
    address_set_port(engine, port);
    return true;
}
