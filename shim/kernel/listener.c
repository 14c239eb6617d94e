#include "shim/kernel/listener.h"

#include <string.h>

#include "shim/kernel/module.h"
#include "shim/kernel/process.h"
#include "shim/wire/sys.h"

uint64_t socket_inode(int fd)
{
    struct stat status;

    return sys_fstat(fd, &status) == 0 && S_ISSOCK(status.st_mode) ? status.st_ino : 0;
}

bool listener_read_caller(struct listener *listener, const void *caller)
{
    static const char own_name[] = "libimdshim.so";

    process_host(listener->host);
    process_exe(listener->exe);
    module_find(caller, listener->object);
    return strcmp(listener->object, own_name) != 0;
}

struct listener_facts listener_facts(const struct listener *listener)
{
    return (struct listener_facts){listener->exe, listener->object, listener->asked};
}

struct event listener_event(const struct listener *listener, enum event_kind kind)
{
    return (struct event){
        .kind = kind,
        .has = EVENT_OF_LISTENER,
        .port = address_port(&listener->address),
        .address = listener->address,
        .asked = listener->asked,
        .pid = (unsigned)sys_getpid(),
        .fd = (unsigned)listener->fd,
        .host = listener->host,
        .exe = listener->exe,
        .object = listener->object,
    };
}
