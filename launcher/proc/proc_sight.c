#include "launcher/proc/proc_sight.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "launcher/proc/proc_tree.h"
#include "shim/wire/wire.h"

enum { DIRECTORY = 64, FILE_PATH = DIRECTORY + 32 };

static const char library_name[] = PROC_LIBRARY;

static enum known known(bool yes)
{
    return yes ? YES : NO;
}

static FILE *open_in(const char *directory, const char *name)
{
    char path[FILE_PATH];

    snprintf(path, sizeof path, "%s/%s", directory, name);
    return fopen(path, "re");
}

/* What the process would find under that path. Links on the way that lead to an absolute path
 * are followed in our own root, so that only "no such file" is believed. */
static enum known sees(const char *directory, const char *path, const struct stat *expected)
{
    char there[DIRECTORY + PATH_MAX];
    struct stat status;

    snprintf(there, sizeof there, "%s/root%s", directory, path);
    if (lstat(there, &status) != 0)
        return errno == ENOENT || errno == ENOTDIR ? NO : NOT_KNOWN;
    return known(expected == NULL ||
                 (status.st_dev == expected->st_dev && status.st_ino == expected->st_ino));
}

static bool names(const char *variable, const char *name, const char **value)
{
    size_t length = strlen(name);

    *value = variable + length + 1;
    return strncmp(variable, name, length) == 0 && variable[length] == '=';
}

/* Our library may have another path there than here: that which LD_PRELOAD has for it. */
static enum known sees_preloaded(const char *directory, const char *list)
{
    const char *ours = strstr(list, library_name), *start = ours;
    char path[PATH_MAX];

    while (start > list && strchr(" :", start[-1]) == NULL)
        start--;
    snprintf(path, sizeof path, "%.*s", (int)(ours - start + strcspn(ours, " :")), start);
    return sees(directory, path, NULL);
}

/* Of another run the FIFO may be anywhere: it says nothing of ours. */
static bool is_our_fifo(const char *path, const struct proc_wanted *wanted)
{
    const char *theirs = strrchr(path, '/'), *ours = strrchr(wanted->fifo, '/');

    return theirs != NULL && ours != NULL && strcmp(theirs, ours) == 0;
}

static void read_variable(const char *directory, const char *variable,
                          const struct proc_wanted *wanted, struct proc_sight *sight)
{
    const char *value;

    if (names(variable, "LD_PRELOAD", &value)) {
        sight->preloads = known(strstr(value, wanted->preload) != NULL ||
                                strstr(value, library_name) != NULL);
        if (strstr(value, library_name) != NULL && sees_preloaded(directory, value) == YES)
            sight->sees_library = YES;
    }
    if (wanted->hears_tcp &&
        (names(variable, WIRE_TCP, &value) || names(variable, WIRE_OPENMPI WIRE_TCP, &value)))
        sight->by_tcp = sight->has_channel = YES;
    if (names(variable, WIRE_FD, &value)) /* run has none: this is of an exec below */
        sight->has_channel = sight->elsewhere = YES;
    /* The second is read where the first is not set. */
    if (names(variable, WIRE_FIFO, &value) ||
        (names(variable, WIRE_OPENMPI WIRE_FIFO, &value) && sight->sees_fifo == NOT_KNOWN)) {
        sight->has_channel = YES;
        if (is_our_fifo(value, wanted))
            sight->sees_fifo = sees(directory, value, &wanted->fifo_status);
        else
            sight->elsewhere = YES;
    }
}

/*
 * As it was when the program was started: what it has set for itself since is not there.
 */
static void read_environment(const char *directory, const struct proc_wanted *wanted,
                             struct proc_sight *sight)
{
    FILE *file = open_in(directory, "environ");
    bool is_empty = true;
    char *variable = NULL;
    size_t size = 0;

    if (file == NULL)
        return;
    sight->preloads = sight->has_channel = sight->by_tcp = NO;
    while (getdelim(&variable, &size, '\0', file) > 0) {
        is_empty = false;
        read_variable(directory, variable, wanted, sight);
    }
    if (ferror(file) || (is_empty && !proc_has_environment(directory)))
        sight->preloads = sight->has_channel = sight->by_tcp = NOT_KNOWN;
    free(variable);
    fclose(file);
}

/* Where the process has no variables that say it. */
static void look_where_ours_are(const char *directory, const struct proc_wanted *wanted,
                                struct proc_sight *sight)
{
    if (sight->sees_library == NOT_KNOWN) {
        sight->sees_library = sees(directory, wanted->library, NULL);
        if (sight->sees_library == YES)
            sight->sees_library = sees(directory, wanted->preload, NULL);
    }
    if (sight->sees_fifo == NOT_KNOWN)
        sight->sees_fifo = sees(directory, wanted->fifo, &wanted->fifo_status);
}

void proc_sight_read(const char *directory, const struct proc_wanted *wanted,
                     struct proc_sight *sight)
{
    memset(sight, 0, sizeof *sight);
    read_environment(directory, wanted, sight);
    look_where_ours_are(directory, wanted, sight);
}
