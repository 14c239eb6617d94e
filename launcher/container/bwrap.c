/*
 * bwrap. It works off its options one by one, so that ours come last. It makes the directory on
 * which it mounts something, which fails where the container's root is mounted read-only, and
 * stays behind where it is not: both are avoided by mounting below a --dev or --tmpfs.
 */
#include <string.h>

#include "launcher/container/ways.h"

/* What the user's options leave us: how the root comes about, and what is mounted on it. */
struct layout {
    const char *root;  /* a directory; NULL: it is empty, and can be written */
    bool read_only;    /* the root */
    const char *place; /* where a file system of the container's own is; NULL: nowhere */
};

static void note_mount(struct layout *layout, const char *destination)
{
    if (layout->place != NULL && strcmp(destination, layout->place) == 0)
        layout->place = NULL;
}

static void note_bind(struct layout *layout, const struct reader *option)
{
    const char *source = option->words[1], *destination = option->words[2];

    if (strcmp(destination, "/") != 0) {
        note_mount(layout, destination);
        return;
    }
    layout->root = source;
    layout->read_only = strncmp(option->name, "ro-", 3) == 0;
    layout->place = NULL;
}

static void note_own(struct layout *layout, const struct reader *option)
{
    if (strcmp(option->value, "/") == 0)
        *layout = (struct layout){.root = NULL};
    else if (option->value[0] == '/')
        layout->place = option->value;
}

static void note(struct job *job, struct layout *layout, const struct reader *option)
{
    const char *name = option->name;

    if (grammar_lists(" bind bind-try dev-bind dev-bind-try ro-bind ro-bind-try bind-fd "
                      "ro-bind-fd ",
                      name))
        note_bind(layout, option);
    else if (grammar_lists(" dev tmpfs ", name))
        note_own(layout, option);
    else if (strcmp(name, "remount-ro") == 0 && strcmp(option->value, "/") == 0)
        layout->read_only = true;
    else if (grammar_lists(" proc mqueue remount-ro ", name))
        note_mount(layout, option->value);
    else if (strcmp(name, "setenv") == 0 && strcmp(option->value, "LD_PRELOAD") == 0)
        job->user_preload = option->words[2];
}

static bool is_there(const struct job *job, const char *root, const char *directory)
{
    struct words words = {.list = NULL};
    bool there;

    words_format(&words, "%s%s", root, directory);
    there = job->needs->exists(words.list[0]);
    words_free(&words);
    return there;
}

/* False if there is no place for what we mount. */
static bool choose_place(struct job *job, const struct layout *layout)
{
    if (layout->root != NULL && strcmp(layout->root, "/") == 0)
        return true; /* all is where it is here */
    if (layout->place != NULL) {
        job_move(job, layout->place);
        return true;
    }
    if (layout->root == NULL) {
        if (!layout->read_only)
            job_move(job, "");
        return !layout->read_only;
    }
    return !layout->read_only || (is_there(job, layout->root, job->library_directory) &&
                                  is_there(job, layout->root, job->fifo_directory));
}

static void put_variable(struct words *words, const char *name, const char *value)
{
    if (value == NULL) /* it passes by itself */
        return;
    words_add(words, "--setenv");
    words_add(words, name);
    words_add(words, value);
}

static void put_bind(struct words *words, const char *option, const char *source,
                     const char *destination)
{
    words_add(words, option);
    words_add(words, source);
    words_add(words, destination);
}

void way_bwrap(struct job *job)
{
    struct reader reader = {.grammar = &job->container->runtime->options, .next = job->options};
    struct layout layout = {.root = NULL};
    struct words ours = {.list = NULL};
    enum reading reading;

    while ((reading = reader_next(&reader)) == READ_OPTION)
        note(job, &layout, &reader);
    if (reading == READ_UNKNOWN) {
        job_tell_unknown(job, &reader,
                         "--ro-bind LIBRARY LIBRARY --bind FIFO FIFO before the command");
        return;
    }
    if (!choose_place(job, &layout)) {
        job_tell(job,
                 "%s: there is no place for the library in a root that is read-only: give it "
                 "--dev /dev, or a --tmpfs",
                 *job->program);
        return;
    }
    put_bind(&ours, "--ro-bind-try", job->library_directory, job->library_inside);
    if (job->fifo_directory[0] != '\0')
        put_bind(&ours, "--bind-try", job->fifo_directory, job->fifo_inside);
    job_visit_variables(job, put_variable, &ours);
    job_insert(job, reader.next, &ours);
    words_free(&ours);
}
