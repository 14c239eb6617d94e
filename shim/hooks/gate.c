#include "shim/hooks/gate.h"

#include <stdatomic.h>
#include <string.h>
#include <sys/un.h>

#include "shim/hooks/real.h"
#include "shim/kernel/listener.h"
#include "shim/kernel/memory.h"
#include "shim/state/active_hooks.h"
#include "shim/state/settings.h"
#include "shim/wire/local_address.h"
#include "shim/wire/sys.h"

/* ---- connects that wait ---- */

enum { WAITING = 8 }; /* more of them cannot be resumed */

/*
 * A thread that is cancelled leaves its entry behind, and with it one descriptor of ours; the
 * next connect on that socket goes on with it.
 */
static struct waiting {
    _Atomic uint64_t socket; /* the client's, by its inode; 0: free */
    _Atomic int launcher;    /* our connection to it */
    _Atomic uint64_t inode;  /* of that: the client may close what it does not know */
} waiting[WAITING];

static struct waiting *find_waiting(uint64_t socket)
{
    for (int i = 0; i < WAITING; i++)
        if (waiting[i].socket == socket)
            return &waiting[i];
    return NULL;
}

/* NULL if there are too many. */
static struct waiting *begin_waiting(uint64_t socket, int launcher)
{
    struct waiting *entry = NULL;

    for (int i = 0; i < WAITING && entry == NULL; i++) {
        uint64_t free = 0;

        if (atomic_compare_exchange_strong(&waiting[i].socket, &free, socket))
            entry = &waiting[i];
    }
    if (entry != NULL) {
        entry->inode = listener_inode(launcher);
        entry->launcher = launcher;
    }
    return entry;
}

/* -1 if it is not ours any more. */
static int launcher_of(const struct waiting *entry)
{
    return listener_inode(entry->launcher) == entry->inode ? entry->launcher : -1;
}

static void end_waiting(struct waiting *entry, int launcher)
{
    sys_close(launcher);
    if (entry == NULL)
        return;
    entry->socket = 0;
    for (int i = 0; i < WAITING; i++)
        if (waiting[i].socket != 0)
            return;
    active_hooks &= ~HOOK_RESUME;
}

/* ---- the launcher ---- */

/* When the launcher is gone anyone may take its name, and would be given the client. */
static bool is_same_user(int fd)
{
    struct ucred peer;
    socklen_t length = sizeof peer;

    return syscall(SYS_getsockopt, fd, SOL_SOCKET, SO_PEERCRED, &peer, &length) == 0 &&
           (peer.uid == sys_geteuid() || peer.uid == 0);
}

/* In the abstract namespace, unix(7): no file is left of it. -1 and errno. */
static int ask_launcher(const struct gate_address *gate)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t length = strlen(gate->name);
    int fd = sys_socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    long result;

    if (fd < 0)
        return -1;
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
    unsigned port = address_port(engine);

    address_unmap(engine);
    if (address_is_wildcard(engine)) {
        bool ipv6 = domain == AF_INET6 && engine->any.sa_family == AF_INET6;

        address_parse(engine, ipv6 ? "::1" : "127.0.0.1");
        address_set_port(engine, port);
    }
    if (domain == AF_INET6)
        address_map(engine);
    return domain == AF_INET6 || engine->any.sa_family == AF_INET;
}

/*
 * One line, to its newline or the end. recv(3) of the C library is a cancellation point, and the
 * kernel restarts it after a handler with SA_RESTART, as it does connect(2). False and errno.
 */
static bool read_answer(int launcher, int socket, union address *engine)
{
    char line[GATE_ANSWER_SIZE];
    size_t length = 0;
    ssize_t got;

    do {
        got = recv(launcher, line + length, sizeof line - 1 - length, 0);
        length += got > 0 ? (size_t)got : 0;
        line[length] = '\0';
    } while (got > 0 && strchr(line, '\n') == NULL);
    if (got < 0 && errno == EINTR)
        return false;
    errno = ECONNREFUSED;
    return gate_text_parse_answer(engine, line) &&
           reach_from(sys_getsockopt(socket, SOL_SOCKET, SO_DOMAIN), engine);
}

/* ---- connect ---- */

static bool leads_to_gate(const struct gate_address *gate, int fd,
                          const struct sockaddr *address, socklen_t length)
{
    union address raw = {.any = {.sa_family = AF_UNSPEC}}, to;
    size_t size = length < sizeof raw ? length : sizeof raw;

    return memory_copy(&raw, address, size) == 0 && address_copy(&to, &raw, length) &&
           raw.any.sa_family != AF_UNSPEC && address_port(&to) == gate->port &&
           listener_is_tcp(fd) && address_is_local(&to);
}

/* The launcher has answered, or will. */
static int connect_when_ready(int fd, int launcher, struct waiting *entry)
{
    int before = errno;
    union address engine;

    if (read_answer(launcher, fd, &engine)) {
        end_waiting(entry, launcher);
        errno = before;
        return real.connect(fd, &engine.any, address_length(&engine));
    }
    if (errno == EINTR && entry != NULL)
        active_hooks |= HOOK_RESUME;
    else
        end_waiting(entry, launcher);
    return -1;
}

int gate_connect(int fd, const struct sockaddr *address, socklen_t length)
{
    const struct settings *settings = settings_get();
    int before = errno, launcher;
    uint64_t socket = listener_inode(fd);
    bool waits =
        settings != NULL && socket != 0 && leads_to_gate(&settings->gate, fd, address, length);
    struct waiting *entry = waits ? find_waiting(socket) : NULL;

    errno = before;
    if (!waits)
        return real.connect(fd, address, length);
    launcher = entry != NULL ? launcher_of(entry) : -1;
    if (launcher < 0) {
        if (entry != NULL)
            entry->socket = 0;
        launcher = ask_launcher(&settings->gate);
        if (launcher < 0)
            return -1;
        entry = begin_waiting(socket, launcher);
    }
    errno = before;
    return connect_when_ready(fd, launcher, entry);
}

/* ---- waits after a connect that was interrupted ---- */

int gate_resume(int fd, const struct timespec *timeout)
{
    int before = errno, result;
    uint64_t socket = listener_inode(fd);
    struct waiting *entry = socket != 0 ? find_waiting(socket) : NULL;
    struct pollfd launcher = {.fd = entry != NULL ? launcher_of(entry) : -1, .events = POLLIN};

    errno = before;
    if (launcher.fd < 0)
        return 1;
    result = real.ppoll(&launcher, 1, timeout, NULL);
    if (result <= 0)
        return result;
    return connect_when_ready(fd, launcher.fd, entry) == 0 || errno == EINPROGRESS ? 1 : -1;
}

int gate_resume_poll(struct pollfd *fds, nfds_t count, const struct timespec *timeout)
{
    struct pollfd one;
    int result = 1;

    for (nfds_t i = 0; i < count && result == 1; i++)
        if (memory_copy(&one, &fds[i], sizeof one) == 0 && (one.events & POLLOUT) != 0)
            result = gate_resume(one.fd, timeout);
    for (nfds_t i = 0; i < count && result == 0; i++)
        fds[i].revents = 0;
    return result;
}

int gate_resume_select(int count, fd_set *const sets[3], const struct timespec *timeout)
{
    enum { WORD = 8 * sizeof(unsigned long) };
    size_t size = ((size_t)count + WORD - 1) / WORD * sizeof(unsigned long);
    fd_set writable;
    int result = 1;

    /* As the kernel reads a set: no further than the count says, in whole longs. */
    if (sets[1] == NULL || count <= 0 || count > FD_SETSIZE ||
        memory_copy(&writable, sets[1], size) != 0)
        return 1;
    for (int fd = 0; fd < count && result == 1; fd++)
        if (FD_ISSET(fd, &writable))
            result = gate_resume(fd, timeout);
    for (int i = 0; i < 3 && result == 0; i++)
        if (sets[i] != NULL)
            memset(sets[i], 0, size);
    return result;
}
