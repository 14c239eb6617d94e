/* Strangers at the port where events arrive by TCP: the run is as without them. */
#include <errno.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

#include "tests/system/support/offer.h"

#define RUN_UNTIL_STOP                                                                         \
    SRUN "exec $IMDSHIM run -q -o port -- ./srun " ENGINE                                      \
         " until=go listen=127.0.0.1 print-port wait until=stop exit=4"

#define GOOD_LINE "80 listening host=evil addr=127.0.0.1 asked=0 pid=1 fd=3 exe=x object=x\n"
#define NO_SECRET "00000000000000000000000000000000"

enum { IDLE = 1000, MEGABYTE = 1000000 };

static struct offer offer;

static int connect_to_it(void)
{
    int fd = reach(htonl(INADDR_LOOPBACK), offer.port);

    ck_assert_int_ge(fd, 0);
    return fd;
}

static void say_to_it(const char *bytes, size_t length)
{
    int fd = connect_to_it();

    send(fd, bytes, length, MSG_NOSIGNAL);
    close(fd);
}

static void say_line(const char *secret, const char *line)
{
    char bytes[512];

    say_to_it(bytes, (size_t)snprintf(bytes, sizeof bytes, "%s%s", secret, line));
}

static void say_without_secret(void)
{
    char nearly[sizeof offer.secret + 1];

    snprintf(nearly, sizeof nearly, "%s ", offer.secret);
    nearly[31] ^= 1;
    say_line("", GOOD_LINE);
    say_line(" ", GOOD_LINE);
    say_line(NO_SECRET " ", GOOD_LINE);
    say_line(nearly, GOOD_LINE);
    say_line(offer.secret, GOOD_LINE); /* no blank between */
    say_line("", "\n");
    say_line("", "");
    say_to_it("\0\0\0\n", 4);
}

/* Who knows the secret is a process of the run's; it may be mad all the same. */
static void say_junk_with_secret(void)
{
    char bytes[128];
    int length;

    say_line(offer.secret, " \n");
    say_line(offer.secret, " junk\n");
    say_line(offer.secret, " 99999 listening host=x addr=127.0.0.1 asked=0 pid=1 fd=3\n");
    length = snprintf(bytes, sizeof bytes, "%s 80 %c\n", offer.secret, '\0');
    say_to_it(bytes, (size_t)length);
}

static void say_a_megabyte(void)
{
    char *bytes = malloc(MEGABYTE);

    memset(bytes, 'x', MEGABYTE);
    say_to_it(bytes, MEGABYTE);
    memcpy(bytes, offer.secret, strlen(offer.secret));
    bytes[strlen(offer.secret)] = ' ';
    say_to_it(bytes, MEGABYTE);
    free(bytes);
}

/* What it opens stays open until the test ends. */
static void connect_and_be_idle(void)
{
    const struct rlimit enough = {IDLE + 100, IDLE + 100};

    if (setrlimit(RLIMIT_NOFILE, &enough) != 0)
        ck_assert_int_eq(errno, EPERM); /* then it is more already */
    for (int i = 0; i < IDLE; i++)
        connect_to_it();
}

static void say_half_a_line(void)
{
    send(connect_to_it(), offer.secret, 20, MSG_NOSIGNAL);
    send(connect_to_it(), NO_SECRET, 20, MSG_NOSIGNAL);
}

static void (*const attacks[])(void) = {
    say_without_secret,  say_junk_with_secret, say_a_megabyte,
    connect_and_be_idle, say_half_a_line,
};

static void finish(struct shell *shell)
{
    make_file("go");
    wait_for_file("port");
    make_file("stop");
    shell_finish(shell);
    ck_assert_str_eq(shell->err, "");
    assert_heard(shell);
}

TEST_OPTIONS(IN_SANDBOX, .needs = has_address);

LOOP_TEST(strangers_do_not_disturb_a_run, COUNT(attacks))
{
    struct shell shell;

    shell_start(&shell, RUN_UNTIL_STOP);
    offer = read_offer();
    attacks[_i]();
    finish(&shell);
}

/* What they sent comes after the port as well. */
LOOP_TEST(strangers_do_not_disturb_a_run_whose_port_is_known, COUNT(attacks))
{
    struct shell shell;

    shell_start(&shell, RUN_UNTIL_STOP);
    offer = read_offer();
    make_file("go");
    wait_for_file("port");
    attacks[_i]();
    finish(&shell);
}

/* Until the run ends; with a pause, for each leaves a port that is not free for a while. */
static int connect_again(long microseconds)
{
    const struct timespec pause = {0, microseconds * 1000};
    int fd = reach(htonl(INADDR_LOOPBACK), offer.port);

    if (fd < 0)
        _exit(0);
    nanosleep(&pause, NULL);
    return fd;
}

/* A byte now and then, each of them within the time that a connection has. */
static void dribble(void)
{
    const struct timespec pause = {0, 20 * 1000000};

    for (;;) {
        int fd = connect_again(0);

        while (send(fd, offer.secret, 1, MSG_NOSIGNAL) == 1)
            nanosleep(&pause, NULL);
        close(fd);
    }
}

static void flood(void)
{
    static const char line[] = NO_SECRET " " GOOD_LINE;

    for (;;) {
        int fd = connect_again(100);

        send(fd, line, sizeof line - 1, MSG_NOSIGNAL);
        close(fd);
    }
}

static void flood_with_connections(void)
{
    for (;;)
        close(connect_again(100));
}

static void (*const nuisances[])(void) = {dribble, flood, flood_with_connections};

static pid_t begin(void (*nuisance)(void))
{
    pid_t pid = fork();

    if (pid == 0)
        nuisance();
    ck_assert_int_gt(pid, 0);
    return pid;
}

static void end(pid_t pid)
{
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
}

LOOP_TEST(a_stranger_who_does_not_stop_does_not_disturb_a_run, COUNT(nuisances))
{
    struct shell shell;
    pid_t pid;

    shell_start(&shell, RUN_UNTIL_STOP);
    offer = read_offer();
    pid = begin(nuisances[_i]);
    shell_pause(200);
    finish(&shell);
    end(pid);
}

static double cpu_seconds(pid_t pid)
{
    unsigned long user = 0, system = 0;
    char rest[512];

    process_read_stat(pid, rest);
    ck_assert_int_eq(
        sscanf(rest, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &system), 2);
    return (double)(user + system) / (double)sysconf(_SC_CLK_TCK);
}

/* Longer than they may stay: that they are dropped is no busy time either. */
TEST(idle_strangers_cost_nothing)
{
    enum { SECONDS = 3 };
    struct shell shell;
    double before;

    shell_start(&shell, RUN_UNTIL_STOP);
    offer = read_offer();
    for (int i = 0; i < 60; i++)
        connect_to_it();
    shell_pause(100);
    before = cpu_seconds(shell.pid);
    shell_pause(SECONDS * 1000L);
    ck_assert_double_lt(cpu_seconds(shell.pid) - before, 0.1 * SECONDS);
    finish(&shell);
}

/* It waits for the next event and hears it, once there are descriptors again. */
TEST(strangers_who_use_up_the_descriptors_do_not_disturb_a_run)
{
    struct shell shell;

    shell_start(&shell, "ulimit -n 24;" RUN_UNTIL_STOP);
    offer = read_offer();
    for (int i = 0; i < 40; i++)
        connect_to_it();
    finish(&shell);
}
