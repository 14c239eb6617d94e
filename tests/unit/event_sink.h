/*
 * Ways for events for the tests of shim/events/event_sink.h, and the event that goes through
 * them.
 */
#ifndef IMDSHIM_TESTS_UNIT_EVENT_SINK_H
#define IMDSHIM_TESTS_UNIT_EVENT_SINK_H

#include <check.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shim/events/event_sink.h"
#include "shim/wire/sys.h"

static const struct event ready = {
    .kind = KIND_READY, .has = EVENT_HAS(KEY_PID), .port = 42165, .pid = 4711};
static const char line[] = "42165 ready pid=4711\n";

/* As a launcher hands a descriptor over. */
static inline struct event_sink inherited(int fd)
{
    struct event_sink sink = {.file = {.fd = fd}};
    struct stat status;

    ck_assert_int_eq(fstat(fd, &status), 0);
    sink.file.device = status.st_dev;
    sink.file.inode = status.st_ino;
    sink.file.birth = sys_birth(fd);
    return sink;
}

/* The end to write to, as a launcher hands it over. */
static inline struct event_sink inherited_pipe(int ends[2])
{
    ck_assert_int_eq(pipe(ends), 0);
    return inherited(ends[1]);
}

/* A FIFO that may be there, in the working directory. */
static inline void make_path(struct event_sink *sink, const char *name)
{
    char directory[PATH_MAX - 64];

    ck_assert_ptr_nonnull(getcwd(directory, sizeof directory));
    *sink = (struct event_sink){.file = {.fd = -1}};
    snprintf(sink->fifo, sizeof sink->fifo, "%s/%s", directory, name);
}

/*
 * An event whose line is as long as can be, EVENT_MAX: all of it is the letter but for its
 * beginning, " exe=" and the newline.
 */
static inline struct event longest_event(char letter, char text[EVENT_MAX])
{
    memset(text, letter, EVENT_MAX - 1);
    text[EVENT_MAX - 1] = '\0';
    return (struct event){
        .kind = KIND_READY, .has = EVENT_HAS(KEY_EXE), .port = 1, .exe = text};
}

#endif
