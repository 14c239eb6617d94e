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
struct event_sink inherited(int fd);

/* The end to write to, as a launcher hands it over. */
struct event_sink inherited_pipe(int ends[2]);

/* A FIFO that may be there, in the working directory. */
void make_path(struct event_sink *sink, const char *name);

/*
 * An event whose line is as long as can be, EVENT_MAX: all of it is the letter but for its
 * beginning, " exe=" and the newline.
 */
struct event longest_event(char letter, char text[EVENT_MAX]);

#endif
