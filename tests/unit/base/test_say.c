/* Lines on standard error: whole, harmless, and nothing stops or ends who says them. */
#include "launcher/base/say.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tests/support/suite.h"
#include "tests/unit/support/apart.h"

static int to_test, from_say, own_stderr;
static char said[4 * PIPE_BUF];

/* Our standard error is a pipe meanwhile. */
static void begin(void)
{
    int ends[2];

    ck_assert_int_eq(pipe(ends), 0);
    to_test = ends[0];
    from_say = ends[1];
    ck_assert_int_eq(fcntl(to_test, F_SETFL, O_NONBLOCK), 0);
    own_stderr = dup(STDERR_FILENO);
    dup2(from_say, STDERR_FILENO);
}

static void end(void)
{
    dup2(own_stderr, STDERR_FILENO);
    close(own_stderr);
    close(from_say);
    close(to_test);
}

static const char *read_said(void)
{
    ssize_t length = read(to_test, said, sizeof said - 1);

    said[length > 0 ? length : 0] = '\0';
    return said;
}

TEST_OPTIONS(.setup = begin, .teardown = end);

TEST(a_line_names_the_program_and_ends)
{
    say("port %d", 8888);
    ck_assert_str_eq(read_said(), "imdshim: port 8888\n");
}

TEST(an_error_is_told_by_its_text)
{
    say_error(ENOENT, "cannot read '%s'", "x");
    ck_assert_str_eq(read_said(), "imdshim: cannot read 'x': No such file or directory\n");
}

static const struct {
    int error;
    const char *advice;
} limits[] = {{EMFILE, "ulimit -n"}, {ENFILE, "fs.file-max"}, {EAGAIN, "ulimit -u"}};

LOOP_TEST(what_has_run_out_is_told_with_its_limit, COUNT(limits))
{
    say_error(limits[_i].error, "cannot start");
    ck_assert_msg(strstr(read_said(), limits[_i].advice) != NULL, "%s", said);
}

static const struct {
    const char *text, *clean;
} texts[] = {
    {"plain text", "plain text"},
    {"two\nlines", "two?lines"},
    {"\033[2Jcleared", "?[2Jcleared"},
    {"\177\001\037", "???"},
    {"\xc3\xa4 \xe2\x82\xac", "\xc3\xa4 \xe2\x82\xac"},
    {"\xc2\x9b"
     "2J",
     "?\x9b"
     "2J"},
    {"\xc2\xa0", "\xc2\xa0"},
    {"\xc2", "\xc2"},
};

/* A byte 0x9b by itself is no character of UTF-8, and no terminal of today obeys it there. */
LOOP_TEST(a_name_with_control_characters_does_nothing_to_a_terminal, COUNT(texts))
{
    char expected[64] = "imdshim: ";

    strcat(strcat(expected, texts[_i].clean), "\n");
    say("%s", texts[_i].text);
    ck_assert_str_eq(read_said(), expected);
}

TEST(a_line_of_any_length_is_one_line_that_a_pipe_keeps_whole)
{
    static char name[3 * PIPE_BUF];

    memset(name, 'x', sizeof name - 1);
    say_error(ENOENT, "%s", name);
    ck_assert_uint_le(strlen(read_said()), PIPE_BUF);
    ck_assert_uint_gt(strlen(said), PIPE_BUF - 8);
    ck_assert_ptr_eq(strchr(said, '\n'), said + strlen(said) - 1);
}

static long milliseconds_to_say(void)
{
    struct timespec begin, now;

    clock_gettime(CLOCK_MONOTONIC, &begin);
    say("lost");
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (now.tv_sec - begin.tv_sec) * 1000 + (now.tv_nsec - begin.tv_nsec) / 1000000;
}

/* To the last byte, and to where a line would still fit into a part of it. */
static void fill_pipe(size_t but)
{
    static const char bytes[PIPE_BUF];
    int size = fcntl(from_say, F_GETPIPE_SZ);

    for (size_t left = (size_t)size - but; left > 0; left -= sizeof bytes)
        ck_assert_int_eq(write(from_say, bytes, sizeof bytes), sizeof bytes);
}

TEST(a_pipe_that_nobody_drains_costs_a_line_and_not_the_run)
{
    fill_pipe(0);
    ck_assert_int_lt(milliseconds_to_say(), 2000);
}

TEST(the_longest_line_fits_where_the_pipe_says_there_is_room)
{
    static char name[3 * PIPE_BUF];

    memset(name, 'x', sizeof name - 1);
    fill_pipe(PIPE_BUF);
    alarm(10);
    say("%s", name);
    alarm(0);
}

TEST(a_pipe_without_a_reader_ends_nobody)
{
    sigset_t pending;

    close(to_test);
    to_test = -1;
    say("lost");
    sigpending(&pending);
    ck_assert_int_eq(sigismember(&pending, SIGPIPE), 0);
}

TEST(a_sigpipe_that_was_there_before_stays)
{
    sigset_t set, pending;

    sigemptyset(&set);
    sigaddset(&set, SIGPIPE);
    sigprocmask(SIG_BLOCK, &set, NULL);
    raise(SIGPIPE);
    close(to_test);
    to_test = -1;
    say("lost");
    sigpending(&pending);
    ck_assert_int_eq(sigismember(&pending, SIGPIPE), 1);
}

TEST(the_signal_mask_is_as_it_was)
{
    sigset_t before, after;

    sigprocmask(SIG_BLOCK, NULL, &before);
    say("line");
    sigprocmask(SIG_BLOCK, NULL, &after);
    for (int signal = 1; signal <= SIGRTMAX; signal++)
        ck_assert_int_eq(sigismember(&before, signal), sigismember(&after, signal));
}

static void die_of(const void *error)
{
    if (error == NULL)
        die(125, "over");
    die_error(126, *(const int *)error, "over");
}

TEST(who_dies_has_said_why)
{
    static const int error = EMFILE;

    ck_assert_int_eq(apart(die_of, NULL), 125);
    ck_assert_str_eq(read_said(), "imdshim: over\n");
    ck_assert_int_eq(apart(die_of, &error), 126);
    ck_assert_ptr_nonnull(strstr(read_said(), "ulimit -n"));
}
