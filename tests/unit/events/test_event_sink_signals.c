/*
 * A pipe that cannot be opened again, for it is another user's: it is written as it is, and a
 * reader that is gone then means SIGPIPE.
 */
#include "shim/events/event_sink.h"
#include "shim/wire/sys.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/support/suite.h"
#include "tests/unit/support/apart.h"
#include "tests/unit/support/event_sink.h"

enum { NOBODY = 65534, BOUND = 20 /* seconds */ };

/* For processes of their own: nobody may open it. */
static struct event_sink pipe_of_another_user(int ends[2])
{
    if (pipe(ends) != 0 || fchmod(ends[1], 0) != 0 || (geteuid() == 0 && setuid(NOBODY) != 0))
        _exit(100);
    return inherited(ends[1]);
}

static struct event_sink broken_pipe(void)
{
    int ends[2];
    struct event_sink sink = pipe_of_another_user(ends);

    close(ends[0]);
    return sink;
}

static volatile sig_atomic_t delivered;

static void count(int signal)
{
    (void)signal;
    delivered++;
}

static void write_to_broken_pipe(const void *unused)
{
    const struct event_sink sink = broken_pipe();
    sigset_t pending;

    (void)unused;
    signal(SIGPIPE, SIG_DFL);
    event_sink_tell(&sink, &ready, EVENT_REQUIRED);
    sigpending(&pending);
    _exit(sigismember(&pending, SIGPIPE));
}

TEST_OPTIONS(.timeout = 120);

TEST(a_broken_pipe_raises_no_signal)
{
    ck_assert_int_eq(apart(write_to_broken_pipe, NULL), 0);
}

/* The exit status is the number of signals that are there once they are let in. */
static void write_with_signal_pending(int (*send)(void))
{
    const struct event_sink sink = broken_pipe();
    sigset_t pipe_signal;

    sigemptyset(&pipe_signal);
    sigaddset(&pipe_signal, SIGPIPE);
    sigprocmask(SIG_BLOCK, &pipe_signal, NULL);
    signal(SIGPIPE, count);
    send();
    event_sink_tell(&sink, &ready, EVENT_REQUIRED);
    if (delivered != 0)
        _exit(101);
    sigprocmask(SIG_UNBLOCK, &pipe_signal, NULL);
    _exit(delivered);
}

static int send_to_thread(void)
{
    return raise(SIGPIPE);
}

static int send_to_process(void)
{
    return kill(getpid(), SIGPIPE);
}

static void write_with_signal_of_thread(const void *unused)
{
    (void)unused;
    write_with_signal_pending(send_to_thread);
}

static void write_with_signal_of_process(const void *unused)
{
    (void)unused;
    write_with_signal_pending(send_to_process);
}

TEST(a_sigpipe_that_waits_in_the_thread_is_delivered_once)
{
    ck_assert_int_eq(apart(write_with_signal_of_thread, NULL), 1);
}

TEST(a_sigpipe_that_waits_in_the_process_is_delivered_once)
{
    ck_assert_int_eq(apart(write_with_signal_of_process, NULL), 1);
}

static void write_with_room(const void *unused)
{
    char heard[64] = "";
    int ends[2];
    const struct event_sink sink = pipe_of_another_user(ends);

    (void)unused;
    event_sink_tell(&sink, &ready, EVENT_REQUIRED);
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    _exit(read(ends[0], heard, sizeof heard - 1) == sizeof line - 1 ? 0 : 1);
}

TEST(a_pipe_of_another_user_is_heard)
{
    ck_assert_int_eq(apart(write_with_room, NULL), 0);
}

static void write_without_room(const void *unused)
{
    int ends[2];
    const struct event_sink sink = pipe_of_another_user(ends);
    char chunk[4096] = "";

    (void)unused;
    fcntl(ends[1], F_SETFL, O_NONBLOCK);
    while (write(ends[1], chunk, sizeof chunk) > 0)
        continue;
    fcntl(ends[1], F_SETFL, 0);
    alarm(BOUND);
    event_sink_tell(&sink, &ready, EVENT_REQUIRED);
}

TEST(a_full_pipe_of_another_user_does_not_block_the_engine)
{
    ck_assert_int_eq(apart(write_without_room, NULL), 0);
}
