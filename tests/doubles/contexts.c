/*
 * Engines that listen where it is hard to: signal handlers, forks, the end of the program.
 * Each prints "port N" and ends with status 0.
 *
 * usage: contexts MODE [PORT]
 *        contexts vfork PROGRAM
 */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/doubles/support/tcp.h"

enum {
    TICKS = 300,
    JUMPS = 2000,
    OLD_SIGSTKSZ = 8192,    /* what programs built before glibc 2.34 have */
    OLD_MINSIGSTKSZ = 2048, /* of it for the kernel's frame */
    GUARD = 65536,
};

static volatile sig_atomic_t listener = -1, ticks;
static sigjmp_buf out_of_listen;
static unsigned asked;

static void handle(int signal, void (*handler)(int), int flags)
{
    struct sigaction action = {.sa_handler = handler, .sa_flags = flags};

    sigaction(signal, &action, NULL);
}

/* err(3) would need more stack than there may be. */
static void listen_in_handler(int signal)
{
    int fd = tcp_socket();

    (void)signal;
    if (tcp_bind(fd, asked) == 0 && listen(fd, 5) == 0)
        listener = fd;
}

static void from_handler(void)
{
    handle(SIGUSR1, listen_in_handler, 0);
    raise(SIGUSR1);
    tcp_print_port(listener);
}

/* A page that cannot be touched stands below the stack. */
static void from_alternate_stack(void)
{
    size_t frame = getauxval(AT_MINSIGSTKSZ);
    size_t size = OLD_SIGSTKSZ - OLD_MINSIGSTKSZ + (frame > 0 ? frame : OLD_MINSIGSTKSZ);
    stack_t stack = {.ss_size = size};
    char *memory =
        mmap(NULL, 2 * (size_t)GUARD, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANON, -1, 0);

    mprotect(memory, GUARD, PROT_NONE);
    stack.ss_sp = memory + GUARD;
    if (sigaltstack(&stack, NULL) != 0)
        err(3, "sigaltstack");
    handle(SIGUSR1, listen_in_handler, SA_ONSTACK);
    raise(SIGUSR1);
    tcp_print_port(listener);
}

static void listen_and_close(int signal)
{
    int error = errno;

    (void)signal;
    close(tcp_listener(asked));
    ticks++;
    errno = error;
}

static void start_timer(long microseconds)
{
    const struct itimerval every = {{0, microseconds}, {0, microseconds}};

    setitimer(ITIMER_REAL, &every, NULL);
}

/* The handler comes in while malloc's lock is held. */
static void from_interrupted_malloc(void)
{
    void *volatile blocks[64] = {NULL};

    tcp_print_port(tcp_listener(asked));
    handle(SIGALRM, listen_and_close, 0);
    start_timer(500);
    for (unsigned i = 0; ticks < TICKS; i++) {
        free(blocks[i % 64]);
        blocks[i % 64] = malloc(1 + i * 97 % 100000);
    }
    start_timer(0);
    for (int i = 0; i < 64; i++)
        free(blocks[i]);
}

static void jump(int signal)
{
    (void)signal;
    siglongjmp(out_of_listen, 1);
}

/* listen() is async-signal-safe: a handler may leave it by a jump. What is lowest stays so. */
static void by_jumping_out(void)
{
    int lowest, fd = tcp_listener(asked), now;
    volatile int jumps = 0;

    tcp_print_port(fd);
    lowest = dup(fd);
    close(lowest);
    fd = tcp_socket();
    handle(SIGALRM, jump, 0);
    if (sigsetjmp(out_of_listen, 1) != 0)
        jumps++;
    while (jumps < JUMPS) {
        const struct itimerval once = {{0, 0}, {0, 1 + jumps % 97}};

        setitimer(ITIMER_REAL, &once, NULL);
        for (;;)
            listen(fd, 5);
    }
    now = dup(fd);
    if (now != lowest + 1)
        errx(3, "%d descriptors were left open", now - lowest - 1);
}

static void in_child(void)
{
    int status = 0;
    pid_t child = fork();

    if (child == 0) {
        int fd = tcp_listener(asked);

        fprintf(stderr, "pid %ld\n", (long)getpid());
        tcp_print_port(fd);
        _exit(0);
    }
    waitpid(child, &status, 0);
    if (status != 0)
        errx(3, "the child failed");
}

/* Of the launchers and MPI daemons that start a program so. */
static void in_program_after_vfork(const char *program)
{
    int status = 0;
    pid_t child = vfork();

    if (child == 0) {
        execl(program, program, "gmx", "0", (char *)NULL);
        _exit(127);
    }
    waitpid(child, &status, 0);
    if (status != 0)
        errx(3, "the program failed");
}

static void listen_at_exit(void)
{
    tcp_print_port(tcp_listener(asked));
}

static void listen_when_forking(void)
{
    raise(SIGUSR1);
}

static void around_fork(void)
{
    int status = 0;
    pid_t child;

    handle(SIGUSR1, listen_in_handler, 0);
    pthread_atfork(listen_when_forking, listen_when_forking, listen_when_forking);
    child = fork();
    if (child == 0)
        _exit(0);
    waitpid(child, &status, 0);
    if (status != 0)
        errx(3, "the child failed");
}

static int sigpipe_is_pending(void)
{
    sigset_t pending;

    sigpending(&pending);
    return sigismember(&pending, SIGPIPE);
}

/* SIGPIPE is the engine's own: none of ours is left, and one of its own is not taken away. */
static void with_sigpipe_blocked(int raise_it)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGPIPE);
    sigprocmask(SIG_BLOCK, &set, NULL);
    if (raise_it)
        raise(SIGPIPE);
    tcp_print_port(tcp_listener(asked));
    if (sigpipe_is_pending() != raise_it)
        errx(3, "SIGPIPE is %s", raise_it ? "lost" : "pending");
}

int main(int argc, char **argv)
{
    const char *mode = argc > 1 ? argv[1] : "";

    asked = argc > 2 ? (unsigned)atoi(argv[2]) : 0;
    if (strcmp(mode, "handler") == 0)
        from_handler();
    else if (strcmp(mode, "altstack") == 0)
        from_alternate_stack();
    else if (strcmp(mode, "malloc") == 0)
        from_interrupted_malloc();
    else if (strcmp(mode, "jump") == 0)
        by_jumping_out();
    else if (strcmp(mode, "child") == 0)
        in_child();
    else if (strcmp(mode, "vfork") == 0 && argc > 2)
        in_program_after_vfork(argv[2]);
    else if (strcmp(mode, "atexit") == 0)
        atexit(listen_at_exit);
    else if (strcmp(mode, "atfork") == 0)
        around_fork();
    else if (strcmp(mode, "own-sigpipe") == 0)
        with_sigpipe_blocked(1);
    else if (strcmp(mode, "no-sigpipe") == 0)
        with_sigpipe_blocked(0);
    else
        errx(3, "no such mode");
    return 0;
}
