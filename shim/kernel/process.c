#include "shim/kernel/process.h"

#include <limits.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/utsname.h>

#include "shim/wire/sys.h"

static void copy_name(char *to, size_t size, const char *from, size_t length)
{
    if (length > size - 1)
        length = size - 1;
    memcpy(to, from, length);
    to[length] = '\0';
}

/* readlink(2) cuts a long path off; a base name is then lost, but PATH_MAX of stack is too
 * much. */
void process_exe(char name[NAME_SIZE])
{
    char path[1024];
    ssize_t length = sys_readlink("/proc/self/exe", path, sizeof path);
    const char *slash = length > 0 ? memrchr(path, '/', (size_t)length) : NULL;

    name[0] = '\0';
    if (slash != NULL && (size_t)length < sizeof path)
        copy_name(name, NAME_SIZE, slash + 1, (size_t)(path + length - slash - 1));
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
