/*
 * A preload of somebody else's: counts bind and listen, passes both on, and tells at the end.
 */
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int binds, listens;

int bind(int fd, const struct sockaddr *address, socklen_t length)
{
    int (*next)(int, const struct sockaddr *, socklen_t);

    *(void **)(void *)&next = dlsym(RTLD_NEXT, "bind");
    binds++;
    return next(fd, address, length);
}

int listen(int fd, int backlog)
{
    int (*next)(int, int);

    *(void **)(void *)&next = dlsym(RTLD_NEXT, "listen");
    listens++;
    return next(fd, backlog);
}

__attribute__((destructor)) static void tell(void)
{
    Dl_info info;

    if (listens > 0 && dladdr(&binds, &info) != 0)
        dprintf(STDERR_FILENO, "%s: %d binds, %d listens\n", strrchr(info.dli_fname, '/') + 1,
                binds, listens);
}
