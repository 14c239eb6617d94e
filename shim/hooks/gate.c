#include "shim/hooks/gate.h"

#include <string.h>
#include <sys/un.h>

#include "shim/hooks/real.h"
#include "shim/kernel/listener.h"
#include "shim/kernel/memory.h"
#include "shim/state/active_hooks.h"
#include "shim/state/settings.h"
#include "shim/wire/local_address.h"
#include "shim/wire/sys.h"

/* When the launcher is gone anyone may take its name, and would be given the client. */
static bool is_same_user(int fd)
{
    struct ucred peer;
    socklen_t length = sizeof peer;

    return syscall(SYS_getsockopt, fd, SOL_SOCKET, SO_PEERCRED, &peer, &length) == 0 &&
           (peer.uid == sys_geteuid() || peer.uid == 0);
}

/* The client's time limit for connect(2) is ours for the answer. */
static void copy_time_limit(int from, int to)
{
    struct timeval limit;
    socklen_t length = sizeof limit;

    if (syscall(SYS_getsockopt, from, SOL_SOCKET, SO_SNDTIMEO, &limit, &length) == 0)
        syscall(SYS_setsockopt, to, SOL_SOCKET, SO_RCVTIMEO, &limit, length);
}

/* In the abstract namespace, unix(7): no file is left of it. -1 and errno. */
static int ask_launcher(const struct gate_address *gate, int client)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t length = strlen(gate->name);
    int fd = sys_socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    long result;

    if (fd < 0)
        return -1;
    copy_time_limit(client, fd);
    memcpy(address.sun_path + 1, gate->name, length);
    do /* it waits if many are waiting already */
        result = syscall(SYS_connect, fd, &address,
                         offsetof(struct sockaddr_un, sun_path) + 1 + length);
    while (result != 0 && errno == EINTR);
    if (result == 0 && is_same_user(fd))
        return fd;
    errno = ECONNREFUSED;
    sys_close(fd);
    return -1;
}

/* An engine that listens everywhere is reached by the loopback of the client's own family. */
static bool reach_from(int domain, union address *engine)
{
    address_reach(engine, domain);
    if (domain == AF_INET6)
        address_map(engine);
    return domain == AF_INET6 || engine->any.sa_family == AF_INET;
}

/*
 * One line, to its newline or the end. recv(3) of the C library is a cancellation point, and the
 * kernel restarts it after a handler with SA_RESTART, as it does connect(2). False and errno.
 */
static bool read_answer(int launcher, int client, union address *engine)
{
    char line[GATE_ANSWER_SIZE];
    size_t length = 0;
    ssize_t got;

    do {
        got = recv(launcher, line + length, sizeof line - 1 - length, 0);
        length += got > 0 ? (size_t)got : 0;
        line[length] = '\0';
    } while (got > 0 && strchr(line, '\n') == NULL);
    if (got < 0 && (errno == EINTR || errno == EAGAIN)) {
        errno = errno == EAGAIN ? EINPROGRESS : EINTR;
        return false;
    }
    errno = ECONNREFUSED;
    return gate_text_parse_answer(engine, line) &&
           reach_from(sys_getsockopt(client, SOL_SOCKET, SO_DOMAIN), engine);
}

/* The launcher has answered, or will. `pending` is NULL if there are too many. */
static int connect_when_ready(int fd, int launcher, struct pending_connect *pending)
{
    int before = errno;
    union address engine;
    bool answered;

    do
        answered = read_answer(launcher, fd, &engine);
    while (!answered && errno == EINTR && pending == NULL); /* it could not go on later */
    if (!answered && pending != NULL && (errno == EINTR || errno == EINPROGRESS)) {
        active_hooks |= HOOK_RESUME;
        return -1;
    }
    if (pending == NULL || pending_connect_end(pending))
        sys_close(launcher);
    if (!pending_connects_any())
        active_hooks &= ~HOOK_RESUME;
    if (!answered)
        return -1;
    errno = before;
    return real.connect(fd, &engine.any, address_length(&engine));
}

/* Of two threads that wait for one socket, the other may have finished it: NULL. */
enum gate_result gate_finish(int fd, struct pending_connect *pending)
{
    if (pending == NULL)
        return GATE_GOES_ON;
    if (connect_when_ready(fd, pending->launcher, pending) == 0)
        return GATE_MADE;
    return errno == EINPROGRESS ? GATE_GOES_ON : GATE_FAILED;
}

bool gate_before_epoll(int fd)
{
    return gate_finish(fd, pending_connect_of(fd)) != GATE_FAILED;
}

static bool leads_to_gate(const struct gate_address *gate, int fd, const union address *raw,
                          socklen_t length)
{
    union address to;

    return raw->any.sa_family != AF_UNSPEC && address_copy(&to, raw, length) &&
           address_port(&to) == gate->port && sys_is_tcp(fd) && address_is_local(&to);
}

int gate_connect(int fd, const struct sockaddr *address, socklen_t length)
{
    const struct settings *settings = settings_get();
    int before = errno, launcher;
    union address raw = {.any = {.sa_family = AF_MAX}};
    bool known = memory_copy(&raw, address, length < sizeof raw ? length : sizeof raw) == 0;
    bool waits = known && settings != NULL && leads_to_gate(&settings->gate, fd, &raw, length);
    struct pending_connect *pending =
        waits || hook_active(HOOK_RESUME) ? pending_connect_of(fd) : NULL;

    errno = before;
    if (!waits) {
        /* AF_UNSPEC dissolves the association, connect(2): also one that is not made yet. */
        if (pending != NULL && raw.any.sa_family == AF_UNSPEC) {
            launcher = pending->launcher;
            if (pending_connect_end(pending))
                sys_close(launcher);
        }
        return real.connect(fd, address, length);
    }
    launcher = pending != NULL ? pending->launcher : ask_launcher(&settings->gate, fd);
    if (launcher < 0)
        return -1;
    errno = before;
    if (pending == NULL)
        pending = pending_connect_begin(fd, launcher);
    return connect_when_ready(fd, launcher, pending);
}
