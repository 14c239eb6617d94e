#include "tests/unit/support/gate.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "shim/hooks/gate.h"
#include "shim/hooks/poll.h"
#include "shim/hooks/real.h"
#include "shim/state/active_hooks.h"
#include "shim/wire/wire.h"
#include "tests/support/suite.h"

/* ---- what the library calls ---- */

struct gate_connected connected;

static int note_connect(int fd, const struct sockaddr *address, socklen_t length)
{
    connected.calls++;
    connected.fd = fd;
    ck_assert(address_copy(&connected.address, address, length));
    errno = connected.error;
    return connected.result;
}

/* ---- a launcher ---- */

static char name[32]; /* of its socket */

int listen_as_launcher(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    strcpy(address.sun_path + 1, name);
    ck_assert_int_eq(
        bind(fd, (struct sockaddr *)&address,
             (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + strlen(name))),
        0);
    ck_assert_int_eq(listen(fd, 64), 0);
    return fd;
}

int launcher = -1;

void gate_begin(void)
{
    char text[64];

    snprintf(name, sizeof name, "imdshim-test-%ld", (long)getpid());
    snprintf(text, sizeof text, "%d:%s", GATE, name);
    setenv(WIRE_GATE, text, 1);
    real_resolve();
    real.connect = note_connect;
    active_hooks = HOOK_CONNECT;
    launcher = listen_as_launcher();
}

/* The next client that waits. */
int next_client(void)
{
    int client = accept(launcher, NULL, NULL);

    ck_assert_int_ge(client, 0);
    return client;
}

/* How many wait that have not been taken. */
int count_clients(void)
{
    int count = 0, flags = fcntl(launcher, F_GETFL);

    fcntl(launcher, F_SETFL, flags | O_NONBLOCK);
    while (accept(launcher, NULL, NULL) >= 0)
        count++;
    fcntl(launcher, F_SETFL, flags);
    return count;
}

void answer(int client, const char *line)
{
    ck_assert_int_eq(write(client, line, strlen(line)), (ssize_t)strlen(line));
}

/* ---- a client ---- */

int make_socket(int domain)
{
    int fd = socket(domain, SOCK_STREAM | SOCK_CLOEXEC, 0);

    ck_assert_int_ge(fd, 0);
    return fd;
}

int connect_to(int fd, const char *host, unsigned port)
{
    union address address;

    ck_assert(address_parse(&address, host));
    address_set_port(&address, port);
    return gate_connect(fd, &address.any, address_length(&address));
}

int connect_here(int fd)
{
    return connect_to(fd, "127.0.0.1", GATE);
}

/* ---- signals ---- */

volatile sig_atomic_t handled;

static void handle(int signal)
{
    (void)signal;
    handled++;
}

/* SIGALRM soon, and every moment thereafter: one may come before the wait has begun. */
void send_signals(int flags)
{
    const struct itimerval every = {{0, SOON * 1000}, {0, SOON * 1000}};
    struct sigaction action = {.sa_handler = handle, .sa_flags = flags};

    sigaction(SIGALRM, &action, NULL);
    setitimer(ITIMER_REAL, &every, NULL);
}

void send_no_more_signals(void)
{
    const struct itimerval never = {{0, 0}, {0, 0}};

    setitimer(ITIMER_REAL, &never, NULL);
}

/* A connect that a signal has interrupted; the launcher's end of it. */
int interrupted_connect(int fd)
{
    handled = 0;
    send_signals(0);
    ck_assert_int_eq(connect_here(fd), -1);
    ck_assert_int_eq(errno, EINTR);
    send_no_more_signals();
    ck_assert_int_gt(handled, 0);
    ck_assert_int_eq(connected.calls, 0);
    return next_client();
}

int wait_writable(int fd, int milliseconds, short *revents)
{
    const struct timespec timeout = {milliseconds / 1000, milliseconds % 1000 * 1000000L};
    struct pollfd one = {.fd = fd, .events = POLLOUT, .revents = 77};
    int result = hooked_ppoll(&one, 1, milliseconds >= 0 ? &timeout : NULL, NULL);

    if (revents != NULL)
        *revents = one.revents;
    return result;
}
