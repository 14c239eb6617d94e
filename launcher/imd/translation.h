/*
 * What an engine sends, in the version of IMD that clients are spoken to in: 2 to 3, 3 to 2, and
 * each to itself byte for byte. Pure, and total as the decoder is (imd.h), whose state it reads.
 *
 *     struct translation translation = {.version = 3, .time_step = 0.002};
 *     imd_start(&imd);
 *     for each chunk, until it is used up:
 *         piece = translation_take(&translation, &imd, chunk, length, out);
 *     once translation.known: translation_greet() says what a client gets first
 *
 * The byte order stays the engine's. Bodies are not looked into but for ENERGIES, which has the
 * step: numbers stay as they are, and so do their units.
 *
 * 3 from 2: a frame is what comes up to an FCOORDS packet. Version 2 does not announce what it
 * sends, so SESSIONINFO is known when the first FCOORDS comes: coordinates; energies, if some
 * came before it; TIME, if there are energies, for they have the step, and the user has given
 * the time step. Clients wait only some seconds for it (imdclient 5 s), and the first frame of a
 * large system may take longer: with sends_energies it is known at the engine's greeting, and the
 * caller may presume what has come so far to be all. There is no box, and whether coordinates are wrapped is not known: 0. Each
 * frame of version 3 has the same packets, so a frame that lacks the energies that the first
 * one had is left out and counted. An engine that sends energies alone has no frames for them:
 * that no coordinates will come is never known, for they may have a longer interval.
 *
 * The step of TIME is the frame's own. GROMACS counts its step before it sends (md.cpp, "increase
 * the MD step number"), so that the step of ENERGIES is one ahead; the packet itself stays as it
 * is.
 *
 * 2 from 3: energies and coordinates; the rest is left out.
 *
 * Sources: see imd.c.
 */
#ifndef IMDSHIM_LAUNCHER_IMD_TRANSLATION_H
#define IMDSHIM_LAUNCHER_IMD_TRANSLATION_H

#include "launcher/imd/imd.h"

enum {
    IMD_SESSION_SIZE = 7,
    IMD_ENERGIES_SIZE = 40,
    IMD_TIME_SIZE = 24,
    TRANSLATION_GREETING = 2 * IMD_HEADER_SIZE + IMD_SESSION_SIZE,
    /* Put before a body, at most: TIME, ENERGIES and the body's own header. */
    TRANSLATION_ADDED = 3 * IMD_HEADER_SIZE + IMD_TIME_SIZE + IMD_ENERGIES_SIZE,
};

struct translation {
    /* To be set before. */
    int version;         /* that the clients get: 2 or 3 */
    double time_step;    /* ps; 0: not known */
    int step_ahead;      /* how much later the step of ENERGIES is than the frame's own */
    bool sends_energies; /* each frame of version 2 has some */

    /* For the caller to read. */
    bool known;        /* what to greet a client with */
    uint64_t left_out; /* frames, for they lack what was announced */

    /* The translation's own. */
    bool in_frame;                           /* something of the frame has been put */
    bool passes;                             /* the body that is being read is put */
    bool has_energies;                       /* of the frame that comes, in energies */
    unsigned char session[IMD_SESSION_SIZE]; /* the body of the clients' SESSIONINFO */
    unsigned char energies[IMD_ENERGIES_SIZE];
};

/* What has become of some bytes. */
struct piece {
    size_t taken;  /* of those that were given; 0: the decoder takes no more */
    size_t put;    /* of those that were written */
    bool begins;   /* the first that was put is the first of a frame */
    unsigned news; /* enum imd_news */
};

/*
 * Take no more than one header or one body. out has room for length + TRANSLATION_ADDED bytes,
 * and is apart from bytes, or is where translation_room() says.
 */
struct piece translation_take(struct translation *translation, struct imd *imd,
                              const unsigned char *bytes, size_t length, unsigned char *out);

/*
 * The stream has broken off: what is still to be put, so that nobody takes that for its end. What
 * was kept back of a header, if clients get the engine's bytes; else, if what they have could be
 * the end, the first bytes of a header. Before the first frame nothing. Returns how many.
 */
size_t translation_break(const struct translation *translation, const struct imd *imd,
                         unsigned char out[IMD_HEADER_SIZE]);

/*
 * How many of the bytes that come next are put as they are, so that they may be received where
 * they are to be put, and never moved: behind *held bytes that the decoder keeps back. 0: none.
 */
uint64_t translation_room(const struct translation *translation, const struct imd *imd,
                          size_t *held);

/* The first frame does not come in time: SESSIONINFO is what has come so far, and coordinates. */
void translation_presume(struct translation *translation);

/* HANDSHAKE and, in version 3, SESSIONINFO, for each client; returns their length. */
size_t translation_greet(const struct translation *translation, const struct imd *imd,
                         unsigned char out[TRANSLATION_GREETING]);

#endif
