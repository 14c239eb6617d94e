#include "shim/state/sockets.h"

#include <stdatomic.h>

#include "shim/kernel/listener.h"
#include "shim/kernel/process.h"
#include "shim/wire/sys.h"

/*
 * One word an entry, so that it is always whole: the inode above, the port in the low 16 bits.
 * An engine binds a handful of sockets; of more than there are entries the last are known.
 */
enum { ENTRIES = 64, PORT_BITS = 16 };

static _Atomic uint64_t asked[ENTRIES];
static _Atomic unsigned entries_used;

/* The inode above, the descriptor in the low bits; of one that does not fit nothing is known. */
enum { FD_BITS = 16, FD_NOT_KNOWN = (1 << FD_BITS) - 1 };

static _Atomic uint64_t claimed;
static _Atomic pid_t claimant;
static _Atomic uint32_t claiming_module; /* its name's hash */
static _Atomic uint64_t twin;            /* an inode; 0: none */

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

static uint64_t claim_of(uint64_t inode, int fd)
{
    return inode << FD_BITS | (uint64_t)(fd < FD_NOT_KNOWN ? fd : FD_NOT_KNOWN);
}

uint64_t imd_socket(void)
{
    return claimed >> FD_BITS;
}

int imd_socket_fd(void)
{
    uint64_t claim = claimed;
    int fd = (int)(claim & FD_NOT_KNOWN);

    return claim != 0 && fd != FD_NOT_KNOWN ? fd : -1;
}

/* A duplicate may be left, and is remembered. True too if that cannot be looked at. */
static bool has_duplicate(uint64_t claim)
{
    int slots = (int)process_descriptor_slots();

    for (int fd = 0; fd < slots && fd < FD_NOT_KNOWN; fd++)
        if (socket_inode(fd) == claim >> FD_BITS) {
            atomic_compare_exchange_strong(&claimed, &claim, claim_of(claim >> FD_BITS, fd));
            return true;
        }
    return slots == 0 || slots > FD_NOT_KNOWN;
}

static bool is_closed(uint64_t claim)
{
    int fd = (int)(claim & FD_NOT_KNOWN);

    return claimant == sys_getpid() && fd != FD_NOT_KNOWN &&
           socket_inode(fd) != claim >> FD_BITS && !has_duplicate(claim);
}

static uint32_t hash_of(const char *name)
{
    uint32_t hash = 2166136261; /* FNV-1a */

    for (; *name != '\0'; name++)
        hash = (hash ^ (unsigned char)*name) * 16777619;
    return hash;
}

bool imd_socket_may_be_of(const char *object)
{
    return claimed == 0 || claiming_module == hash_of(object);
}

bool imd_socket_may_be_claimed(void)
{
    uint64_t claim = claimed;

    return claim == 0 || is_closed(claim);
}

/* Until the first claimant is known, no other claim is taken for one that is closed. */
bool imd_socket_claim(uint64_t inode, int fd, const char *object)
{
    uint64_t claim = claimed;

    if ((claim != 0 && (!is_closed(claim) || !imd_socket_may_be_of(object))) ||
        !atomic_compare_exchange_strong(&claimed, &claim, claim_of(inode, fd)))
        return false;
    claiming_module = hash_of(object);
    claimant = sys_getpid();
    twin = 0;
    return true;
}

void imd_socket_add_twin(uint64_t inode)
{
    twin = inode;
}

bool is_imd_socket_or_twin(uint64_t inode)
{
    return inode != 0 && (inode == imd_socket() || inode == twin);
}
