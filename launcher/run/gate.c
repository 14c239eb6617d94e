#include "launcher/run/gate.h"

#include <errno.h>
#include <poll.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "launcher/base/entropy.h"
#include "launcher/base/say.h"
#include "launcher/base/status.h"
#include "launcher/base/user.h"
#include "shim/wire/text.h"

enum { TURNS = 256 };

void gate_init(struct gate *gate)
{
    memset(gate, 0, sizeof *gate);
    gate->listener.fd = -1;
}

/* Two random numbers make a name that nobody else has. */
static void describe(struct gate *gate, struct gate_address *address, unsigned port)
{
    struct text name = {address->name, 0, sizeof address->name - 1};
    struct text text = {gate->text, 0, sizeof gate->text - 1};

    address->port = port;
    text_put_string(&name, "imdshim-");
    for (int i = 0; i < 2; i++)
        text_put_hex(&name, entropy_number());
    text_end(&name);
    gate_text_put(&text, address);
    text_end(&text);
}

/* In the abstract namespace, unix(7). Returns its length. */
static socklen_t unix_address(struct sockaddr_un *address, const struct gate_address *gate)
{
    size_t length = strlen(gate->name);

    *address = (struct sockaddr_un){.sun_family = AF_UNIX};
    memcpy(address->sun_path + 1, gate->name, length);
    return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + length);
}

void gate_make(struct gate *gate, unsigned port)
{
    struct sockaddr_un address;
    struct gate_address described;
    socklen_t length;
    int fd;

    gate_init(gate);
    describe(gate, &described, port);
    length = unix_address(&address, &described);
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, (const struct sockaddr *)&address, length) != 0 ||
        listen(fd, GATE_WAITING) != 0)
        die_error(STATUS_FAILED, errno, "cannot make the socket where the client waits");
    gate->listener.fd = fd;
}

int gate_fd(const struct gate *gate)
{
    bool full = gate->count == GATE_WAITING;

    return full || gate->listener.backoff_until != 0 ? -1 : gate->listener.fd;
}

int64_t gate_deadline(const struct gate *gate)
{
    return gate->listener.backoff_until;
}

/* A name of the abstract namespace is no secret, and has no permissions, unix(7). */
static bool is_same_user(int fd)
{
    struct ucred peer;
    socklen_t length = sizeof peer;

    return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &length) == 0 &&
           (peer.uid == user_id() || peer.uid == 0);
}

/*
 * The answer is shorter than any socket's buffer: it does not block. False if there is no memory
 * for it now.
 */
static bool answer(const struct gate *gate, int fd)
{
    if (gate->state == GATE_OPEN &&
        send(fd, gate->answer, strlen(gate->answer), MSG_NOSIGNAL | MSG_DONTWAIT) < 0 &&
        (acceptor_is_shortage(errno) || errno == EAGAIN || errno == EINTR))
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
    if (left > 0)
        acceptor_back_off(&gate->listener);
    else
        gate->listener.backoff_until = 0; /* descriptors are free now */
}

bool gate_is_asked(const struct gate *gate)
{
    struct pollfd listener = {.fd = gate->listener.fd, .events = POLLIN};

    return gate->listener.fd >= 0 && poll(&listener, 1, 0) == 1;
}

void gate_admit(struct gate *gate)
{
    int fd;

    if (acceptor_resumes(&gate->listener) && gate->state != GATE_CLOSED)
        answer_all(gate);
    /* Anyone may connect, unix(7): strangers must not keep us here. */
    for (int turns = TURNS; turns > 0 && gate->count < GATE_WAITING; turns--) {
        fd = acceptor_next(&gate->listener, NULL);
        if (fd < 0)
            return;
        if (!is_same_user(fd)) {
            close(fd);
            continue;
        }
        gate->asked++;
        gate->waiting[gate->count++] = fd;
        if (gate->state != GATE_CLOSED)
            answer_all(gate);
    }
}

/* Those that wait still for the last answer, because memory was short, wait for the next one. */
void gate_hold(struct gate *gate)
{
    gate->state = GATE_CLOSED;
}

void gate_open(struct gate *gate, const union address *engine)
{
    struct text text = {gate->answer, 0, sizeof gate->answer - 1};

    gate->state = GATE_OPEN;
    gate_text_put_answer(&text, engine);
    text_end(&text);
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
    acceptor_close(&gate->listener);
}

bool gate_ask(const struct gate_address *gate, union address *engine)
{
    struct sockaddr_un address;
    socklen_t length = unix_address(&address, gate);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    char line[GATE_ANSWER_SIZE];
    ssize_t got = -1;

    /* When the launcher is gone anyone may take its name. */
    if (fd >= 0 && connect(fd, (const struct sockaddr *)&address, length) == 0 &&
        is_same_user(fd))
        got = recv(fd, line, sizeof line - 1, 0); /* it is sent as a whole */
    if (fd >= 0)
        close(fd);
    line[got > 0 ? got : 0] = '\0';
    return gate_text_parse_answer(engine, line);
}
