/*
 * Processes and threads that are there without our doing: what a script had started before it
 * became us, what is left to process 1, a thread of somebody else's in our own process.
 */
#include <sys/wait.h>

#include "tests/support/suite.h"
#include "tests/support/terminal.h"
#include "tests/system/support/launcher.h"

static struct shell shell;

/* A script of sh(1) in the file "script", as a user has it; it may end by becoming us. */
static void write_script(const char *text)
{
    FILE *file = fopen("script", "we");

    ck_assert_ptr_nonnull(file);
    fprintf(file, "#!/bin/sh\n%s\n", text);
    fclose(file);
    ck_assert_int_eq(chmod("script", 0755), 0);
}

/* The processes whose numbers are in the files live, and are ended by the test. */
static void assert_alive_and_end(const char *const *files)
{
    for (; *files != NULL; files++) {
        pid_t pid = read_pid(*files);

        ck_assert_msg(process_state(pid) != 0 && process_state(pid) != 'Z', "%s has ended",
                      *files);
        kill(pid, SIGKILL);
    }
}

TEST_OPTIONS(IN_SANDBOX);

/* ---- bystanders ---- */

/* They do not hold the test's pipes. */
#define SLEEP "sleep 60 >/dev/null 2>&1 "
#define BYSTANDER SLEEP "& echo $! >bystander; "
/* One that has a child, and is a process group's leader as a job of an interactive shell is. */
#define PARENT                                                                                 \
    "sh -c '" SLEEP "& echo $! >child; echo $$ >bystander; wait' >/dev/null 2>&1 & "           \
    "until [ -s bystander ]; do sleep 0.01; done; "
/* The engine is a script that leaves its own engine behind when it is ended. */
#define WRAPPED "sh -c '" ENGINE " pids listen=127.0.0.1 wait until=stop; exit 7'"

static const struct {
    const char *before, *run, *bystanders[3];
    int status;
} survivors[] = {
    {BYSTANDER, "-t 1 -- sleep 20", {"bystander"}, 124},
    {BYSTANDER, "-c 'exit 3' -- " WRAPPED, {"bystander"}, 3},
    {PARENT, "-t 1 -- sleep 20", {"bystander", "child"}, 124},
    {PARENT, "-c 'exit 3' -- " WRAPPED, {"bystander", "child"}, 3},
    /* Its child becomes ours while we end the engine. */
    {PARENT, "-c 'kill -KILL $(cat bystander); exit 3' -- " WRAPPED, {"child"}, 3},
    {PARENT,
     "-t 1 -- sh -c 'trap \"sleep 0.3; kill -KILL $(cat bystander); sleep 0.3; exit\" TERM;"
     "sleep 20 & wait; wait'",
     {"child"},
     124},
    {BYSTANDER, "--stop-with-client -c true -- " WRAPPED, {"bystander"}, 0},
};

LOOP_TEST(what_a_script_had_started_before_it_became_us_survives, COUNT(survivors))
{
    char script[1024];

    snprintf(script, sizeof script, "%sexec $IMDSHIM run -q %s", survivors[_i].before,
             survivors[_i].run);
    write_script(script);
    shell_run(&shell, "exec ./script");
    ck_assert_int_eq(shell_status(&shell), survivors[_i].status);
    if (exists("engine"))
        wait_for_state(read_pid("engine"), NO_PROCESS);
    assert_alive_and_end(survivors[_i].bystanders);
}

/* What a client starts in the background is its own business. */
TEST(what_a_client_has_started_survives)
{
    shell_run(&shell,
              "exec $IMDSHIM run -q -c '" SLEEP "& echo $! >viewer; exit 3' -- " WRAPPED);
    ck_assert_int_eq(shell_status(&shell), 3);
    wait_for_state(read_pid("engine"), NO_PROCESS);
    assert_alive_and_end((const char *const[]){"viewer", NULL});
}

/* At the gate, when the time is up: both end, and what the client had started is left. */
TEST(what_a_client_at_the_gate_has_started_survives_a_timeout)
{
    shell_run(
        &shell,
        "exec $IMDSHIM run -q -t 1 -p 8888 -c '" SLEEP "& echo $! >viewer;"
        "$DOUBLES/gate-client plain 127.0.0.1 8888 >/dev/null' -- sh -c 'sleep 20; true'");
    ck_assert_int_eq(shell_status(&shell), 124);
    assert_alive_and_end((const char *const[]){"viewer", NULL});
}

/* ---- what is the engine's is ended, whoever else is there ---- */

/* "leaf" leaves a process behind; "branch" waits for one, and "tree" for that. */
#define SCRIPTS                                                                                \
    "echo '" SLEEP "& echo $! >engine' >leaf; echo '. ./leaf; wait; true' >branch;"            \
    "echo 'sh ./branch; true' >tree; "

static const char *const engines_processes[] = {
    "sh ./branch",
    "sh ./tree",
    /* Without our environment: it was seen below the engine. */
    "sh -c 'env -i PATH=$PATH sh ./branch; true'",
    /* A session of its own. */
    "sh -c 'setsid -w sh ./branch; true'",
    /* A daemon that is made while the engine is being ended. */
    "sh -c 'trap \"sh ./leaf; exit\" TERM; sleep 20 & wait'",
};

LOOP_TEST(what_descends_from_the_engine_is_ended_though_others_are_there,
          COUNT(engines_processes) * 2)
{
    char script[1024];

    snprintf(script, sizeof script, SCRIPTS "%sexec $IMDSHIM run -q -t 1 -- %s",
             _i % 2 == 0 ? "" : BYSTANDER, engines_processes[_i / 2]);
    write_script(script);
    shell_run(&shell, "exec ./script");
    ck_assert_int_eq(shell_status(&shell), 124);
    wait_for_state(read_pid("engine"), NO_PROCESS);
    if (_i % 2 == 1)
        assert_alive_and_end((const char *const[]){"bystander", NULL});
}

/* ---- zombies ---- */

TEST(children_that_a_script_has_left_to_us_are_reaped)
{
    write_script("sleep 0.1 & echo $! >first; sleep 0.1 & echo $! >second;"
                 "exec $IMDSHIM run -q -- " ENGINE " until=stop exit=7");
    shell_start(&shell, "exec ./script");
    wait_for_file("second");
    wait_for_state(read_pid("first"), NO_PROCESS);
    wait_for_state(read_pid("second"), NO_PROCESS);
    make_file("stop");
    shell_finish(&shell);
    ck_assert_int_eq(shell_status(&shell), 7);
}

static bool has_pid_namespaces(void)
{
    return system("unshare --pid --fork --mount-proc true 2>/dev/null") == 0 ||
           suite_skip("process 1 of a container", "no PID namespace can be had");
}

#define CONTAINER NO_LEAK_CHECK "exec unshare --pid --fork --mount-proc "
#define COUNT_ZOMBIES "grep -c ^State:.Z /proc/[0-9]*/status | grep -c :1"

/* Orphans by the dozen, as a launcher of others leaves them. */
TEST(process_1_of_a_container_leaves_no_zombie, .needs = has_pid_namespaces)
{
    shell_run(&shell,
              CONTAINER "$IMDSHIM run -q -- sh -c 'for i in $(seq 20); do"
                        " sh -c \"sleep 0.05 &\"; done; sleep 0.5; " COUNT_ZOMBIES "; exit 4'");
    ck_assert_str_eq(shell.out, "0\n");
    ck_assert_int_eq(shell_status(&shell), 4);
}

TEST(process_1_of_a_container_ends_with_the_engines_signal_as_a_status,
     .needs = has_pid_namespaces)
{
    shell_run(&shell, CONTAINER "$IMDSHIM run -q -- sh -c 'kill -TERM $$'");
    ck_assert_int_eq(shell_status(&shell), 128 + SIGTERM);
}

TEST(process_1_of_a_container_gives_up_in_time, .needs = has_pid_namespaces)
{
    shell_run(&shell, CONTAINER "$IMDSHIM run -q -t 1 -- sh -c 'sleep 60; true'");
    ck_assert_int_eq(shell_status(&shell), 124);
}

/* ---- a thread of somebody else's ---- */

#define THREAD                                                                                 \
    "echo '#include <pthread.h>\n#include <unistd.h>\n"                                        \
    "static void *f(void *a) { for (;;) pause(); return a; }\n"                                \
    "__attribute__((constructor)) static void c(void) { pthread_t t;"                          \
    " pthread_create(&t, 0, f, 0); }' >thread.c;"                                              \
    "${CC:-cc} -shared -fPIC -o thread.so thread.c -pthread;"
/* In us alone: the engine's programs are as they are. */
#define WITH_THREAD "env LD_PRELOAD=$PWD/thread.so $IMDSHIM run -q "
#define PLAIN "env -u LD_PRELOAD "

LOOP_TEST(a_run_ends_with_its_engine_though_a_foreign_thread_gets_the_signal, 3)
{
    static const char *const ends[] = {
        "-- " PLAIN "sh -c 'sleep 0.05; exit 7'", "-t 1 -- " PLAIN "sleep 20",
        "-c 'exit 7' -- " ENGINE " listen=127.0.0.1 wait until=x"};
    const int status = _i == 1 ? 124 : 7, times = _i == 1 ? 3 : 10;

    shell_run(&shell, THREAD "for i in $(seq %d); do " WITH_THREAD "%s; echo $?; done", times,
              ends[_i]);
    ck_assert_int_eq(shell_count_lines(shell.out, status == 7 ? "7" : "124"), times);
}

static const int passed_on[] = {SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGWINCH};

/* By default each of them but the last would end us where the thread gets it. */
LOOP_TEST(a_signal_that_a_foreign_thread_gets_reaches_the_engine_once, COUNT(passed_on))
{
    char line[16];

    snprintf(line, sizeof line, "got %d.\n", passed_on[_i]);
    for (int i = 0; i < 5; i++) {
        shell_start(&shell, THREAD "exec " WITH_THREAD "-- " PLAIN ENGINE
                                   " catch print=begin until=stop exit=7");
        ck_assert(shell_wait_for_out(&shell, "begin\n"));
        kill(shell.pid, passed_on[_i]);
        ck_assert_msg(shell_wait_for_out(&shell, line), "lost: %s", shell.out);
        make_file("stop");
        shell_finish(&shell);
        ck_assert_int_eq(shell_status(&shell), 7);
        ck_assert_int_eq(shell_count_lines(shell.out, line), 1);
        unlink("stop");
    }
}

static void wait_for_log(const char *line)
{
    shell_run(&shell, "for i in $(seq 1000); do grep -q '%s' log && exit; sleep 0.02; done",
              line);
}

/* What the terminal sends comes from the kernel, also by way of that thread. */
TEST(an_interrupt_typed_reaches_the_engine_once_though_a_foreign_thread_runs)
{
    struct terminal terminal;

    shell_run(&shell, THREAD);
    terminal_start(&terminal, "exec " WITH_THREAD "-- " PLAIN ENGINE
                              " pids catch print=begin until=stop exit=7 >log");
    wait_for_log("begin");
    terminal_type(&terminal, "\003");
    wait_for_log("got 2.");
    kill(read_pid("launcher"), SIGUSR1); /* signals keep their order */
    wait_for_log("got 10.");
    make_file("stop");
    terminal_finish(&terminal);
    ck_assert_int_eq(WEXITSTATUS(terminal.wait_status), 7);
    shell_run(&shell, "cat log");
    ck_assert_int_eq(shell_count_lines(shell.out, "got 2."), 1);
}

TEST(the_engine_has_the_signals_that_it_would_have_though_a_foreign_thread_runs)
{
    static struct shell plain;

    shell_run(&plain, "exec nohup grep -E '^Sig(Blk|Ign|Cgt)' /proc/self/status 2>/dev/null");
    shell_run(&shell, THREAD "exec nohup " WITH_THREAD "-- " PLAIN
                             "grep -E '^Sig(Blk|Ign|Cgt)' /proc/self/status 2>/dev/null");
    ck_assert_int_eq(shell_status(&shell), 0);
    ck_assert_str_eq(shell.out, plain.out);
}
