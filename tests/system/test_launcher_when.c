/* When the client is started, and what is said and done if that time does not come. */
#include <time.h>

#include "tests/support/suite.h"
#include "tests/system/support/launcher.h"

static struct shell shell;

/* Listens, and waits in a way that nobody can see: as one that accepts by io_uring does. */
#define UNSEEN ENGINE " pids listen=127.0.0.1 print=up until=stop exit=4"
#define CLIENT "-c 'echo client $IMD_PORT; >stop' "
#define GATE_CLIENT "-p 8888 -c '$DOUBLES/gate-client plain 127.0.0.1 8888; >stop' "
#define GATE_ENGINE "$DOUBLES/gate-engine 127.0.0.1 8888 "

/* An engine of which only its report is there. */
#define REPORTS(event)                                                                         \
    "sh -c 'echo \"" event "\" >\"$IMDSHIM_FIFO\"; until [ -e stop ]; do "                     \
    "sleep 0.05; done; exit 4'"

static double now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

TEST_OPTIONS(IN_SANDBOX);

TEST(with_when_listening_the_client_starts_as_soon_as_the_port_is_known)
{
    shell_run(&shell, "exec $IMDSHIM run -q --when listening " CLIENT "-- " ENGINE
                      " listen=127.0.0.1 port until=stop wait exit=4");
    ck_assert_int_eq(shell_status(&shell), 4);
    ck_assert_int_eq(shell_count_lines(shell.out, "client "), 1);
}

TEST(with_when_ready_the_client_starts_when_the_engine_waits_as_without)
{
    static const char *const options[] = {"", "--when ready ", "--when=ready "};

    for (int i = 0; i < COUNT(options); i++) {
        shell_run(&shell,
                  "exec $IMDSHIM run -q %s" CLIENT "-- " ENGINE
                  " listen=127.0.0.1 pause=200 print=waits wait until=stop",
                  options[i]);
        ck_assert_int_eq(shell_status(&shell), 0);
        ck_assert_int_eq(strncmp(shell.out, "waits\nclient ", 13), 0);
        unlink("stop");
    }
}

TEST(with_when_listening_the_gate_opens_as_soon_as_the_port_is_known)
{
    shell_run(&shell, "exec $IMDSHIM run -q --when listening -p 8888 -c '"
                      "$DOUBLES/gate-client at-once 127.0.0.1 8888 >out; >stop' -- " GATE_ENGINE
                      "listen until=stop exit=4");
    ck_assert_int_eq(shell_status(&shell), 4);
}

TEST(an_unknown_time_is_refused_with_what_there_is)
{
    shell_run(&shell, "exec $IMDSHIM run --when never -- true");
    ck_assert_int_eq(shell_status(&shell), 125);
    assert_one_line(shell.err, "imdshim: --when 'never': give listening or ready");
    shell_run(&shell, "exec $IMDSHIM list --when ready");
    ck_assert_int_eq(shell_status(&shell), 125);
}

static const char line_of_doubt[] = "has not been seen to wait for a client for 5 s";

TEST(after_5_seconds_a_line_says_that_no_wait_was_seen)
{
    shell_start(&shell, "exec $IMDSHIM run " CLIENT "-- " UNSEEN);
    ck_assert(shell_wait_for_out(&shell, "up\n"));
    ck_assert(shell_wait_for_err(&shell, line_of_doubt));
    ck_assert_ptr_nonnull(strstr(shell.err, "--when listening"));
    shell_pause(500);
    make_file("stop");
    shell_finish(&shell);
    ck_assert_int_eq(shell_count_lines(shell.err, line_of_doubt), 1);
    ck_assert_int_eq(shell_count_lines(shell.out, "client"), 0);
}

/* LAMMPS listens when it reads its input, and waits after a long set-up: it is just a remark. */
TEST(after_that_line_the_client_starts_as_ever)
{
    shell_start(&shell,
                "exec $IMDSHIM run -p 8888 -c '$DOUBLES/gate-client plain 127.0.0.1 8888"
                "' -- " GATE_ENGINE "listen until=go serve=1 exit=0");
    ck_assert(shell_wait_for_err(&shell, line_of_doubt));
    make_file("go");
    shell_finish(&shell);
    ck_assert_int_eq(shell_status(&shell), 0);
    ck_assert_str_eq(shell.out, "met 127.0.0.1\n");
}

static const char *const without_doubt[] = {
    "-- " UNSEEN,                                      /* nobody is due */
    "--when listening -c 'sleep 6; >stop' -- " UNSEEN, /* it has been started */
    "-c 'sleep 6; >stop' -- " ENGINE " listen=127.0.0.1 wait until=stop exit=4", /* seen */
};

/* All at once: 6 seconds. */
TEST(where_nothing_is_waited_for_no_such_line_is_said)
{
    static struct shell shells[COUNT(without_doubt)];

    for (int i = 0; i < COUNT(without_doubt); i++)
        shell_start(&shells[i], "exec $IMDSHIM run %s", without_doubt[i]);
    shell_pause(6000);
    make_file("stop");
    for (int i = 0; i < COUNT(without_doubt); i++) {
        shell_finish(&shells[i]);
        ck_assert_int_eq(shell_status(&shells[i]), 4);
        ck_assert_ptr_null(strstr(shells[i].err, line_of_doubt));
    }
}

static const char *const late[] = {CLIENT "-- " UNSEEN,
                                   GATE_CLIENT "-- " GATE_ENGINE "listen until=stop"};

LOOP_TEST(the_time_limit_ends_the_wait_for_an_engine_that_listens_and_never_waits, COUNT(late))
{
    double start = now();

    shell_run(&shell, "exec $IMDSHIM run -t 1 %s", late[_i]);
    ck_assert_int_eq(shell_status(&shell), 124);
    ck_assert_msg(now() - start < 5, "it took %f s", now() - start);
    ck_assert_int_eq(shell_count_lines(shell.err, "imdshim: timed out: "), 1);
    ck_assert_int_eq(shell_count_lines(shell.err, "listens on port"), 1);
    ck_assert_int_eq(shell_count_lines(shell.err,
                                       "has not been seen to wait for a client within"
                                       " 1 s"),
                     1);
}

TEST(the_time_limit_is_over_when_the_client_has_been_started)
{
    shell_run(&shell, "exec $IMDSHIM run -q -t 1 -c 'sleep 1.5; >stop' -- " ENGINE
                      " listen=127.0.0.1 wait until=stop exit=4");
    ck_assert_int_eq(shell_status(&shell), 4);
    unlink("stop");
    shell_run(&shell,
              "exec $IMDSHIM run -q -t 1 --when listening -c 'sleep 1.5; >stop' -- " UNSEEN);
    ck_assert_int_eq(shell_status(&shell), 4);
}

/* ---- exec ---- */

TEST(exec_says_nothing_before_ready_if_that_is_wanted)
{
    shell_run(&shell,
              "exec $IMDSHIM exec --fd 9 --when ready -- " ENGINE " listen=127.0.0.1 9>&1");
    ck_assert_int_eq(shell_status(&shell), 0);
    ck_assert_str_eq(shell.out, "");
    shell_run(&shell, "exec $IMDSHIM exec --fd 9 --when ready -- " ENGINE
                      " listen=127.0.0.1 print=up wait 9>&1");
    ck_assert_int_eq(strncmp(shell.out, "up\n", 3), 0);
    ck_assert_int_eq(shell_count_lines(shell.out, "\n"), 2);
    ck_assert_int_eq(shell_count_lines(shell.out, " ready "), 1);
}

/* With -v too, which asks for more events otherwise. */
TEST(exec_says_nothing_before_ready_with_v_either)
{
    shell_run(&shell, "exec $IMDSHIM exec -v --fd 9 --when ready -- " ENGINE
                      " listen=127.0.0.1 print=up wait 9>&1");
    ck_assert_int_eq(strncmp(shell.out, "up\n", 3), 0);
}

/* ---- where no client of this host can come ---- */

#define ELSEWHERE REPORTS("4000 listening host=h addr=0.0.0.0 pid=$$ netns=1 exe=lmp")
static const char network[] = "network namespace";

TEST(an_engine_in_another_network_namespace_is_ended_and_its_client_is_not_started)
{
    shell_run(&shell, "exec $IMDSHIM run -c '>client' -o port -- " ELSEWHERE);
    ck_assert_int_eq(shell_status(&shell), 125);
    ck_assert_int_eq(shell_count_lines(shell.err, network), 1);
    ck_assert_int_eq(shell_count_lines(shell.err, "--network=host"), 1);
    ck_assert(!exists("client") && !exists("port"));
}

TEST(a_client_at_the_gate_is_refused_an_engine_in_another_network_namespace)
{
    shell_run(&shell, "exec $IMDSHIM run -p 8888 -c '$DOUBLES/gate-client plain 127.0.0.1 8888;"
                      " exit 9' -- " ELSEWHERE);
    ck_assert_int_eq(shell_status(&shell), 125);
    ck_assert_str_eq(shell.out, "failed ECONNREFUSED\n");
    ck_assert_int_eq(shell_count_lines(shell.err, network), 1);
}

TEST(with_when_listening_such_an_engine_has_no_client_either)
{
    shell_run(&shell, "exec $IMDSHIM run --when listening -c '>client' -- " ELSEWHERE);
    ck_assert_int_eq(shell_status(&shell), 125);
    ck_assert(!exists("client"));
}

TEST(an_engine_in_another_network_namespace_runs_if_no_client_is_asked_for)
{
    shell_start(&shell, "exec $IMDSHIM run -t 1 -o port -- " ELSEWHERE);
    ck_assert(shell_wait_for_err(&shell, network));
    shell_pause(1500);
    make_file("stop");
    shell_finish(&shell);
    ck_assert_int_eq(shell_status(&shell), 4);
    ck_assert(!exists("port"));
}

TEST(an_engine_in_our_network_namespace_has_its_client)
{
    shell_run(&shell, "n=$(stat -L -c %%i /proc/self/ns/net); export n; exec $IMDSHIM run -q "
                      "--when listening -c 'echo client $IMD_PORT; >stop' -- " REPORTS(
                          "4000 listening host=h addr=0.0.0.0 pid=$$ netns=$n exe=lmp"));
    ck_assert_int_eq(shell_status(&shell), 4);
    ck_assert_str_eq(shell.out, "client 4000\n");
}

static bool has_network_namespaces(void)
{
    return system("unshare -n true 2>/dev/null") == 0 ||
           suite_skip("an engine in a container", "no network namespace can be had");
}

/* The port that it has there is another engine's here. */
TEST(a_client_does_not_reach_the_engine_that_has_the_same_port_here,
     .needs = has_network_namespaces)
{
    shell_run(&shell, "exec $IMDSHIM run -c '>client' -- unshare -n sh -c 'exec " ENGINE
                      " listen=127.0.0.1 wait until=stop'");
    ck_assert_int_eq(shell_status(&shell), 125);
    ck_assert_int_eq(shell_count_lines(shell.err, network), 1);
    ck_assert(!exists("client"));
}

/* ---- whose the client is, is the kernel's word ---- */

static bool has_fakeroot(void)
{
    return suite_has_program("fakeroot", "a gate under fakeroot");
}

TEST(under_fakeroot_the_client_gets_through_its_gate, .needs = has_fakeroot)
{
    shell_run(&shell, AS_NOBODY "install -m 755 $DOUBLES/gate-engine tree; install -m 755 "
                                "$DOUBLES/gate-client tree; as_nobody fakeroot $IMDSHIM run -q "
                                "-p 8888 -c '$PWD/tree/gate-client plain 127.0.0.1 8888' -- "
                                "$PWD/tree/gate-engine 127.0.0.1 8888 listen serve=1");
    ck_assert_int_eq(shell_status(&shell), 0);
    ck_assert_str_eq(shell.out, "met 127.0.0.1\n");
}
