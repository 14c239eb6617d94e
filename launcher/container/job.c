#include "launcher/container/job.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "launcher/base/say.h"
#include "launcher/base/status.h"
#include "launcher/libc/bsd.h"
#include "launcher/preload/command_line.h"
#include "launcher/preload/library.h"
#include "shim/wire/wire.h"

/* "" if there is no slash in it. */
static void directory_of(char directory[PATH_MAX], const char *path)
{
    const char *slash = path != NULL ? strrchr(path, '/') : NULL;

    directory[0] = '\0';
    if (slash != NULL)
        snprintf(directory, PATH_MAX, "%.*s", (int)(slash - path), path);
}

void job_begin(struct job *job)
{
    directory_of(job->library_directory, job->needs->library);
    directory_of(job->fifo_directory, job->needs->fifo);
    strlcpy(job->library_inside, job->library_directory, PATH_MAX);
    strlcpy(job->fifo_inside, job->fifo_directory, PATH_MAX);
    strlcpy(job->preload_inside, job->needs->preload, PATH_MAX);
}

void job_move(struct job *job, const char *below)
{
    snprintf(job->library_inside, PATH_MAX, "%s/imdshim/lib", below);
    snprintf(job->fifo_inside, PATH_MAX, "%s/imdshim/run", below);
    snprintf(job->preload_inside, PATH_MAX, "%s/imdshim/lib/%s", below,
             command_line_base_name(job->needs->library));
}

char *job_list_without(const char *list, const char *name)
{
    size_t length = strlen(name), end = 0;
    char *kept = malloc(strlen(list) + 2);

    if (kept == NULL)
        die_error(STATUS_FAILED, errno, "LD_PRELOAD");
    while (*list != '\0') {
        size_t item = strcspn(list, " :");

        if (item > 0 && (item != length || strncmp(list, name, length) != 0)) {
            if (end > 0)
                kept[end++] = ':';
            memcpy(kept + end, list, item);
            end += item;
        }
        list += item + (list[item] != '\0');
    }
    kept[end] = '\0';
    return kept;
}

static void visit_preload(const struct job *job, const char *outside,
                          void (*visit)(struct words *, const char *, const char *),
                          struct words *words)
{
    const char *base = job->user_preload != NULL ? job->user_preload : outside;
    char *others = job_list_without(base, job->needs->preload);
    char *list = library_compose_preload(others, job->preload_inside);

    visit(words, "LD_PRELOAD", list);
    free(others);
    free(list);
}

static void visit_fifo(const struct job *job, const char *outside,
                       void (*visit)(struct words *, const char *, const char *),
                       struct words *words)
{
    char path[2 * PATH_MAX];

    snprintf(path, sizeof path, "%s/%s", job->fifo_inside, command_line_base_name(outside));
    visit(words, WIRE_FIFO, path);
}

void job_visit_variables(const struct job *job,
                         void (*visit)(struct words *words, const char *name,
                                       const char *value),
                         struct words *words)
{
    static const char *const names[] = {"ASAN_OPTIONS", WIRE_FD,     WIRE_EVENTS, WIRE_PORT,
                                        WIRE_MATCH,     WIRE_LISTEN, WIRE_WAKE,   WIRE_ONLY};
    const char *value;

    if ((value = words_value(job->environment, "LD_PRELOAD")) != NULL)
        visit_preload(job, value, visit, words);
    if ((value = words_value(job->environment, WIRE_FIFO)) != NULL)
        visit_fifo(job, value, visit, words);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if ((value = words_value(job->environment, names[i])) != NULL)
            visit(words, names[i], value);
    if (words_value(job->environment, WIRE_TCP) != NULL)
        visit(words, WIRE_TCP, NULL);
}

void job_tell(struct job *job, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(job->container->text, sizeof job->container->text, format, arguments);
    va_end(arguments);
    say_clean(job->container->text);
    job->container->means = CONTAINER_TOLD;
}

void job_tell_unknown(struct job *job, const struct reader *reader, const char *advice)
{
    job_tell(job,
             "%s: its option '%s' is not known here, so nothing is added; give it yourself %s, "
             "where LIBRARY is %s and FIFO is %s",
             *job->program, *reader->words, advice, job->library_directory,
             job->fifo_directory[0] != '\0' ? job->fifo_directory : "not used");
}

void job_insert(struct job *job, const char *const *before, const struct words *ours)
{
    struct words *command = &job->container->command;

    words_free(command);
    words_add_all(command, job->command, (size_t)(before - job->command));
    words_add_all(command, (const char *const *)ours->list, ours->count);
    words_add_list(command, before);
    job->container->means = CONTAINER_ARGUMENTS;
}
