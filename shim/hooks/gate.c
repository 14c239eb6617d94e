#include "shim/hooks/gate.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stddef.h>
#include <string.h>
#include <sys/un.h>

#include "shim/kernel/listener.h"
#include "shim/state/settings.h"
#include "shim/wire/address.h"
#include "shim/wire/bind_override.h"
#include "shim/wire/local_address.h"
#include "shim/wire/sys.h"

enum { ANSWER = INET6_ADDRSTRLEN + 8 };

/* The text behind the end; NULL if no port from 1 to 65535 stands before it. */
static const char *parse_port(const char *text, char end, unsigned *port)
{
    text = address_take_port(text, port);
    return text != NULL && *text == end && *port > 0 ? text + 1 : NULL;
}

bool gate_parse(struct gate *gate, const char *text)
{
    const char *name = parse_port(text, ':', &gate->port);
    size_t length = name != NULL ? strlen(name) : 0;

    if (length == 0 || length >= sizeof gate->name) {
        gate->port = 0;
        return false;
    }
    memcpy(gate->name, name, length + 1);
    return true;
}

/* An engine that listens everywhere is reached by the loopback of the client's own family. */
static bool put_loopback(int domain, struct binding *place)
{
    bool ipv6_anywhere =
        place->family == AF_INET6 && IN6_IS_ADDR_UNSPECIFIED(&place->address.ipv6);
    bool ipv4_anywhere =
        place->family == AF_INET && place->address.ipv4.s_addr == htonl(INADDR_ANY);

    if (ipv6_anywhere && domain == AF_INET6) {
        place->address.ipv6 = in6addr_loopback;
    } else if (ipv6_anywhere || ipv4_anywhere) {
        place->family = AF_INET;
        place->address.ipv4.s_addr = htonl(INADDR_LOOPBACK);
    }
    return domain == AF_INET6 || place->family == AF_INET;
}

bool gate_parse_answer(const char *text, int domain, struct sockaddr_storage *address,
                       socklen_t *length)
{
    char copy[ANSWER] = "", *blank;
    struct binding place = {.family = AF_INET};
    struct in6_addr *ipv6 = &place.address.ipv6;
    unsigned port;

    if (strlen(text) >= sizeof copy)
        return false;
    strcpy(copy, text);
    blank = strchr(copy, ' ');
    if (blank == NULL || parse_port(blank + 1, '\0', &port) == NULL)
        return false;
    *blank = '\0';
    if (inet_pton(AF_INET, copy, &place.address.ipv4) != 1) {
        place.family = AF_INET6;
        if (inet_pton(AF_INET6, copy, ipv6) != 1)
            return false;
    }
    if (place.family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(ipv6)) {
        place.family = AF_INET;
        memcpy(&place.address.ipv4, &ipv6->s6_addr[12], sizeof place.address.ipv4);
    }
    if (!put_loopback(domain, &place))
        return false;
    binding_apply(&place, domain, false, address, length);
    address_set_port(address, port);
    return true;
}

/* When the launcher is gone anyone may take its name, and would be given the client. */
static bool is_ours(int fd)
{
    struct ucred peer;
    socklen_t length = sizeof peer;

    return syscall(SYS_getsockopt, fd, SOL_SOCKET, SO_PEERCRED, &peer, &length) == 0 &&
           (peer.uid == (uid_t)syscall(SYS_geteuid) || peer.uid == 0);
}

/* In the abstract namespace, unix(7): no file is left of it. */
static int ask_launcher(const struct gate *gate)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t length = strlen(gate->name);
    int fd = sys_socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC);
    long result;

    if (fd < 0)
        return -1;
    memcpy(address.sun_path + 1, gate->name, length);
    do /* it waits where many are waiting already */
        result = syscall(SYS_connect, fd, &address,
                         offsetof(struct sockaddr_un, sun_path) + 1 + length);
    while (result != 0 && errno == EINTR);
    if (result == 0 && is_ours(fd))
        return fd;
    sys_close(fd);
    errno = ECONNREFUSED;
    return -1;
}

/*
 * One line, to its newline or the end. Whatever handlers run meanwhile: after EINTR a client
 * may look for the outcome with poll(2), as POSIX has it and Python does, and find a socket
 * that is on its way nowhere.
 */
static bool read_answer(int fd, char answer[ANSWER])
{
    size_t length = 0;
    ssize_t got;
    char *newline;

    do {
        do
            got = sys_read(fd, answer + length, ANSWER - 1 - length);
        while (got < 0 && errno == EINTR);
        length += got > 0 ? (size_t)got : 0;
        answer[length] = '\0';
        newline = strchr(answer, '\n');
    } while (got > 0 && newline == NULL);
    errno = ECONNREFUSED;
    if (newline == NULL)
        return false;
    *newline = '\0';
    return true;
}

/* Until the launcher answers. */
static bool wait_at_gate(const struct gate *gate, int domain, struct passage *passage)
{
    char answer[ANSWER];
    int fd = ask_launcher(gate), error;
    bool answered;

    if (fd < 0)
        return false;
    answered = read_answer(fd, answer);
    error = errno;
    sys_close(fd);
    errno = error;
    return answered && gate_parse_answer(answer, domain, &passage->copy, &passage->length);
}

static bool leads_to_gate(const struct gate *gate, int fd, const struct sockaddr *address,
                          socklen_t length)
{
    return gate->port != 0 && address_port(address, length) == gate->port &&
           address->sa_family != AF_UNSPEC && listener_is_tcp(fd) &&
           own_address(address, length);
}

bool gate_pass(struct passage *passage, int fd, const struct sockaddr *address,
               socklen_t length)
{
    const struct settings *settings = settings_get();
    socklen_t copied = length < sizeof passage->copy ? length : sizeof passage->copy;
    int error = errno;

    passage->address = address;
    passage->length = length;
    memset(&passage->copy, 0, sizeof passage->copy);
    if (settings == NULL || sys_copy(&passage->copy, address, copied) != 0 ||
        !leads_to_gate(&settings->gate, fd, (const struct sockaddr *)&passage->copy, copied)) {
        errno = error;
        return true;
    }
    if (!wait_at_gate(&settings->gate, sys_getsockopt(fd, SOL_SOCKET, SO_DOMAIN), passage))
        return false;
    passage->address = (const struct sockaddr *)&passage->copy;
    errno = error;
    return true;
}
