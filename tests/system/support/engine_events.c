#include "tests/system/support/engine_events.h"

int engine_count(const struct shell *shell, const char *event)
{
    char part[32];

    snprintf(part, sizeof part, " %s ", event);
    return shell_count_lines(shell->out, part);
}

struct event engine_told(const struct shell *shell, enum event_kind kind)
{
    static char lines[SHELL_OUTPUT];
    char *rest = NULL;
    struct event event;

    strcpy(lines, shell->out);
    for (char *line = strtok_r(lines, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
        if (event_text_parse(line, &event) && event.kind == kind)
            return event;
    ck_abort_msg("not told; stdout: %s stderr: %s", shell->out, shell->err);
}

const char *engine_address(const struct event *event)
{
    static char host[INET6_ADDRSTRLEN];
    struct text text = {host, 0, sizeof host - 1};

    address_put(&text, &event->address);
    text_end(&text);
    return host;
}

unsigned engine_printed_port(const struct shell *shell)
{
    const char *found = strstr(shell->err, "port ");

    ck_assert_msg(found != NULL, "no port was printed: %s", shell->err);
    return (unsigned)strtoul(found + strlen("port "), NULL, 10);
}

void engine_ended_well(const struct shell *shell)
{
    ck_assert_msg(shell_status(shell) == 0, "status %d; stderr: %s", shell_status(shell),
                  shell->err);
}

struct event engine_told_its_port(const struct shell *shell)
{
    struct event event = engine_told(shell, KIND_LISTENING);

    engine_ended_well(shell);
    ck_assert_int_eq(engine_count(shell, EVENT_LISTENING), 1);
    ck_assert_uint_eq(event.port, engine_printed_port(shell));
    return event;
}

void engine_build_library(const char *name, const char *file)
{
    struct shell shell;

    shell_run(&shell,
              "${CC:-cc} -std=c11 -D_GNU_SOURCE -I$SOURCE -shared -fPIC -o %s "
              "$SOURCE/tests/doubles/libraries/%s.c -ldl",
              file, name);
    engine_ended_well(&shell);
}
