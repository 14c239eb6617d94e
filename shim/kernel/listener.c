#include "shim/kernel/listener.h"

#include <netinet/in.h>
#include <stddef.h>
#include <string.h>

#include "shim/kernel/module.h"
#include "shim/kernel/process.h"
#include "shim/wire/address.h"
#include "shim/wire/sys.h"

bool listener_is_tcp(int fd)
{
    int protocol = sys_getsockopt(fd, SOL_SOCKET, SO_PROTOCOL);

    return protocol == IPPROTO_TCP || protocol == IPPROTO_MPTCP;
}

bool listener_read_address(struct listener *listener, int fd)
{
    socklen_t length = sizeof listener->address;

    memset(&listener->address, 0, sizeof listener->address);
    return syscall(SYS_getsockname, fd, &listener->address, &length) == 0 &&
           address_is_internet((const struct sockaddr *)&listener->address, length);
}

void listener_read_caller(struct listener *listener, const void *caller)
{
    listener->pid = sys_getpid();
    process_host(listener->host);
    process_exe(listener->exe);
    module_find(caller, listener->object);
}

struct candidate listener_as_candidate(const struct listener *listener)
{
    return (struct candidate){listener->exe, listener->object, listener->asked};
}
