#include "shim/kernel/process.h"

#include <string.h>
#include <sys/prctl.h>
#include <sys/utsname.h>

#include "shim/wire/sys.h"
#include "shim/wire/text.h"

enum { PATH_ROOM = 1024 }; /* PATH_MAX would be too much for a signal's stack */

/* /proc/thread-self is there since Linux 3.17. */
static const char *const own_directories[] = {"/proc/thread-self/", "/proc/self/"};

static void compose(char path[64], const char *directory, const char *name)
{
    struct text text = {path, 0, 63};

    text_put_string(&text, directory);
    text_put_string(&text, name);
    text_end(&text);
}

int process_open(const char *name)
{
    char path[64];
    int fd = -1;

    for (int i = 0; i < 2 && fd < 0; i++) {
        compose(path, own_directories[i], name);
        fd = sys_open(path, O_RDONLY | O_CLOEXEC);
    }
    return fd;
}

static void copy_name(char *to, size_t size, const char *from, size_t length)
{
    if (length > size - 1)
        length = size - 1;
    memcpy(to, from, length);
    to[length] = '\0';
}

void process_strip_deleted(char *name)
{
    static const char deleted[] = " (deleted)";
    size_t length = strlen(name), suffix = sizeof deleted - 1;

    if (length > suffix && strcmp(name + length - suffix, deleted) == 0)
        name[length - suffix] = '\0';
}

/* readlink(2) cuts a long path off, and its base name is lost then. */
void process_exe(char name[NAME_SIZE])
{
    char link[64], path[PATH_ROOM];
    ssize_t length = -1;
    const char *slash;

    for (int i = 0; i < 2 && length <= 0; i++) {
        compose(link, own_directories[i], "exe");
        length = sys_readlink(link, path, sizeof path);
    }
    slash = length > 0 && length < PATH_ROOM ? memrchr(path, '/', (size_t)length) : NULL;
    name[0] = '\0';
    if (slash != NULL)
        copy_name(name, NAME_SIZE, slash + 1, (size_t)(path + length - slash - 1));
    process_strip_deleted(name);
}

void process_comm(char name[COMM_SIZE])
{
    name[0] = '\0';
    prctl(PR_GET_NAME, name);
}

void process_host(char name[HOST_SIZE])
{
    struct utsname system;

    name[0] = '\0';
    if (syscall(SYS_uname, &system) == 0)
        copy_name(name, HOST_SIZE, system.nodename, strlen(system.nodename));
}

unsigned process_netns(void)
{
    struct stat status = {.st_ino = 0};
    BLOCK_SIGNALS;
    int fd = process_open("ns/net");

    if (fd >= 0) {
        sys_fstat(fd, &status);
        sys_close(fd);
    }
    return (unsigned)status.st_ino;
}

unsigned process_descriptor_slots(void)
{
    static const char key[] = "\nFDSize:\t";
    char text[PATH_ROOM]; /* it is among the first ten lines */
    ssize_t length = -1;
    uint64_t slots = 0;
    BLOCK_SIGNALS;
    int fd = process_open("status");

    if (fd >= 0) {
        length = sys_read(fd, text, sizeof text - 1);
        sys_close(fd);
    }
    if (length > 0) {
        const char *found;

        text[length] = '\0';
        found = strstr(text, key);
        if (found != NULL)
            text_take_number(found + sizeof key - 1, INT32_MAX, &slots);
    }
    return (unsigned)slots;
}
