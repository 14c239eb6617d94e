#include "launcher/preload/carry.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "launcher/base/say.h"
#include "launcher/base/status.h"
#include "launcher/libc/bsd.h"
#include "launcher/preload/command_line.h"

/*
 * An agent goes through shells with quotes of their own, or, in an allocation of Slurm's,
 * through none: so there is nothing in it that would need any.
 */
static bool is_plain(const char *text)
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                "0123456789_@%+=:,./- ";

    return text[strspn(text, plain)] == '\0';
}

/* The agent that is set, or the one that is by default, behind ours. Of a run within a run ours is
 * there already. Frees ours. */
static char *put_before(char *ours, const char *user_value, const char *by_default)
{
    char *agent = NULL;

    if (user_value == NULL || user_value[0] == '\0')
        user_value = by_default;
    if (strncmp(user_value, ours, strlen(ours)) == 0)
        agent = strdup(user_value);
    else if (asprintf(&agent, "%s%s", ours, user_value) < 0)
        agent = NULL;
    free(ours);
    return agent;
}

/* A blank parts the list as well as a colon does, ld.so(8). */
char *carry_openmpi_4(const char *user_value, const char *preload)
{
    char *ours;

    if (!is_plain(preload) || asprintf(&ours, "env LD_PRELOAD=%s ", preload) < 0)
        return NULL;
    for (char *blank = ours + strlen("env "); (blank = strchr(blank, ' ')) != NULL; blank++)
        if (blank[1] != '\0')
            *blank = ':';
    return put_before(ours, user_value, "orted");
}

char *carry_openmpi_5(const char *user_value, const char *program)
{
    char *ours;

    if (!is_plain(program) || strpbrk(program, " =") != NULL ||
        asprintf(&ours, "%s " CARRY_COMMAND " ", program) < 0)
        return NULL;
    return put_before(ours, user_value, "prted");
}

/* One item of a list, as srun compares them: in any case. */
static bool is_item(const char *item, size_t length, const char *word)
{
    return length == strlen(word) && strncasecmp(item, word, length) == 0;
}

static bool has_item(const char *list, const char *word)
{
    for (;; list++) {
        size_t length = strcspn(list, ",");

        if (is_item(list, length, word))
            return true;
        list += length;
        if (*list == '\0')
            return false;
    }
}

/* At the beginning these two let nothing pass, whatever follows (seen with Slurm 22.05). */
static bool carries_nothing(const char *list)
{
    size_t length = strcspn(list, ",");

    return length == 0 || is_item(list, length, "NONE") || is_item(list, length, "NIL");
}

char *carry_slurm(const char *user_value, const char *const *names, size_t count)
{
    size_t size = 1;
    char *list;

    if (user_value == NULL || has_item(user_value, "ALL"))
        return NULL;
    size += strlen(user_value);
    for (size_t i = 0; i < count; i++)
        size += strlen(names[i]) + 1;
    list = calloc(1, size);
    if (list == NULL)
        die_error(STATUS_FAILED, errno, CARRY_SLURM);
    if (!carries_nothing(user_value))
        strlcpy(list, user_value, size);
    for (size_t i = 0; i < count; i++) {
        if (list[0] != '\0')
            strlcat(list, ",", size);
        strlcat(list, names[i], size);
    }
    return list;
}

/* ---- what carries nothing ---- */

static const char elsewhere[] =
    "does not carry the environment to another host, and so no library gets into the engine "
    "there: start imdshim on that host, before the engine";
static const char later[] =
    "queues a job that starts when imdshim may have ended: put imdshim into the batch "
    "script, before the engine";
static const char inside[] =
    "starts the engine in a container, where the library is not: start imdshim in there, "
    "before the engine";

static const struct {
    const char *name, *sentence;
} losers[] = {
    {"ssh", elsewhere},     {"rsh", elsewhere},         {"pdsh", elsewhere},
    {"clush", elsewhere},   {"pssh", elsewhere},        {"parallel-ssh", elsewhere},
    {"taktuk", elsewhere},  {"sbatch", later},          {"qsub", later},
    {"bsub", later},        {"oarsub", later},          {"condor_submit", later},
    {"toolbox", inside},    {"distrobox", inside},      {"distrobox-enter", inside},
    {"machinectl", inside}, {"docker-compose", inside}, {"podman-compose", inside},
};

/* srun(1): its own option, for OCI bundles, and those of the plug-in pyxis. */
static bool names_container(const char *const *command)
{
    for (; *command != NULL; command++)
        if (strncmp(*command, "--container", 11) == 0)
            return true;
    return false;
}

bool carry_is_lost(const char *const *command, char text[CARRY_TEXT])
{
    const char *program = command_line_program(command);

    if (strcmp(program, "srun") == 0 && names_container(command)) {
        snprintf(text, CARRY_TEXT, "%s --container... %s", program, inside);
        return true;
    }
    for (size_t i = 0; i < sizeof losers / sizeof losers[0]; i++)
        if (strcmp(program, losers[i].name) == 0) {
            snprintf(text, CARRY_TEXT, "%s %s", program, losers[i].sentence);
            return true;
        }
    return false;
}
