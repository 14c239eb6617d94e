/* run as a service of systemd, Type=notify: a socket of the test's stands for systemd. */
#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "tests/support/suite.h"
#include "tests/system/support/launcher.h"

static struct shell shell;
static char state[256];

/* In the sandbox, or abstract. */
static int open_socket(const char *name)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t length = strlen(name);
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    memcpy(address.sun_path, name, length);
    if (name[0] == '@')
        address.sun_path[0] = '\0';
    length += offsetof(struct sockaddr_un, sun_path);
    ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, (socklen_t)length), 0);
    return fd;
}

/* The next that has come by now; "" if none has. */
static const char *next_state(int fd)
{
    ssize_t length = recv(fd, state, sizeof state - 1, 0);

    state[length > 0 ? length : 0] = '\0';
    return state;
}

TEST_OPTIONS(IN_SANDBOX);

#define RUN "exec $IMDSHIM run %s -- " ENGINE

static const char *const names[] = {"socket", "@imdshim-test"};

LOOP_TEST(a_service_is_up_when_its_engine_waits, COUNT(names))
{
    char name[128], ready[64];
    int fd;

    snprintf(name, sizeof name, "%s", names[_i]);
    if (name[0] != '@')
        snprintf(name, sizeof name, "%s/%s", getenv("TMPDIR"), names[_i]);
    fd = open_socket(name);
    shell_start(&shell,
                "export NOTIFY_SOCKET='%s' SYSTEMD_EXEC_PID=$$;" RUN
                " listen=127.0.0.1 print-port until=go wait",
                name, "-v");
    ck_assert(shell_wait_for_err(&shell, "taken: the first"));
    ck_assert_str_eq(next_state(fd), "");
    ck_assert_int_eq(system("touch go"), 0);
    shell_finish(&shell);
    snprintf(ready, sizeof ready, "READY=1\nSTATUS=listens on port %d", atoi(shell.out));
    ck_assert_str_eq(next_state(fd), ready);
    ck_assert_str_eq(next_state(fd), "");
}

static const struct {
    const char *options, *steps;
    int told;
} services[] = {
    {"--when listening", "listen=127.0.0.1", 1},
    {"-q -c true", "listen=127.0.0.1 wait", 1},
    {"-q --relay", "listen=127.0.0.1 wait", 1},
    {"", "listen=127.0.0.1", 0},
    {"", "exit=0", 0},
};

LOOP_TEST(a_service_is_up_at_the_event_that_is_asked_for, COUNT(services))
{
    int fd = open_socket("@imdshim-test");

    shell_run(&shell, "export NOTIFY_SOCKET=@imdshim-test;" RUN " %s", services[_i].options,
              services[_i].steps);
    ck_assert_int_eq(strncmp(next_state(fd), "READY=1\n", 8) == 0, services[_i].told);
    ck_assert_str_eq(next_state(fd), "");
}

TEST(what_is_not_the_main_process_of_the_service_says_nothing)
{
    int fd = open_socket("@imdshim-test");

    shell_run(&shell,
              "export NOTIFY_SOCKET=@imdshim-test SYSTEMD_EXEC_PID=1;" RUN
              " listen=127.0.0.1 wait",
              "-q");
    ck_assert_int_eq(shell_status(&shell), 0);
    ck_assert_str_eq(next_state(fd), "");
}

TEST(the_engine_has_the_service_s_environment)
{
    int fd = open_socket("@imdshim-test");

    shell_run(&shell, "export NOTIFY_SOCKET=@imdshim-test SYSTEMD_EXEC_PID=$$; echo $$;"
                      "exec $IMDSHIM run -q -- sh -c 'echo $SYSTEMD_EXEC_PID; "
                      "[ $NOTIFY_SOCKET = @imdshim-test ]'");
    ck_assert_int_eq(shell_status(&shell), 0);
    ck_assert_int_eq(atoi(shell.out), atoi(strchr(shell.out, '\n')));
    ck_assert_str_eq(next_state(fd), "");
}

TEST(exec_says_nothing_to_systemd)
{
    int fd = open_socket("@imdshim-test");

    shell_run(&shell, "export NOTIFY_SOCKET=@imdshim-test; exec $IMDSHIM exec --fd 1 -- " ENGINE
                      " listen=127.0.0.1 wait");
    ck_assert_int_eq(shell_count_lines(shell.out, " ready "), 1);
    ck_assert_str_eq(next_state(fd), "");
}

static const char *const unusable[] = {"/nowhere/socket", "vsock:2:1", "@", "relative"};

LOOP_TEST(a_manager_that_is_not_there_costs_a_line_and_not_the_run, COUNT(unusable))
{
    shell_run(&shell, "export NOTIFY_SOCKET='%s';" RUN " listen=127.0.0.1 wait exit=4",
              unusable[_i], "-q");
    ck_assert_int_eq(shell_status(&shell), 4);
    ck_assert_int_eq(shell_count_lines(shell.err, "imdshim: cannot tell the service manager"),
                     1);
}

TEST(a_manager_that_does_not_read_keeps_no_run_waiting)
{
    int fd = open_socket("@imdshim-test"), sender = socket(AF_UNIX, SOCK_DGRAM, 0);
    struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "\0imdshim-test"};
    socklen_t length = offsetof(struct sockaddr_un, sun_path) + 13;

    for (int i = 0; i < 10000; i++)
        if (sendto(sender, "", 0, MSG_DONTWAIT, (struct sockaddr *)&address, length) < 0)
            break;
    shell_run(&shell, "export NOTIFY_SOCKET=@imdshim-test;" RUN " listen=127.0.0.1 wait exit=4",
              "-q");
    ck_assert_int_eq(shell_status(&shell), 4);
    ck_assert_int_eq(shell_count_lines(shell.err, "imdshim: cannot tell the service manager"),
                     1);
    close(fd);
    close(sender);
}
