/* Signals: whose they are, and that programs we start get them as we did. */
#include "launcher/base/signals.h"

#include <poll.h>
#include <pthread.h>
#include <pty.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "tests/support/suite.h"
#include "tests/unit/support/apart.h"

enum { SECONDS = 20 };

TEST_OPTIONS(.timeout = 120);

TEST(what_a_process_sent_is_for_us_alone)
{
    const int codes[] = {SI_USER, SI_QUEUE, SI_TKILL, SI_TIMER, SI_MESGQ, SI_ASYNCIO};

    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++)
        ck_assert(signals_must_pass_on(&(struct signalfd_siginfo){.ssi_code = codes[i]}));
}

TEST(what_the_kernel_sent_is_not)
{
    const int codes[] = {SI_KERNEL, CLD_EXITED, CLD_KILLED, CLD_STOPPED, POLL_IN};

    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++)
        ck_assert(!signals_must_pass_on(&(struct signalfd_siginfo){.ssi_code = codes[i]}));
}

/* Another thread may have taken what poll(2) has seen: it comes once more then. */
static bool wait_for_signal(const struct signals *signals, struct signalfd_siginfo *info)
{
    struct pollfd fd = {.fd = signals->fd, .events = POLLIN};

    while (poll(&fd, 1, SECONDS * 1000) == 1)
        if (signals_next(signals, info))
            return true;
    return false;
}

/* What we send ourselves, as SIGPIPE by a write to stderr, is nobody's wish. */
static void send_from_a_child(int number)
{
    pid_t parent = getpid(), pid = fork();

    if (pid == 0) {
        kill(parent, number);
        _exit(0);
    }
    waitpid(pid, NULL, 0);
}

static void send_to_ourselves(const void *unused)
{
    const int sent[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGWINCH, SIGTSTP, SIGPIPE};
    struct signalfd_siginfo info;
    struct signals signals;

    (void)unused;
    signals_take(&signals);
    if (signals_next(&signals, &info))
        _exit(1);
    for (size_t i = 0; i < sizeof sent / sizeof sent[0]; i++) {
        send_from_a_child(sent[i]);
        do
            if (!wait_for_signal(&signals, &info))
                _exit(4);
        while (info.ssi_signo == SIGCHLD);
        if (info.ssi_signo != (unsigned)sent[i] || !signals_must_pass_on(&info))
            _exit(2);
    }
    while (signals_next(&signals, &info))
        if (info.ssi_signo != SIGCHLD)
            _exit(3);
    _exit(0);
}

TEST(a_signal_that_is_sent_to_us_is_taken_once)
{
    ck_assert_int_eq(apart(send_to_ourselves, NULL), 0);
}

/* As a library's that somebody preloads: it blocks no signal. */
static void *wait_for_ever(void *unused)
{
    while (true)
        pause();
    return unused;
}

static void start_foreign_thread(void)
{
    pthread_t thread;

    if (pthread_create(&thread, NULL, wait_for_ever, NULL) != 0)
        _exit(100);
}

/* Each of them is the thread's, or ours, as the kernel likes. */
static void send_where_a_foreign_thread_runs(const void *number)
{
    const int signal = *(const int *)number;
    struct signalfd_siginfo info;
    struct signals signals;

    start_foreign_thread();
    signals_take(&signals);
    for (int i = 0; i < 50; i++) {
        send_from_a_child(signal);
        do
            if (!wait_for_signal(&signals, &info))
                _exit(1);
        while (info.ssi_signo == SIGCHLD && signal != SIGCHLD);
        if (info.ssi_signo != (unsigned)signal)
            _exit(2);
        if (signal == SIGCHLD)
            continue;
        if (info.ssi_code != SI_USER || info.ssi_pid == 0 || info.ssi_pid == (unsigned)getpid())
            _exit(3);
    }
    _exit(0);
}

static const int foreign[] = {SIGCHLD, SIGTERM, SIGINT,   SIGHUP,
                              SIGTSTP, SIGCONT, SIGWINCH, SIGABRT};

LOOP_TEST(a_signal_that_a_foreign_thread_gets_is_read_with_its_sender, COUNT(foreign))
{
    ck_assert_int_eq(apart(send_where_a_foreign_thread_runs, &foreign[_i]), 0);
}

static void stop_where_a_foreign_thread_runs(const void *unused)
{
    struct signals signals;

    (void)unused;
    setpgid(0, 0);
    start_foreign_thread();
    signals_take(&signals);
    signals_stop_self(&signals, SIGTSTP);
    signals_end_self(SIGTERM);
}

TEST(we_stop_and_end_though_a_foreign_thread_runs)
{
    int status = 0;
    pid_t pid = fork();

    ck_assert_int_ge(pid, 0);
    if (pid == 0)
        stop_where_a_foreign_thread_runs(NULL);
    ck_assert_int_eq(waitpid(pid, &status, WUNTRACED), pid);
    ck_assert(WIFSTOPPED(status) && WSTOPSIG(status) == SIGTSTP);
    kill(pid, SIGCONT);
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
}

static void end_a_child(const void *unused)
{
    struct signalfd_siginfo info;
    struct signals signals;
    pid_t pid;

    (void)unused;
    signal(SIGCHLD, SIG_IGN);
    signals_take(&signals);
    pid = fork();
    if (pid == 0)
        _exit(7);
    if (!wait_for_signal(&signals, &info) || info.ssi_signo != SIGCHLD)
        _exit(1);
    if (signals_must_pass_on(&info))
        _exit(2);
    _exit(waitpid(pid, NULL, 0) == pid ? 0 : 3);
}

TEST(the_end_of_a_child_is_heard_though_sigchld_was_ignored)
{
    ck_assert_int_eq(apart(end_a_child, NULL), 0);
}

/* Ctrl-C on a terminal of our own. */
static void type_interrupt(const void *unused)
{
    struct signalfd_siginfo info;
    struct signals signals;
    int terminal, us;

    (void)unused;
    setsid();
    if (openpty(&terminal, &us, NULL, NULL, NULL) != 0 || ioctl(us, TIOCSCTTY, 0) != 0)
        _exit(100);
    signals_take(&signals);
    if (write(terminal, "\003", 1) != 1)
        _exit(101);
    if (!wait_for_signal(&signals, &info) || info.ssi_signo != SIGINT)
        _exit(1);
    _exit(signals_must_pass_on(&info) ? 2 : 0);
}

TEST(what_the_terminal_sends_is_not_for_us_alone)
{
    ck_assert_int_eq(apart(type_interrupt, NULL), 0);
}

static void take_and_restore(const void *ignored)
{
    sigset_t before, after;
    struct sigaction action;
    struct signals signals;

    signal(SIGCHLD, *(const bool *)ignored ? SIG_IGN : SIG_DFL);
    signal(SIGHUP, SIG_IGN);
    sigemptyset(&before);
    sigaddset(&before, SIGUSR2);
    sigaddset(&before, SIGCHLD);
    sigprocmask(SIG_SETMASK, &before, NULL);
    signals_take(&signals);
    signals_restore(&signals);
    sigprocmask(SIG_SETMASK, NULL, &after);
    for (int i = 1; i < NSIG; i++)
        if (sigismember(&before, i) != sigismember(&after, i))
            _exit(1);
    sigaction(SIGCHLD, NULL, &action);
    if ((action.sa_handler == SIG_IGN) != *(const bool *)ignored)
        _exit(2);
    sigaction(SIGHUP, NULL, &action);
    _exit(action.sa_handler == SIG_IGN ? 0 : 3);
}

TEST(mask_and_ignored_signals_are_restored)
{
    const bool ignored[] = {false, true};

    for (int i = 0; i < 2; i++)
        ck_assert_int_eq(apart(take_and_restore, &ignored[i]), 0);
}

/* Between fork(2) and exec(2) a child has our handlers, and no thread of ours. */
static void be_a_child(const void *number)
{
    signals_restore(&(struct signals){.fd = -1});
    kill(getpid(), *(const int *)number);
    _exit(7);
}

static void get_a_signal_before_exec(const void *number)
{
    struct signals signals;

    signals_take(&signals);
    _exit(apart(be_a_child, number));
}

TEST(a_signal_to_a_child_before_its_exec_does_what_it_does_by_default)
{
    const int deadly[] = {SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGRTMIN},
              ignored[] = {SIGWINCH, SIGCHLD};

    for (size_t i = 0; i < sizeof deadly / sizeof deadly[0]; i++)
        ck_assert_int_eq(apart(get_a_signal_before_exec, &deadly[i]), 128 + deadly[i]);
    for (size_t i = 0; i < sizeof ignored / sizeof ignored[0]; i++)
        ck_assert_int_eq(apart(get_a_signal_before_exec, &ignored[i]), 7);
}

static void check_what_is_left(const void *unused)
{
    struct signals signals;
    sigset_t mask;

    (void)unused;
    signals_take(&signals);
    sigprocmask(SIG_SETMASK, NULL, &mask);
    if (sigismember(&mask, SIGTTIN) || sigismember(&mask, SIGTTOU))
        _exit(1);
    _exit(sigismember(&mask, SIGABRT) && sigismember(&mask, SIGRTMIN) ? 0 : 2);
}

TEST(the_stops_of_background_jobs_are_not_taken)
{
    ck_assert_int_eq(apart(check_what_is_left, NULL), 0);
}

static void end_by(const void *number)
{
    struct signals signals;

    signal(*(const int *)number, SIG_IGN);
    signals_take(&signals);
    signals_end_self(*(const int *)number);
    _exit(1);
}

TEST(we_end_by_the_signal_that_ended_the_engine)
{
    const int numbers[] = {SIGHUP,  SIGINT,  SIGQUIT, SIGABRT,
                           SIGKILL, SIGSEGV, SIGTERM, SIGUSR1};

    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        ck_assert_int_eq(apart(end_by, &numbers[i]), 128 + numbers[i]);
}

static void end_by_what_does_not_end(const void *unused)
{
    struct signals signals;

    (void)unused;
    signals_take(&signals);
    signals_end_self(SIGWINCH);
    _exit(42);
}

TEST(a_signal_that_ends_nobody_lets_us_return)
{
    ck_assert_int_eq(apart(end_by_what_does_not_end, NULL), 42);
}

/* Its process group has a parent in the session, else a stop would be ignored. */
TEST(we_stop_as_the_engine_did_and_go_on)
{
    pid_t pid = fork();
    int status = 0;

    ck_assert_int_ge(pid, 0);
    if (pid == 0) {
        struct signals signals;

        setpgid(0, 0);
        signals_take(&signals);
        signals_stop_self(&signals, SIGTSTP);
        _exit(7);
    }
    ck_assert_int_eq(waitpid(pid, &status, WUNTRACED), pid);
    ck_assert(WIFSTOPPED(status) && WSTOPSIG(status) == SIGTSTP);
    kill(pid, SIGCONT);
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 7);
}
