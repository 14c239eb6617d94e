#include "launcher/preload/cluster.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shim/wire/match.h"
#include "shim/wire/wire.h"

/* What parts words in a shell's command line, roughly: a word too many does no harm. */
static const char separators[] = " \t\n;&|<>()'\"`=";

static bool names_runtime(const char *word, size_t length)
{
    char name[NAME_SIZE];
    const char *slash = memrchr(word, '/', length);

    if (slash != NULL) {
        length -= (size_t)(slash + 1 - word);
        word = slash + 1;
    }
    if (length == 0 || length >= sizeof name)
        return false;
    memcpy(name, word, length);
    name[length] = '\0';
    return match_is_runtime_program(name);
}

bool cluster_may_leave_host(const char *const *command, const char *job_nodes)
{
    if (job_nodes != NULL && atoi(job_nodes) > 1)
        return true;
    for (; *command != NULL; command++)
        for (const char *word = *command; *word != '\0';) {
            size_t length = strcspn(word, separators);

            if (names_runtime(word, length))
                return true;
            word += length + (word[length] != '\0');
        }
    return false;
}

/*
 * The agent goes through shells with quotes of their own, or, in an allocation of Slurm's,
 * through none: so there is nothing in it that would need any. A blank parts the list as well
 * as a colon does, ld.so(8).
 */
char *cluster_compose_agent(const char *user_value, const char *preload)
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                "0123456789_@%+=:,./- ";
    static const char set[] = "env LD_PRELOAD=";
    char *agent, *list;

    if (preload[strspn(preload, plain)] != '\0')
        return NULL;
    if (user_value == NULL || user_value[0] == '\0')
        user_value = "orted";
    if (asprintf(&agent, "%s%s %s", set, preload, user_value) < 0)
        return NULL;
    list = agent + strlen(set);
    for (size_t i = 0; preload[i] != '\0'; i++)
        if (list[i] == ' ')
            list[i] = ':';
    return agent;
}
