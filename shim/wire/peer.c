#include "shim/wire/peer.h"

#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <string.h>

#include "shim/wire/local_address.h"
#include "shim/wire/netlink.h"
#include "shim/wire/sys.h"

struct question {
    struct nlmsghdr header;
    struct inet_diag_req_v2 request;
};

/*
 * SO_PEERNAME, because getpeername(2) does not name the peer of a connection that was reset. It
 * must be given no more room than the name needs.
 */
static bool read_ends(int fd, union address *here, union address *there)
{
    socklen_t length = sizeof *here;

    if (syscall(SYS_getsockname, fd, here, &length) != 0)
        return false;
    errno = EAFNOSUPPORT;
    if (here->any.sa_family != AF_INET && here->any.sa_family != AF_INET6)
        return false;
    return syscall(SYS_getsockopt, fd, SOL_SOCKET, SO_PEERNAME, there, &length) == 0;
}

static void put_host(uint32_t words[4], const union address *address)
{
    if (address->any.sa_family == AF_INET6)
        memcpy(words, &address->ipv6.sin6_addr, sizeof address->ipv6.sin6_addr);
    else
        memcpy(words, &address->ipv4.sin_addr, sizeof address->ipv4.sin_addr);
}

/* The socket whose own end is there, and whose peer is here. */
static void compose(struct question *question, union address here, union address there)
{
    struct inet_diag_sockid *id = &question->request.id;

    memset(question, 0, sizeof *question);
    if (there.any.sa_family == AF_INET6)
        id->idiag_if = there.ipv6.sin6_scope_id;
    address_unmap(&here);
    address_unmap(&there);
    question->header.nlmsg_len = sizeof *question;
    question->header.nlmsg_type = SOCK_DIAG_BY_FAMILY;
    question->header.nlmsg_flags = NLM_F_REQUEST;
    question->request.sdiag_family = (uint8_t)there.any.sa_family;
    question->request.sdiag_protocol = IPPROTO_TCP;
    question->request.idiag_states = UINT32_MAX;
    id->idiag_sport = there.ipv4.sin_port;
    id->idiag_dport = here.ipv4.sin_port;
    put_host(id->idiag_src, &there);
    put_host(id->idiag_dst, &here);
    id->idiag_cookie[0] = id->idiag_cookie[1] = (uint32_t)INET_DIAG_NOCOOKIE;
}

/* NULL and errno. Without such a connection the kernel may answer with a listener on that port.
 */
static const struct inet_diag_msg *find_socket(const struct question *question,
                                               union netlink_answer *answer)
{
    const struct inet_diag_msg *socket =
        netlink_ask(NETLINK_SOCK_DIAG, &question->header, answer, sizeof *socket);

    if (socket == NULL || socket->id.idiag_dport == question->request.id.idiag_dport)
        return socket;
    errno = ENOENT;
    return NULL;
}

/*
 * A connection that was reset is still in the backlog, and another client may have its port by
 * now. While a connection is open, only a socket in SYN_SENT can share its port.
 */
static bool is_the_client(int fd, const struct inet_diag_msg *socket)
{
    return socket->idiag_state != TCP_SYN_SENT && sys_poll_now(fd, 0) == 0;
}

/*
 * In a user namespace all users that have no number there have this one. The map of a
 * namespace where all have one begins with 0, 0, UINT32_MAX.
 */
static bool is_ambiguous(uid_t uid)
{
    enum { OVERFLOW_UID = 65534 }; /* /proc/sys/kernel/overflowuid */
    static const char whole[] = "         0          0 4294967295\n";
    char map[sizeof whole] = "";
    BLOCK_SIGNALS;
    int fd = uid == OVERFLOW_UID ? sys_open("/proc/self/uid_map", O_RDONLY | O_CLOEXEC) : -1;

    if (fd >= 0) {
        sys_read(fd, map, sizeof map - 1);
        sys_close(fd);
    }
    return uid == OVERFLOW_UID && strcmp(map, whole) != 0;
}

enum peer peer_lookup(int fd, uid_t *uid, int *error)
{
    union address here, there;
    struct question question;
    union netlink_answer answer;
    const struct inet_diag_msg *socket = NULL;

    if (read_ends(fd, &here, &there)) {
        compose(&question, here, there);
        socket = find_socket(&question, &answer);
    }
    *error = errno;
    if (socket == NULL && *error != ENOENT)
        return PEER_UNKNOWN;
    if (socket == NULL)
        return address_is_local(&there) ? PEER_CLOSED : PEER_REMOTE;
    if (socket->idiag_inode == 0 || /* no process has it any more, and its user is then root */
        !is_the_client(fd, socket))
        return PEER_CLOSED;
    *uid = socket->idiag_uid;
    if (*uid != sys_geteuid())
        return PEER_OTHER_USER;
    *error = EOVERFLOW;
    return is_ambiguous(*uid) ? PEER_UNKNOWN : PEER_SAME_USER;
}

/* Without a connection between the two the kernel looks for a listener. */
bool peer_listens(const union address *address)
{
    union address nobody = {.any.sa_family = address->any.sa_family};
    struct question question;
    union netlink_answer answer;

    compose(&question, nobody, *address);
    return netlink_ask(NETLINK_SOCK_DIAG, &question.header, &answer,
                       sizeof(struct inet_diag_msg)) != NULL;
}
