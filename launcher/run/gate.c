#include "launcher/run/gate.h"

#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "launcher/base/clock.h"
#include "launcher/base/entropy.h"
#include "launcher/base/say.h"
#include "launcher/base/status.h"
#include "launcher/base/user.h"

enum { TURNS = 256, REST = 500 /* milliseconds */ };

void gate_init(struct gate *gate)
{
    memset(gate, 0, sizeof *gate);
    gate->fd = gate->listener = -1;
}

void gate_make(struct gate *gate, unsigned port)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    char *name = address.sun_path + 1;
    int length =
        snprintf(name, sizeof address.sun_path - 1, "imdshim-%016" PRIx64 "%016" PRIx64,
                 entropy_number(), entropy_number());

    gate_init(gate);
    snprintf(gate->text, sizeof gate->text, "%u:%s", port, name);
    gate->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (gate->listener < 0 ||
        bind(gate->listener, (const struct sockaddr *)&address,
             (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)length)) != 0 ||
        listen(gate->listener, GATE_WAITING) != 0)
        die_error(STATUS_FAILED, errno, "cannot make the socket where the client waits");
    gate->fd = gate->listener;
}

/* A name of the abstract namespace is no secret, and has no permissions, unix(7). */
static bool is_ours(int fd)
{
    struct ucred peer;
    socklen_t length = sizeof peer;

    return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &length) == 0 &&
           (peer.uid == user_id() || peer.uid == 0);
}

static bool is_want(int error)
{
    return error == EMFILE || error == ENFILE || error == ENOMEM || error == ENOBUFS;
}

/*
 * The answer is shorter than any socket's buffer: it does not block. False if memory for it is
 * not to be had now.
 */
static bool answer(const struct gate *gate, int fd)
{
    if (gate->state == GATE_OPEN &&
        send(fd, gate->answer, strlen(gate->answer), MSG_NOSIGNAL | MSG_DONTWAIT) < 0 &&
        (is_want(errno) || errno == EAGAIN || errno == EINTR))
        return false;
    close(fd);
    return true;
}

static void answer_all(struct gate *gate)
{
    unsigned left = 0;

    for (unsigned i = 0; i < gate->count; i++)
        if (!answer(gate, gate->waiting[i]))
            gate->waiting[left++] = gate->waiting[i];
    gate->count = left;
    gate->fd = gate->listener;
    gate->rest = left > 0 ? clock_now() + REST : 0;
}

/* The next one; -1 if there is none. Who cannot be taken in must not keep poll(2) awake. */
static int next(struct gate *gate)
{
    int fd;

    if (gate->fd < 0)
        return -1;
    /* cppcheck-suppress nullPointer ; accept(2) may be given none */
    fd = accept4(gate->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0 && is_want(errno)) {
        gate->fd = -1;
        gate->rest = clock_now() + REST;
    }
    return fd;
}

int gate_rest(const struct gate *gate)
{
    int64_t left = gate->rest - clock_now();

    if (gate->rest == 0)
        return -1;
    return left > 0 ? (int)left : 0;
}

static void end_rest(struct gate *gate)
{
    gate->rest = 0;
    if (gate->state != GATE_CLOSED)
        answer_all(gate);
    else if (gate->count < GATE_WAITING)
        gate->fd = gate->listener;
}

void gate_admit(struct gate *gate)
{
    int fd;

    if (gate_rest(gate) == 0)
        end_rest(gate);
    /* Anyone may knock, unix(7): strangers must not keep us here. */
    for (int turns = TURNS; turns > 0 && (fd = next(gate)) >= 0; turns--) {
        if (!is_ours(fd)) {
            close(fd);
            continue;
        }
        gate->asked++;
        gate->waiting[gate->count++] = fd;
        if (gate->state != GATE_CLOSED)
            answer_all(gate);
        if (gate->count == GATE_WAITING)
            gate->fd = -1; /* the others wait in the backlog */
    }
}

void gate_open(struct gate *gate, const char *address, unsigned port)
{
    gate->state = GATE_OPEN;
    snprintf(gate->answer, sizeof gate->answer, "%s %u\n", address, port % 65536);
    answer_all(gate);
}

void gate_shut(struct gate *gate)
{
    gate->state = GATE_SHUT;
    answer_all(gate);
}

void gate_close(struct gate *gate)
{
    gate_shut(gate);
    if (gate->listener >= 0)
        close(gate->listener);
    gate->fd = gate->listener = -1;
}
