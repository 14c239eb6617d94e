#include "shim/state/sockets.h"

#include <stdatomic.h>

/*
 * One word an entry, so that it is always whole: the inode above, the port in the low 16 bits.
 * An engine binds a handful of sockets; of more than there are entries the last are known.
 */
enum { ENTRIES = 64, PORT_BITS = 16 };

static _Atomic uint64_t asked[ENTRIES];
static _Atomic unsigned entries_used;
static _Atomic uint64_t claimed;

/* 0 if there is none: the inode of a socket is never 0. */
static uint64_t entry_of(uint64_t inode)
{
    for (int i = 0; i < ENTRIES; i++) {
        uint64_t entry = asked[i];

        if (entry >> PORT_BITS == inode)
            return entry;
    }
    return 0;
}

void socket_remember_asked(uint64_t inode, unsigned port)
{
    if (entry_of(inode) == 0)
        asked[entries_used++ % ENTRIES] = inode << PORT_BITS | port;
}

unsigned socket_asked(uint64_t inode)
{
    return (unsigned)(entry_of(inode) & UINT16_MAX);
}

bool imd_socket_claim(uint64_t inode)
{
    uint64_t none = 0;

    return atomic_compare_exchange_strong(&claimed, &none, inode);
}

uint64_t imd_socket(void)
{
    return claimed;
}
