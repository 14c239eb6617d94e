/*
 * An engine whose IMD thread has a descriptor table of its own, unshare(2), while the main
 * thread has the file "trajectory" on every low number.
 */
#include <err.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <unistd.h>

#include "tests/doubles/tcp.h"

enum { LOW_NUMBERS = 32 };

static pthread_barrier_t opened, unshared;

static void *listen_apart(void *nothing)
{
    int fd;

    if (unshare(CLONE_FILES) != 0)
        err(3, "unshare");
    pthread_barrier_wait(&unshared);
    pthread_barrier_wait(&opened);
    fd = tcp_socket();
    if (tcp_bind(fd, 0) != 0 || listen(fd, 1) != 0)
        err(3, "listen");
    return nothing;
}

int main(void)
{
    pthread_t thread;

    pthread_barrier_init(&unshared, NULL, 2);
    pthread_barrier_init(&opened, NULL, 2);
    if (pthread_create(&thread, NULL, listen_apart, NULL) != 0)
        err(3, "pthread_create");
    pthread_barrier_wait(&unshared);
    for (int i = 0; i < LOW_NUMBERS; i++)
        if (open("trajectory", O_RDWR | O_CREAT | O_APPEND, 0644) < 0)
            err(3, "trajectory");
    pthread_barrier_wait(&opened);
    pthread_join(thread, NULL);
    return 0;
}
