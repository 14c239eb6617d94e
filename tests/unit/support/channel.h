/*
 * Channels for the tests of shim/channel.h, and the line that goes through them.
 */
#ifndef IMDSHIM_TESTS_UNIT_CHANNEL_H
#define IMDSHIM_TESTS_UNIT_CHANNEL_H

#include <check.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shim/channel.h"
#include "shim/sys.h"

static const char line[] = "42165 ready pid=4711\n";

/* As a launcher hands a descriptor over. */
struct channel inherited(int fd);

/* The end to write to, as a launcher hands it over. */
struct channel inherited_pipe(int ends[2]);

/* A FIFO that may be there, in the working directory. */
void make_path(struct channel *channel, const char *name);

#endif
