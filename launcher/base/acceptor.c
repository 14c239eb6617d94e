#include "launcher/base/acceptor.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "launcher/base/clock.h"

enum { BACKOFF = 500 /* milliseconds */ };

bool acceptor_is_shortage(int error)
{
    return error == EMFILE || error == ENFILE || error == ENOMEM || error == ENOBUFS;
}

int acceptor_next(struct acceptor *acceptor, union address *peer)
{
    union address unwanted;
    struct sockaddr *address = peer != NULL ? &peer->any : &unwanted.any;
    socklen_t length = sizeof unwanted;
    int fd;

    if (acceptor->fd < 0 || acceptor->backoff_until != 0)
        return -1;
    fd = accept4(acceptor->fd, address, &length, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0 && acceptor_is_shortage(errno))
        acceptor_back_off(acceptor);
    return fd;
}

void acceptor_back_off(struct acceptor *acceptor)
{
    acceptor->backoff_until = clock_now() + BACKOFF;
}

bool acceptor_resumes(struct acceptor *acceptor)
{
    if (acceptor->backoff_until == 0 || acceptor->backoff_until > clock_now())
        return false;
    acceptor->backoff_until = 0;
    return true;
}

void acceptor_close(struct acceptor *acceptor)
{
    if (acceptor->fd >= 0)
        close(acceptor->fd);
    *acceptor = (struct acceptor){.fd = -1};
}
