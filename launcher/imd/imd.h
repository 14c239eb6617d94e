/*
 * The client's side of the IMD protocol, versions 2 and 3: a decoder for what the server sends.
 *
 * Pure: no system call, no allocation, and a state of fixed size whatever the stream announces.
 * Bytes go in, in chunks of any size, and where the chunks are cut makes no difference. The
 * decoder is total: no input makes it read out of bounds, overflow or loop.
 *
 *     struct imd imd;
 *     imd_start(&imd);
 *     for each chunk: news = imd_feed(&imd, chunk, length);
 *     at end of file: imd_end(&imd);
 *
 * Units are the server's: nothing in the stream names them. GROMACS sends K and kJ/mol, NAMD K
 * and kcal/mol; times are ps in the specification of version 3, but LAMMPS sends those of its
 * run.
 */
#ifndef IMDSHIM_LAUNCHER_IMD_IMD_H
#define IMDSHIM_LAUNCHER_IMD_IMD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum imd_type {
    IMD_DISCONNECT,
    IMD_ENERGIES,
    IMD_FCOORDS,
    IMD_GO,
    IMD_HANDSHAKE,
    IMD_KILL,
    IMD_MDCOMM,
    IMD_PAUSE,
    IMD_TRATE,
    IMD_IOERROR,
    IMD_SESSIONINFO, /* from here on version 3 */
    IMD_RESUME,
    IMD_TIME,
    IMD_BOX,
    IMD_VELOCITIES,
    IMD_FORCES,
    IMD_WAIT,
};

enum {
    IMD_HEADER_SIZE = 8,
    IMD_LARGEST_BODY = 40, /* of those that are kept: ENERGIES */
    IMD_ENERGY_PARTS = 6,
    IMD_ERROR_SIZE = 128,
    /* No engine gets there: they count a packet's 12 bytes per atom in an int. */
    IMD_MOST_ATOMS = 1 << 28,
};

/* What a chunk has brought about, or-ed together. */
enum imd_news {
    IMD_GREETED = 1, /* the handshake is complete: GO is due, within a second */
    IMD_FRAMED = 2,  /* at least one frame was completed */
    IMD_FAILED = 4,  /* for good: error says why */
    IMD_LEFT = 8, /* the server has said DISCONNECT, as VMD's own server code does at its end */
};

struct imd {
    /* For the caller to read. */
    int version;       /* 0 until known, then 2 or 3 */
    bool big_endian;   /* the server's byte order */
    bool greeted;      /* the handshake is complete, SESSIONINFO included */
    bool has_step;     /* step is set */
    bool has_time;     /* time is set: version 3 */
    bool has_energies; /* temperature, total and potential are set */
    int32_t atoms;     /* 0 until known */
    uint64_t frames;   /* version 2: FCOORDS packets; 3: complete sets of what was announced */
    uint64_t bytes;    /* all that were decoded, headers included */
    int64_t step;      /* from TIME, or else from ENERGIES */
    int64_t stride;    /* from the step before it to this one, 0 = not known */
    double time;       /* from TIME */
    float temperature; /* these from ENERGIES */
    float total;
    float potential;
    float
        parts[IMD_ENERGY_PARTS]; /* van der Waals electrostatic bond angle dihedral improper */
    uint64_t energies;           /* ENERGIES packets, of which these are the last */
    char error[IMD_ERROR_SIZE];  /* empty, or why the stream cannot be decoded */

    /* The decoder's own. */
    enum { IN_HEADER, IN_KEPT_BODY, IN_PASSED_BODY } part;
    enum imd_type type; /* of the packet whose body is being read */
    uint64_t left;      /* bytes that this part still lacks, never 0 between calls */
    size_t filled;      /* bytes of it in kept */
    unsigned announced; /* version 3: bit i = each frame has the packet frame_order[i] */
    unsigned place;     /* version 3: which packet of the frame is due */
    bool gone;          /* it has said DISCONNECT */
    unsigned char kept[IMD_LARGEST_BODY];
};

void imd_start(struct imd *imd);

/* Decode a chunk; returns a set of enum imd_news. Nothing is decoded after a failure or
 * a DISCONNECT. */
unsigned imd_feed(struct imd *imd, const void *bytes, size_t length);

/*
 * Decode no further than to the end of the part that is being read, a header or a body; returns
 * how many bytes that took. For those who pass packets on: behind a header, kept has it; behind
 * a body of those that are kept, kept has that.
 */
size_t imd_take(struct imd *imd, const void *bytes, size_t length, unsigned *news);

/* The server has closed the stream. True if this is how a run ends, else error says what broke.
 */
bool imd_end(struct imd *imd);

/* Of a packet for the server, or for a client. Only HANDSHAKE's value has another byte order. */
void imd_encode_header(unsigned char header[IMD_HEADER_SIZE], enum imd_type type,
                       int32_t value);

#endif
