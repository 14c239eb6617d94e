/* --port-file: HOST:PORT and a newline, there whole or not at all. */
#include <fcntl.h>
#include <sys/inotify.h>

#include "tests/support/suite.h"
#include "tests/system/support/launcher.h"

static const char *const addresses[][2] = {
    {"127.0.0.1", "127.0.0.1"},
    {"0.0.0.0", NULL}, /* the host's name */
    {"::ffff:127.0.0.1", "[::ffff:127.0.0.1]"},
};

enum { ADDRESSES = sizeof addresses / sizeof addresses[0] };

static void assert_alone(const char *name)
{
    struct shell shell;
    char expected[64];

    snprintf(expected, sizeof expected, "%s\n", name);
    shell_run(&shell, "ls -dA %s*", name);
    ck_assert_str_eq(shell.out, expected);
}

TEST_OPTIONS(IN_SANDBOX);

LOOP_TEST(the_file_says_host_and_port, ADDRESSES)
{
    const char *host = addresses[_i][1];
    char name[256] = "", expected[512];
    struct shell shell;

    ck_assert_int_eq(gethostname(name, sizeof name - 1), 0);
    shell_run(&shell,
              "$IMDSHIM run -q -o port -- " ENGINE
              " listen=%s print-port until=port exit=4; echo $?; cat port; stat -c %%s port",
              addresses[_i][0]);
    snprintf(expected, sizeof expected, "%u\n4\n%s:%u\n", atoi(shell.out),
             host != NULL ? host : name, atoi(shell.out));
    ck_assert_int_eq(strncmp(shell.out, expected, strlen(expected)), 0);
    ck_assert_int_eq(atoi(shell.out + strlen(expected)),
                     (int)(strrchr(expected, '\n') - strstr(expected, "\n4\n") - 2));
    assert_alone("port");
}

/* Where it can be made without a name, nothing is left of it whenever we are killed. */
static bool has_nameless_files(void)
{
    int fd = open(".", O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);

    if (fd >= 0)
        close(fd);
    return fd >= 0;
}

/* inotify(7) sees every step: it has its name when it is whole, and no other before. */
TEST(the_file_appears_whole)
{
    char buffer[8192] __attribute__((aligned(8)));
    int fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC), appeared = 0;
    struct shell shell;
    ssize_t length;

    ck_assert_int_ge(inotify_add_watch(fd, ".", IN_CREATE | IN_MODIFY | IN_MOVED_TO), 0);
    shell_run(&shell, "exec $IMDSHIM run -q -o port -- " ENGINE " listen=127.0.0.1 until=port");
    ck_assert_int_eq(shell_status(&shell), 0);
    length = read(fd, buffer, sizeof buffer);
    ck_assert_int_gt(length, 0);
    for (char *at = buffer; at < buffer + length;) {
        const struct inotify_event *event = (const struct inotify_event *)(void *)at;

        if (event->len > 0 && strcmp(event->name, "port") == 0) {
            ck_assert_uint_eq(event->mask & IN_MODIFY, 0);
            appeared++;
        } else if (event->len > 0 && has_nameless_files()) {
            ck_assert_msg(strncmp(event->name, "port", 4) != 0, "%s", event->name);
        }
        at += sizeof *event + event->len;
    }
    ck_assert_int_eq(appeared, 1);
    close(fd);
}

TEST(the_client_finds_it)
{
    struct shell shell;

    shell_run(
        &shell,
        "exec $IMDSHIM run -q -o port -c 'echo $IMD_HOST:$IMD_PORT; cat port; >stop' -- " ENGINE
        " listen=127.0.0.1 wait until=stop");
    ck_assert_int_eq(shell_count_lines(shell.out, "127.0.0.1:"), 2);
    *strchr(shell.out, '\n') = '\0';
    ck_assert_int_eq(strncmp(shell.out + strlen(shell.out) + 1, shell.out, strlen(shell.out)),
                     0);
}

TEST(the_file_of_an_earlier_run_is_gone_before_the_engine_starts)
{
    struct shell shell;

    shell_run(&shell,
              "echo old:1 >port; exec $IMDSHIM run -q -o port -- sh -c '! [ -e port ]'");
    ck_assert_int_eq(shell_status(&shell), 0);
    ck_assert(!exists("port"));
}

TEST(the_file_is_not_made_where_nothing_listens)
{
    struct shell shell;

    shell_run(&shell, "exec $IMDSHIM run -q -o port -- true");
    shell_run(&shell, "ls -A | grep -v imdshim-");
    ck_assert_str_eq(shell.out, "");
}

TEST(the_mode_follows_the_umask)
{
    static const char *const umasks[] = {"000", "022", "027", "077"};
    static const char *const modes[] = {"666\n", "644\n", "640\n", "600\n"};
    struct shell shell;

    for (int i = 0; i < 4; i++) {
        shell_run(&shell,
                  "umask %s; $IMDSHIM run -q -o port -- " ENGINE
                  " listen=127.0.0.1; stat -c %%a port",
                  umasks[i]);
        ck_assert_str_eq(shell.out, modes[i]);
    }
}

/* Each is said before anything is started. */
static const char *const bad_files[] = {
    "missing/port", "plain/port", "directory", "''", "directory/", "/proc/port",
};

static void assert_refused(const struct shell *shell)
{
    ck_assert_int_eq(shell_status(shell), 125);
    assert_one_line(shell->err, "imdshim: cannot ");
    ck_assert_str_eq(shell->out, "");
    ck_assert(!exists("started"));
}

LOOP_TEST(a_file_that_cannot_be_written_is_refused, COUNT(bad_files))
{
    struct shell shell;

    shell_run(&shell, ">plain; mkdir directory; exec $IMDSHIM run -o %s -- touch started",
              bad_files[_i]);
    assert_refused(&shell);
    shell_run(&shell, "find . -mindepth 1 ! -name 'imdshim-*' | sort");
    ck_assert_str_eq(shell.out, "./directory\n./plain\n");
}

TEST(a_directory_without_permission_is_refused)
{
    struct shell shell;

    shell_run(&shell, AS_NOBODY "mkdir -m 555 closed;"
                                "as_nobody $IMDSHIM run -o closed/port -- touch started");
    assert_refused(&shell);
    shell_run(&shell, "ls -A closed");
    ck_assert_str_eq(shell.out, "");
}

TEST(a_directory_that_goes_away_is_told_and_harms_nobody)
{
    struct shell shell;

    shell_run(&shell, "mkdir d; exec $IMDSHIM run -o d/port -- sh -c 'rmdir d; exec " ENGINE
                      " listen=127.0.0.1 exit=4'");
    ck_assert_int_eq(shell_status(&shell), 4);
    ck_assert_int_eq(shell_count_lines(shell.err, "d/port"), 1);
    ck_assert_int_eq(shell_count_lines(shell.err, "\n"), 2);
}

TEST(an_engine_that_changes_its_directory_does_not_take_the_file_along)
{
    struct shell shell;

    shell_run(&shell, "mkdir d; exec $IMDSHIM run -q -o port -- sh -c 'cd d; exec " ENGINE
                      " listen=127.0.0.1 exit=4'");
    ck_assert_int_eq(shell_status(&shell), 4);
    ck_assert(exists("port") && !exists("d/port"));
}
