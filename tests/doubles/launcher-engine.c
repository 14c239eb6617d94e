/*
 * A stand-in engine that does what its arguments say, one after the other:
 *
 *   listen=ADDRESS  listen there, on any free port
 *   wait            look whether a client has come: the engine is ready
 *   port            print the port
 *   pids            write the files "engine" and "launcher": our number and our parent's
 *   catch           from now on print "got N." for every signal N that can be caught
 *   print=TEXT      a line on standard output
 *   pause=MS        sleep
 *   until=FILE      until that file is there, for half a minute at most
 *   exit=N          end
 *   kill=N          end by that signal
 *
 * Without an exit it ends with 0. What fails ends it with 99.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static int listener = -1;

static void check(int good, const char *what)
{
    if (good)
        return;
    perror(what);
    exit(99);
}

static void do_pause(const char *milliseconds)
{
    long ms = atol(milliseconds);
    struct timespec left = {ms / 1000, ms % 1000 * 1000000};

    while (nanosleep(&left, &left) != 0)
        continue;
}

static void do_listen(const char *address)
{
    struct sockaddr_in v4 = {.sin_family = AF_INET};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
    int is_v6 = strchr(address, ':') != NULL;
    struct sockaddr *any = is_v6 ? (struct sockaddr *)&v6 : (struct sockaddr *)&v4;
    void *bytes = is_v6 ? (void *)&v6.sin6_addr : (void *)&v4.sin_addr;

    check(inet_pton(any->sa_family, address, bytes) == 1, address);
    listener = socket(any->sa_family, SOCK_STREAM, 0);
    check(listener >= 0, "socket");
    check(bind(listener, any, is_v6 ? sizeof v6 : sizeof v4) == 0, "bind");
    check(listen(listener, 1) == 0, "listen");
}

static void do_wait(const char *nothing)
{
    struct pollfd fd = {.fd = listener, .events = POLLIN};

    (void)nothing;
    check(poll(&fd, 1, 0) >= 0, "poll");
}

static void do_port(const char *nothing)
{
    struct sockaddr_in6 address = {0}; /* the port is where IPv4 has it */
    socklen_t length = sizeof address;

    (void)nothing;
    check(getsockname(listener, (struct sockaddr *)&address, &length) == 0, "getsockname");
    printf("%u\n", ntohs(address.sin6_port));
}

static void write_number(const char *path, long number)
{
    FILE *file = fopen(path, "w");

    check(file != NULL && fprintf(file, "%ld\n", number) > 0 && fclose(file) == 0, path);
}

static void do_pids(const char *nothing)
{
    (void)nothing;
    write_number("engine", getpid());
    write_number("launcher", getppid());
}

static void on_signal(int number)
{
    char line[] = "got  N.\n";
    char *at = line + sizeof "got " - 1;

    if (number >= 10)
        *at++ = (char)('0' + number / 10);
    *at++ = (char)('0' + number % 10);
    memcpy(at, ".\n", 2);
    if (write(STDOUT_FILENO, line, (size_t)(at + 2 - line)) < 0)
        _exit(99);
}

/* Not those of faults, nor those that stop us. */
static void do_catch(const char *nothing)
{
    const int numbers[] = {SIGHUP,  SIGINT,   SIGQUIT,   SIGUSR1, SIGUSR2,
                           SIGPIPE, SIGALRM,  SIGTERM,   SIGCONT, SIGURG,
                           SIGXCPU, SIGWINCH, SIGVTALRM, SIGPROF, SIGIO};
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};

    (void)nothing;
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        sigaction(numbers[i], &action, NULL);
}

static void do_print(const char *text)
{
    puts(text);
}

static void do_until(const char *file)
{
    for (int i = 0; access(file, F_OK) != 0; i++) {
        check(i < 3000, file);
        do_pause("10");
    }
}

static void do_exit(const char *status)
{
    exit(atoi(status));
}

/* A sanitizer handles some of them. */
static void do_kill(const char *number)
{
    signal(atoi(number), SIG_DFL);
    kill(getpid(), atoi(number));
    do_pause("5000");
}

static const struct {
    const char *name;
    void (*act)(const char *value);
} steps[] = {
    {"listen", do_listen}, {"wait", do_wait},   {"port", do_port},   {"pids", do_pids},
    {"catch", do_catch},   {"print", do_print}, {"pause", do_pause}, {"until", do_until},
    {"exit", do_exit},     {"kill", do_kill},
};

static void act(const char *step)
{
    size_t length = strcspn(step, "=");
    const char *value = step[length] == '=' ? step + length + 1 : "";

    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++)
        if (strlen(steps[i].name) == length && strncmp(steps[i].name, step, length) == 0) {
            steps[i].act(value);
            return;
        }
    fprintf(stderr, "no such step: %s\n", step);
    exit(99);
}

int main(int argc, char **argv)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    for (int i = 1; i < argc; i++)
        act(argv[i]);
    return 0;
}
