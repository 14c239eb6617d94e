#include "launcher/notify/backend.h"

#include "launcher/notify/trial.h"

bool backend_is_to_be_notify(enum backend asked, enum preflight_verdict verdict)
{
    if (asked != BACKEND_NOT_SAID)
        return asked == BACKEND_NOTIFY;
    return verdict == PREFLIGHT_STATIC || verdict == PREFLIGHT_OTHER_LIBC ||
           verdict == PREFLIGHT_NOEXEC;
}

static bool names_object(const char *rules)
{
    struct match match = {.count = 0};

    match_parse(&match, rules);
    for (unsigned i = 0; i < match.count; i++)
        if (match.rules[i].key == MATCH_OBJECT)
            return true;
    return false;
}

const char *backend_obstacle(const struct options *options)
{
    if (options->only_me && !options->relay)
        return "--only-me needs the library in the engine, for it is there that connections "
               "are closed: add --relay";
    if (names_object(options->match))
        return "--match object= needs the library in the engine, use port= and exe=";
    return trial_obstacle();
}
