/*
 * What a client of IMD sends, versions 2 and 3, and what it becomes for an engine of the other
 * version. Pure.
 *
 * A command is a header and, for MDCOMM alone, a body: for each of n atoms an int32 index, then
 * for each three float32, in the engine's byte order (GROMACS imd.cpp, imd_recv_mdcomm; LAMMPS
 * fix_imd.cpp, imd_recv_mdcomm). Units of forces are the engine's; they are not converted.
 */
#ifndef IMDSHIM_LAUNCHER_IMD_COMMAND_H
#define IMDSHIM_LAUNCHER_IMD_COMMAND_H

#include "launcher/imd/imd.h"

enum {
    /* Forces that a client may send while the number of atoms is not known. */
    COMMAND_LEAST_FORCES = 1 << 16,
};

/*
 * How long the command is, with its header; 0 if no client sends that. atoms: of the engine, 0 =
 * not known.
 */
size_t command_size(const unsigned char header[IMD_HEADER_SIZE], int32_t atoms);

/* Its type, if it is one. */
enum imd_type command_type(const unsigned char header[IMD_HEADER_SIZE]);

/* What the commands of clients have made of an engine. */
struct steering {
    int client, engine; /* the versions that they speak */
    bool paused;
};

/*
 * Write the header that the engine is to get in the place of the client's; false if it is to get
 * nothing. PAUSE of version 2 pauses and continues in turn; in version 3 it pauses, and RESUME
 * continues. Version 2 has no WAIT.
 */
bool command_translate(struct steering *steering, unsigned char header[IMD_HEADER_SIZE]);

/* The header that lets a paused engine go on; false if it is not paused. */
bool command_resume(struct steering *steering, unsigned char header[IMD_HEADER_SIZE]);

#endif
