/* Readers that are gone, slow, stopped, late: the engine goes on as if there were none. */
#include "tests/system/support/engine_events.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum { DESCRIPTOR = 9, TRIES = 10 };

/* In the way the shell inherits it: no close-on-exec. */
static int open_pipe_as_descriptor(void)
{
    int ends[2];

    ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
    ck_assert_int_eq(dup2(ends[1], DESCRIPTOR), DESCRIPTOR);
    close(ends[1]);
    return ends[0];
}

static int open_new_fifo(void)
{
    int fd;

    unlink("fifo");
    ck_assert_int_eq(mkfifo("fifo", 0600), 0);
    fd = open("fifo", O_RDWR | O_NONBLOCK | O_CLOEXEC);
    ck_assert_int_ge(fd, 0);
    return fd;
}

static void fill(int fd)
{
    char bytes[4096] = "";

    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
    while (write(fd, bytes, sizeof bytes) > 0)
        continue;
    while (write(fd, bytes, 1) > 0)
        continue;
    ck_assert_int_eq(errno, EAGAIN);
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK);
}

/* The engine's table of results shows its errno; SIGPIPE would end it. */
static void run_as_without_library(const char *launcher)
{
    struct shell without, with;

    shell_run(&without, "exec $DOUBLES/results calls");
    shell_run(&with, "exec $IMDSHIM exec %s -- $DOUBLES/results calls", launcher);
    engine_ended_well(&with);
    ck_assert_str_eq(with.out, without.out);
    ck_assert_str_eq(with.err, "");
}

TEST_OPTIONS(IN_SANDBOX);

TEST(a_pipe_whose_reader_is_gone_does_not_harm_the_engine)
{
    close(open_pipe_as_descriptor());
    run_as_without_library("-v --fd 9");
}

TEST(a_socket_whose_reader_is_gone_does_not_harm_the_engine)
{
    int ends[2];

    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    ck_assert_int_eq(dup2(ends[1], DESCRIPTOR), DESCRIPTOR);
    close(ends[0]);
    close(ends[1]);
    run_as_without_library("-v --fd 9");
}

TEST(a_fifo_that_nobody_reads_does_not_harm_the_engine)
{
    close(open_new_fifo());
    run_as_without_library("-v --fifo fifo");
}

TEST(a_full_pipe_does_not_block_the_engine)
{
    int reader = open_pipe_as_descriptor();

    fill(DESCRIPTOR);
    run_as_without_library("-v --fd 9");
    ck_assert_int_eq(fcntl(DESCRIPTOR, F_GETFL) & O_NONBLOCK, 0);
    close(reader);
}

TEST(a_full_fifo_does_not_block_the_engine)
{
    int fifo = open_new_fifo();

    fill(fifo);
    run_as_without_library("-v --fifo fifo");
    close(fifo);
}

TEST(a_fifo_that_is_removed_does_not_harm_the_engine)
{
    struct shell shell;

    shell_run(&shell, "mkfifo fifo; exec $IMDSHIM exec -v --fifo fifo -- sh -c "
                      "'rm fifo; echo whole >fifo; exec $DOUBLES/engine gmx 0; exit 9'");
    engine_ended_well(&shell);
    shell_run(&shell, "cat fifo");
    ck_assert_str_eq(shell.out, "whole\n");
}

static bool hears(int fifo, const char *text)
{
    char bytes[4096] = "";
    size_t length = 0;
    ssize_t got;

    while ((got = read(fifo, bytes + length, sizeof bytes - 1 - length)) > 0)
        length += (size_t)got;
    return strstr(bytes, text) != NULL;
}

/* The engine listens as soon as the file "go" is there; the reader comes 20 ms later. */
static bool is_heard_late(void)
{
    struct shell shell;
    bool heard;
    int fifo;

    close(open_new_fifo());
    shell_start(&shell, "rm -f go; exec $IMDSHIM exec --fifo fifo -- sh -c 'echo here; until [ "
                        "-e go ]; do :; done; exec $DOUBLES/engine gmx 0 20'");
    ck_assert(shell_wait_for_out(&shell, "here"));
    close(open("go", O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
    shell_pause(20);
    fifo = open("fifo", O_RDWR | O_NONBLOCK | O_CLOEXEC);
    shell_finish(&shell);
    engine_ended_well(&shell);
    heard = hears(fifo, " listening ");
    close(fifo);
    return heard;
}

/* Several tries, for on a busy machine 20 ms may become more than the library's patience. */
TEST(a_reader_that_comes_a_little_late_hears_the_port)
{
    bool heard = false;

    for (int i = 0; i < TRIES && !heard; i++)
        heard = is_heard_late();
    ck_assert(heard);
}

TEST(a_launcher_that_is_stopped_does_not_stop_the_engine)
{
    struct shell shell;

    shell_start(&shell, "exec $IMDSHIM run -- sh -c 'echo here; until [ -e go ]; do sleep "
                        "0.02; done; $DOUBLES/engine gmx 0; touch over'");
    ck_assert(shell_wait_for_out(&shell, "here"));
    kill(shell.pid, SIGSTOP);
    close(open("go", O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
    for (int i = 0; i < 1000 && access("over", F_OK) != 0; i++)
        shell_pause(20);
    ck_assert_int_eq(access("over", F_OK), 0);
    kill(shell.pid, SIGCONT);
    shell_finish(&shell);
    engine_ended_well(&shell);
    ck_assert_int_eq(shell_count_lines(shell.err, " listens on "), 1);
}

TEST(a_descriptor_may_be_of_any_kind)
{
    static const char *const targets[] = {"/dev/null", "/dev/full", "events", "/dev/zero"};
    struct shell shell;

    for (int i = 0; i < 4; i++) {
        shell_run(&shell, EXEC_VERBOSE "$DOUBLES/engine gmx 0 9>%s", targets[i]);
        engine_ended_well(&shell);
    }
    shell_run(&shell, "cat events");
    ck_assert_int_eq(engine_count(&shell, EVENT_LISTENING), 1);
}
