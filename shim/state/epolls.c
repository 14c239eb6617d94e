#include "shim/state/epolls.h"

#include <stdatomic.h>
#include <string.h>

#include "shim/kernel/process.h"
#include "shim/wire/sys.h"
#include "shim/wire/text.h"

enum { EPOLLS = 16, CHUNK = 512 };

static _Atomic int epolls[EPOLLS]; /* descriptors + 1, each once; 0: free */

void epolls_note(int epoll)
{
    for (int i = 0; i < EPOLLS; i++) {
        int noted = 0;

        if (atomic_compare_exchange_strong(&epolls[i], &noted, epoll + 1) || noted == epoll + 1)
            return;
    }
}

static int open_fdinfo(int epoll)
{
    char name[32];
    struct text text = {name, 0, sizeof name - 1};

    text_put_string(&text, "fdinfo/");
    text_put_number(&text, (uint64_t)epoll);
    text_end(&text);
    return process_open(name);
}

/* In a file that is read in pieces, which overlap. */
static bool file_contains(int fd, const char *needle, size_t size)
{
    char bytes[CHUNK];
    size_t kept = 0;
    ssize_t length;

    while ((length = sys_read(fd, bytes + kept, sizeof bytes - kept)) > 0) {
        size_t there = kept + (size_t)length;

        if (memmem(bytes, there, needle, size) != NULL)
            return true;
        kept = there < size ? there : size;
        memmove(bytes, bytes + there - kept, kept);
    }
    return false;
}

bool epolls_hold(uint64_t inode)
{
    char needle[32];
    struct text text = {needle, 0, sizeof needle - 1};
    bool found = false;

    text_put_string(&text, " ino:"); /* "tfd: ... ino:HEX sdev:HEX" */
    text_put_hex(&text, inode);
    text_put_char(&text, ' ');
    for (int i = 0; i < EPOLLS && epolls[i] != 0 && !found; i++) {
        BLOCK_SIGNALS;
        int fd = open_fdinfo(epolls[i] - 1);

        if (fd >= 0) {
            found = file_contains(fd, needle, text.length);
            sys_close(fd);
        }
    }
    return found;
}
