/*
 * Channels for the tests of shim/events/event_sink.h, and the line that goes through them.
 */
#ifndef IMDSHIM_TESTS_UNIT_CHANNEL_H
#define IMDSHIM_TESTS_UNIT_CHANNEL_H

#include <check.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shim/events/event_sink.h"
#include "shim/wire/sys.h"

static const char line[] = "42165 ready pid=4711\n";

/* As a launcher hands a descriptor over. */
static inline struct channel inherited(int fd)
{
    struct channel channel = {.fd = fd};
    struct stat status;

    ck_assert_int_eq(fstat(fd, &status), 0);
    channel.device = status.st_dev;
    channel.inode = status.st_ino;
    channel.birth = sys_birth(fd);
    return channel;
}

/* The end to write to, as a launcher hands it over. */
static inline struct channel inherited_pipe(int ends[2])
{
    ck_assert_int_eq(pipe(ends), 0);
    return inherited(ends[1]);
}

/* A FIFO that may be there, in the working directory. */
static inline void make_path(struct channel *channel, const char *name)
{
    char directory[PATH_MAX - 64];

    ck_assert_ptr_nonnull(getcwd(directory, sizeof directory));
    *channel = (struct channel){.fd = -1};
    snprintf(channel->path, sizeof channel->path, "%s/%s", directory, name);
}

#endif
