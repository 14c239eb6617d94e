/*
 * The operand of watch: any text.
 */
#include "launcher/imd/connection.h"

#include "tests/fuzz/support/fuzz.h"

static bool digits_only(const char *text)
{
    return text[0] != '\0' && text[strspn(text, "0123456789")] == '\0';
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct input input = {bytes, size};
    char *text = take_text(&input, '\0'), *behind;
    const char *colon;
    struct connection *connection = malloc(sizeof *connection);
    const char *problem = connection_parse(connection, text);
    long port;

    DEMAND(connection->fd == -1 && connection->addresses == NULL);
    DEMAND(IS_STRING(connection->name));
    DEMAND(problem == NULL || (problem[0] != '\0' && is_printable(problem)));
    if (problem == NULL) {
        colon = strrchr(text, ':');
        DEMAND(digits_only(colon != NULL ? colon + 1 : text));
        port = strtol(connection->port, &behind, 10);
        DEMAND(port > 0 && port <= 65535 && *behind == '\0');
        DEMAND(connection->host[0] != '\0' &&
               strlen(connection->host) < sizeof connection->host);
    }
    free(connection);
    free(text);
    return 0;
}
