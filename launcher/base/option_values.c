#include "launcher/base/option_values.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "launcher/base/say.h"
#include "launcher/base/status.h"
#include "launcher/libc/bsd.h"
#include "shim/wire/bind_override.h"

int option_number(const char *name, const char *text, int least, int most)
{
    const char *reason;
    int number = (int)strtonum(text, least, most, &reason);

    if (reason != NULL)
        die(STATUS_FAILED, "%s '%s' is %s: give a whole number from %d to %d", name, text,
            reason, least, most);
    return number;
}

const char *option_listen(const char *text)
{
    struct bind_override override;
    const char *reason = bind_override_parse(&override, text);

    if (reason != NULL)
        die(STATUS_FAILED, "--listen '%s': %s: give [ADDR][:PORTS], as 127.0.0.1:50000-50100",
            text, reason);
    return text;
}

/* A blank parts the rules from each other: in a pattern '?' stands for it. */
void option_add_match(char rules[MATCH_SIZE], const char *text)
{
    size_t length = strlen(rules);
    char *rule = rules + length + (length > 0);
    struct match match = {.port = 0};

    snprintf(rules + length, MATCH_SIZE - length, "%s%s", length > 0 ? " " : "", text);
    for (char *blank = rule; (blank = strchr(blank, ' ')) != NULL;)
        *blank = '?';
    if (strlen(text) >= MATCH_SIZE - length - 1 || !match_parse(&match, rules))
        die(STATUS_FAILED, "--match '%s': give port=GLOB, exe=GLOB or object=GLOB, %d at most",
            text, MATCH_RULES);
}

enum when option_when(const char *text)
{
    if (strcmp(text, EVENT_READY) == 0)
        return WHEN_READY;
    if (strcmp(text, EVENT_LISTENING) != 0)
        die(STATUS_FAILED, "--when '%s': give listening or ready", text);
    return WHEN_LISTENING;
}

/* A picosecond is a long step; strtod(3) takes blanks, signs, hexadecimal, "inf" and "nan". */
double option_time_step(const char *text)
{
    char *end = NULL;
    double step = strtod(text, &end);

    if (text[strspn(text, "0123456789.eE+-")] != '\0' || end == text || *end != '\0' ||
        !(step > 0 && step <= 1e6))
        die(STATUS_FAILED, "--time-step '%s': give picoseconds above 0, as 0.002", text);
    return step;
}

enum backend option_backend(const char *text)
{
    if (strcmp(text, "notify") == 0)
        return BACKEND_NOTIFY;
    if (strcmp(text, "preload") != 0)
        die(STATUS_FAILED, "--backend '%s': give preload or notify", text);
    return BACKEND_PRELOAD;
}

const char *option_client(const char *text)
{
    if (text[0] == '\0')
        die(STATUS_FAILED, "--client is empty: give a command for sh -c");
    return text;
}
