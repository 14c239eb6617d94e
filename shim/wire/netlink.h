/*
 * One question to the kernel by netlink(7), and its answer. No memory and no lock is needed;
 * safe in a signal handler. errno is not kept.
 */
#ifndef IMDSHIM_SHIM_WIRE_NETLINK_H
#define IMDSHIM_SHIM_WIRE_NETLINK_H

#include <linux/netlink.h>
#include <stddef.h>

union netlink_answer {
    struct nlmsghdr header;
    char bytes[1024];
};

/*
 * The protocol is NETLINK_..., the request a message of one part without NLM_F_DUMP. Returns
 * what follows the answer's header, at least `least` bytes; NULL and errno if the kernel cannot
 * be asked, or answers with an error.
 */
const void *netlink_ask(int protocol, const struct nlmsghdr *request,
                        union netlink_answer *answer, size_t least);

#endif
