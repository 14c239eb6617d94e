#include "shim/sockets.h"

#include <stdatomic.h>

#include "shim/sys.h"

/*
 * One word an entry, so that it is always whole: the inode above, the port in the low 16 bits.
 * An engine binds a handful of sockets; if two share an entry the later one has it.
 */
enum { ENTRIES = 64, PORT_BITS = 16 };

static _Atomic uint64_t asked[ENTRIES];
static _Atomic uint64_t taken;

uint64_t socket_inode(int fd)
{
    struct stat status;

    return sys_fstat(fd, &status) == 0 && S_ISSOCK(status.st_mode) ? status.st_ino : 0;
}

void socket_remember_asked(uint64_t inode, unsigned port)
{
    _Atomic uint64_t *entry = &asked[inode % ENTRIES];

    if (*entry >> PORT_BITS != inode)
        *entry = inode << PORT_BITS | port;
}

unsigned socket_asked(uint64_t inode)
{
    uint64_t entry = asked[inode % ENTRIES];

    return entry >> PORT_BITS == inode ? (unsigned)(entry & UINT16_MAX) : 0;
}

bool socket_take(uint64_t inode)
{
    uint64_t none = 0;

    return atomic_compare_exchange_strong(&taken, &none, inode);
}

uint64_t socket_taken(void)
{
    return taken;
}
