#include "shim/wire/peer.h"

#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>

#include "shim/wire/local_address.h"
#include "shim/wire/sys.h"

/* An address of one of the two families; IPv4 in its IPv6 form is IPv4. */
struct end {
    struct sockaddr_storage address;
    socklen_t length;
    sa_family_t family;
    uint32_t words[4]; /* as sock_diag has it */
    in_port_t port;    /* in network order */
    unsigned scope;
};

struct question {
    struct nlmsghdr header;
    struct inet_diag_req_v2 request;
};

union answer {
    struct nlmsghdr header;
    char bytes[1024];
};

static void read_end(struct end *end)
{
    const struct sockaddr_in *ipv4 = (const void *)&end->address;
    const struct sockaddr_in6 *ipv6 = (const void *)&end->address;

    end->family = end->address.ss_family;
    if (end->family == AF_INET) {
        memcpy(end->words, &ipv4->sin_addr, sizeof ipv4->sin_addr);
        end->port = ipv4->sin_port;
        return;
    }
    end->port = ipv6->sin6_port;
    end->scope = ipv6->sin6_scope_id;
    if (IN6_IS_ADDR_V4MAPPED(&ipv6->sin6_addr)) {
        end->family = AF_INET;
        memcpy(end->words, &ipv6->sin6_addr.s6_addr[12], sizeof ipv4->sin_addr);
    } else {
        memcpy(end->words, &ipv6->sin6_addr, sizeof end->words);
    }
}

/*
 * SO_PEERNAME, for getpeername(2) does not name the peer of a connection that was reset. It
 * takes no more room than the name needs.
 */
static bool read_ends(int fd, struct end *here, struct end *there)
{
    here->length = sizeof here->address;
    if (syscall(SYS_getsockname, fd, &here->address, &here->length) != 0)
        return false;
    errno = EAFNOSUPPORT;
    if (here->address.ss_family != AF_INET && here->address.ss_family != AF_INET6)
        return false;
    there->length = here->length;
    if (syscall(SYS_getsockopt, fd, SOL_SOCKET, SO_PEERNAME, &there->address, &there->length) !=
        0)
        return false;
    read_end(here);
    read_end(there);
    return true;
}

/* The socket whose own end is there, and whose peer is here. */
static void compose(struct question *question, const struct end *here, const struct end *there)
{
    struct inet_diag_sockid *id = &question->request.id;

    memset(question, 0, sizeof *question);
    question->header.nlmsg_len = sizeof *question;
    question->header.nlmsg_type = SOCK_DIAG_BY_FAMILY;
    question->header.nlmsg_flags = NLM_F_REQUEST;
    question->request.sdiag_family = (uint8_t)there->family;
    question->request.sdiag_protocol = IPPROTO_TCP;
    question->request.idiag_states = UINT32_MAX;
    id->idiag_sport = there->port;
    id->idiag_dport = here->port;
    memcpy(id->idiag_src, there->words, sizeof there->words);
    memcpy(id->idiag_dst, here->words, sizeof here->words);
    id->idiag_if = there->scope;
    id->idiag_cookie[0] = id->idiag_cookie[1] = (uint32_t)INET_DIAG_NOCOOKIE;
}

/* The length of the answer; -1 and errno. It is there when sendto(2) has returned. */
static ssize_t ask_kernel(const struct question *question, union answer *answer)
{
    int fd = (int)syscall(SYS_socket, AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
    ssize_t length;
    int error;

    if (fd < 0)
        return -1;
    length = sys_send(fd, question, sizeof *question);
    if (length >= 0)
        length = syscall(SYS_recvfrom, fd, answer, sizeof *answer, MSG_DONTWAIT, NULL, NULL);
    error = errno;
    sys_close(fd);
    errno = error;
    return length;
}

/* Where there is no such connection the kernel may have found a listener on that port. */
static const struct inet_diag_msg *find_socket(const union answer *answer, size_t length,
                                               const struct question *question)
{
    const struct inet_diag_msg *socket = NLMSG_DATA(&answer->header);
    const struct nlmsgerr *failure = NLMSG_DATA(&answer->header);

    errno = EPROTO;
    if (length >= NLMSG_LENGTH(sizeof *failure) && answer->header.nlmsg_type == NLMSG_ERROR)
        errno = -failure->error;
    if (length < NLMSG_LENGTH(sizeof *socket) ||
        answer->header.nlmsg_type != SOCK_DIAG_BY_FAMILY)
        return NULL;
    errno = ENOENT;
    return socket->id.idiag_dport == question->request.id.idiag_dport ? socket : NULL;
}

/*
 * A connection that was reset is still in the backlog, with all that its client has said, and
 * another client may have its port by now. One that is not over has its port for itself, but
 * for a client that is only asking for it.
 */
static bool is_the_client(int fd, const struct inet_diag_msg *socket)
{
    struct pollfd over = {.fd = fd};
    const struct timespec at_once = {0, 0};

    return socket->idiag_state != TCP_SYN_SENT &&
           syscall(SYS_ppoll, &over, 1, &at_once, NULL, sizeof(sys_sigset)) == 0;
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
    int fd = uid == OVERFLOW_UID ? sys_open("/proc/self/uid_map", O_RDONLY | O_CLOEXEC) : -1;

    if (fd >= 0) {
        sys_read(fd, map, sizeof map - 1);
        sys_close(fd);
    }
    return uid == OVERFLOW_UID && strcmp(map, whole) != 0;
}

enum peer peer_of(int fd, uid_t *uid, int *error)
{
    struct end here = {.length = 0}, there = {.length = 0};
    struct question question;
    union answer answer;
    const struct inet_diag_msg *socket = NULL;
    ssize_t length = -1;

    if (read_ends(fd, &here, &there)) {
        compose(&question, &here, &there);
        length = ask_kernel(&question, &answer);
    }
    if (length >= 0)
        socket = find_socket(&answer, (size_t)length, &question);
    *error = errno;
    if (socket == NULL && *error != ENOENT)
        return PEER_UNKNOWN;
    if (socket == NULL)
        return own_address((const struct sockaddr *)&there.address, there.length) ? PEER_GONE
                                                                                  : PEER_REMOTE;
    if (socket->idiag_inode == 0 || /* no process has it any more, and its user is then root */
        !is_the_client(fd, socket))
        return PEER_GONE;
    *uid = socket->idiag_uid;
    if (*uid != (uid_t)syscall(SYS_geteuid))
        return PEER_OTHER;
    *error = EOVERFLOW;
    return is_ambiguous(*uid) ? PEER_UNKNOWN : PEER_OURS;
}
