#include "launcher/cluster.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shim/match.h"
#include "shim/wire.h"

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

/* It goes through the remote shell in single quotes, and to the daemons beyond in double ones.
 */
static bool survives_quoting(const char *value)
{
    return strpbrk(value, "'\"$`\\\n") == NULL;
}

/*
 * What needs no quotes has none, for the agent is not always for a shell: in an allocation of
 * Slurm's mpirun takes it apart at its blanks, and gives the words to srun.
 */
static const char *quotes_for(const char *value)
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                "0123456789_@%+=:,./-";

    return value[strspn(value, plain)] == '\0' ? "" : "'";
}

char *cluster_compose_agent(const char *user_value, const struct variable *variables,
                            size_t count)
{
    const char *quote;
    char *agent = NULL;
    size_t size;
    FILE *to = open_memstream(&agent, &size);
    bool fits = true;

    if (to == NULL)
        return NULL;
    if (user_value == NULL || user_value[0] == '\0')
        user_value = "orted";
    fputs("env", to);
    for (size_t i = 0; i < count; i++) {
        if (variables[i].value == NULL)
            continue;
        fits &= survives_quoting(variables[i].value);
        quote = quotes_for(variables[i].value);
        fprintf(to, " %s=%s%s%s", variables[i].name, quote, variables[i].value, quote);
    }
    fprintf(to, " %s", user_value);
    fits &= ferror(to) == 0;
    if (fclose(to) == 0 && fits)
        return agent;
    free(agent);
    return NULL;
}
