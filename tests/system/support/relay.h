/*
 * For the tests of the relay: a stand-in engine, a relay of it, and clients that do what no
 * client should.
 */
#ifndef IMDSHIM_TESTS_RELAY_H
#define IMDSHIM_TESTS_RELAY_H

#include <stdint.h>

#include "launcher/imd/imd.h"
#include "tests/support/suite.h"
#include "tests/system/support/launcher.h"

struct relayed {
    struct shell engine, relay;
    int port; /* of the relay */
};

/* imd-engine with its words, and "imdshim relay" with its options. */
void relayed_start(struct relayed *relayed, const char *engine, const char *options);

/* Both have ended by themselves; the relay with this status. */
void relayed_finish(struct relayed *relayed, int status);

/* End the relay by a signal, and wait for both. */
void relayed_end(struct relayed *relayed);

struct viewer {
    struct imd imd;                /* what it has got, decoded */
    int64_t first_step, last_step; /* of its frames */
    int fd;
    bool ended;      /* the stream has come to its end */
    bool in_order;   /* each frame's step is later than the last one's */
    bool contiguous; /* it is the one after */
};

/* Connected; it has said nothing. */
struct viewer viewer_connect(int port);

/* A header to the relay. */
void viewer_say(const struct viewer *viewer, int32_t type, int32_t value);

/* The handshake and, in version 3, SESSIONINFO; then GO. */
void viewer_greet(struct viewer *viewer);
struct viewer viewer_start(int port); /* all of it */

/* What comes next; false at the end of the stream. */
bool viewer_read_some(struct viewer *viewer);

/* Read until there are so many frames in all, or the stream ends: false then. */
bool viewer_read(struct viewer *viewer, uint64_t frames);

/* To the end of the stream; true if it ended between frames. */
bool viewer_read_all(struct viewer *viewer);

/* The same of several at once: one that is not read holds up the others. */
void viewers_read_all(struct viewer *viewers, int count);

void viewer_leave(struct viewer *viewer); /* as it should */
void viewer_die(struct viewer *viewer);   /* by RST */

#endif
