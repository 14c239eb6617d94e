/* Hard surroundings: little to be had, and many at once. */

#include "tests/support/suite.h"
#include "tests/system/support/launcher.h"

static const char *const closed[] = {"<&-", ">&-", "<&- >&-", "2>&-", "<&- >&- 2>&-"};

enum { CLOSED = sizeof closed / sizeof closed[0], STDERR_OPEN = 3 };

TEST_OPTIONS(IN_SANDBOX);

LOOP_TEST(closed_standard_descriptors_stay_closed_and_do_no_harm,
          launcher_is_wrapped() ? STDERR_OPEN : CLOSED)
{
    static const char *const prefixes[] = {"", "$IMDSHIM run -q -o port --",
                                           "$IMDSHIM exec --fd 7 --"};
    static const char engine[] =
        "sh -c 'for n in 0 1 2; do [ -e /proc/$$/fd/$n ] && x=$x$n; done;"
        "echo :$x >fds; exec " ENGINE " listen=127.0.0.1 wait exit=4'";
    char plain[16], found[16];
    struct shell shell;

    shell_run(&shell, "exec %s %s", engine, closed[_i]);
    read_line("fds", plain, sizeof plain);
    for (int i = 1; i < 3; i++) {
        shell_run(&shell, "exec %s %s 7>events %s", prefixes[i], engine, closed[_i]);
        ck_assert_int_eq(shell_status(&shell), 4);
        read_line("fds", found, sizeof found);
        ck_assert_str_eq(found, plain);
    }
    ck_assert(exists("port"));
    shell_run(&shell, "grep -c listening events");
    ck_assert_str_eq(shell.out, "1\n");
}

TEST(a_client_works_with_closed_standard_descriptors, .needs = launcher_is_bare)
{
    struct shell shell;

    shell_run(&shell, "exec $IMDSHIM run -q -c 'echo $IMD_PORT >&9; >stop' -- " ENGINE
                      " listen=127.0.0.1 wait until=stop exit=4 9>&1 <&- >&- 2>&-");
    ck_assert_int_eq(shell_status(&shell), 4);
    ck_assert_int_gt(atoi(shell.out), 0);
}

TEST(few_descriptors_are_enough)
{
    struct shell shell;

    shell_run(&shell, "ulimit -n %d; exec $IMDSHIM run -q -o port -c '>client' -- " LISTENER,
              launcher_is_wrapped() ? 64 : 16);
    assert_heard(&shell);
    ck_assert(exists("client"));
}

TEST(no_process_to_be_had_is_a_failure_of_ours)
{
    struct shell shell;

    shell_run(&shell, AS_NOBODY NO_LEAK_CHECK
              "as_nobody bash -c 'ulimit -u 0; exec $IMDSHIM run -- touch started'");
    ck_assert_int_eq(shell_status(&shell), 125);
    assert_one_line(shell.err, "imdshim: ");
    ck_assert(!exists("started"));
}

TEST(exec_needs_no_process)
{
    struct shell shell;

    shell_run(&shell, AS_NOBODY NO_LEAK_CHECK
              "as_nobody bash -c 'ulimit -u 0; exec $IMDSHIM exec --fd 1 -- tree/engine "
              "listen=127.0.0.1 exit=4'");
    ck_assert_int_eq(shell_status(&shell), 4);
    ck_assert_int_eq(shell_count_lines(shell.out, " listening "), 1);
}

TEST(no_process_for_the_client_ends_the_engine)
{
    struct shell shell;

    shell_run(&shell, AS_NOBODY NO_LEAK_CHECK
              "as_nobody $IMDSHIM run -c '>client' -- sh -c 'prlimit --nproc=0:0 --pid $PPID;"
              "exec tree/engine listen=127.0.0.1 wait pause=20000'");
    ck_assert_int_eq(shell_status(&shell), 125);
    ck_assert_int_eq(shell_count_lines(shell.err, "imdshim: cannot start the client"), 1);
    ck_assert(!exists("client"));
}

TEST(no_path_is_needed)
{
    struct shell shell;

    shell_run(&shell, "exec env -u PATH $IMDSHIM run -q -- sh -c 'exit 4'");
    ck_assert_int_eq(shell_status(&shell), 4);
    shell_run(&shell, "exec env -i ASAN_OPTIONS=\"$ASAN_OPTIONS\" $IMDSHIM run -q -c true -- "
                      "sh -c \"exec " LISTENER "\"");
    ck_assert_int_eq(shell_status(&shell), 4);
}

/* At the same time: in one batch every port is another, and every run hears its own. */
LOOP_TEST(many_runs_at_once_do_not_hear_each_other, 4)
{
    int runs = launcher_is_wrapped() ? 6 : 50;
    struct shell shell;

    shell_run(
        &shell,
        "for i in $(seq %d); do mkdir $i; $IMDSHIM run -q -o $i/port -- " ENGINE
        " listen=127.0.0.1 print-port wait until=stop >$i/out & done;"
        "while [ $(cat */port 2>/dev/null | wc -l) -lt %d ]; do sleep 0.1; done;"
        ">stop; wait; cat */port | sort -u | wc -l;"
        "for i in $(seq %d); do [ 127.0.0.1:$(cat $i/out) = $(cat $i/port) ] || echo $i; done",
        runs, runs, runs);
    ck_assert_int_eq(atoi(shell.out), runs);
    ck_assert_int_eq(shell_count_lines(shell.out, "\n"), 1);
    ck_assert_str_eq(shell.err, "");
}

TEST(a_run_in_a_run_works_and_tells_its_own)
{
    struct shell shell;

    shell_run(&shell, "exec $IMDSHIM run -q -o outer -- $IMDSHIM run -q -o port -- " LISTENER);
    assert_heard(&shell);
    shell_run(&shell,
              "exec $IMDSHIM exec --fd 3 -- $IMDSHIM run -q -o port -- " LISTENER " 3>events");
    assert_heard(&shell);
}

TEST(a_daemon_that_the_engine_leaves_is_not_waited_for)
{
    struct shell shell;

    shell_run(&shell, "exec $IMDSHIM run -q -- sh -c 'setsid sh -c \"until [ -e stop ];"
                      "do sleep 0.05; done\" <&- >&- 2>&- & exit 4'");
    ck_assert_int_eq(shell_status(&shell), 4);
    make_file("stop");
}

/* Kilobytes in the smaps_rollup of a process whose lines begin so. */
static long private_memory(pid_t pid)
{
    char path[64], line[256];
    long sum = 0, part;
    FILE *file;

    snprintf(path, sizeof path, "/proc/%ld/smaps_rollup", (long)pid);
    file = fopen(path, "re");
    ck_assert_ptr_nonnull(file);
    while (fgets(line, sizeof line, file) != NULL)
        if (sscanf(line, "Private_Clean: %ld", &part) == 1 ||
            sscanf(line, "Private_Dirty: %ld", &part) == 1)
            sum += part;
    fclose(file);
    return sum;
}

TEST(we_are_one_process_and_less_than_a_megabyte)
{
    struct shell shell, children;
    char expected[32];

    shell_start(&shell, "exec $IMDSHIM run -q -- " ENGINE
                        " pids listen=127.0.0.1 wait print=begin until=stop");
    ck_assert(shell_wait_for_out(&shell, "begin\n"));
    ck_assert_int_eq(read_pid("launcher"), shell.pid);
    shell_run(&children, "cat /proc/%ld/task/*/children; ls /proc/%ld/task | wc -l",
              (long)shell.pid, (long)shell.pid);
    snprintf(expected, sizeof expected, "%ld 1\n", (long)read_pid("engine"));
    ck_assert_str_eq(children.out, expected);
    if (!launcher_is_wrapped() && !built_with_sanitizer())
        ck_assert_int_lt(private_memory(shell.pid), 1024);
    make_file("stop");
    shell_finish(&shell);
}
