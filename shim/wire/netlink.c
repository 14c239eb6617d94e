#include "shim/wire/netlink.h"

#include <errno.h>

#include "shim/wire/sys.h"

/* The answer is there when sendto(2) has returned: the kernel makes it in that call. */
static ssize_t exchange(int protocol, const struct nlmsghdr *request,
                        union netlink_answer *answer)
{
    BLOCK_SIGNALS;
    int fd = sys_socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol);
    ssize_t length;

    if (fd < 0)
        return -1;
    length = sys_send(fd, request, request->nlmsg_len);
    if (length >= 0)
        length = syscall(SYS_recvfrom, fd, answer, sizeof *answer, MSG_DONTWAIT, NULL, NULL);
    sys_close(fd);
    return length;
}

const void *netlink_ask(int protocol, const struct nlmsghdr *request,
                        union netlink_answer *answer, size_t least)
{
    const struct nlmsgerr *failure = NLMSG_DATA(&answer->header);
    ssize_t length = exchange(protocol, request, answer);

    if (length < 0)
        return NULL;
    errno = EPROTO;
    if (answer->header.nlmsg_type == NLMSG_ERROR &&
        length >= (ssize_t)NLMSG_LENGTH(sizeof *failure))
        errno = -failure->error;
    else if (length >= (ssize_t)NLMSG_LENGTH(least) && answer->header.nlmsg_type != NLMSG_ERROR)
        return NLMSG_DATA(&answer->header);
    return NULL;
}
