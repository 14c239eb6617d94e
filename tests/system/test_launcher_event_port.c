/* An engine where the run's FIFO is not, as on another host, tells its port by TCP. */
#include "tests/system/support/offer.h"

TEST_OPTIONS(IN_SANDBOX, .needs = has_address);

TEST(the_port_is_heard_and_the_client_reaches_the_engine)
{
    char client[128], file[128], expected[128], *port;
    struct shell shell;
    int fd;

    shell_start(&shell, SRUN
                "exec $IMDSHIM run -v -o port -c 'echo $IMD_HOST:$IMD_PORT >c; mv c client'"
                " -- ./srun " ENGINE " listen=0.0.0.0 print-port wait until=stop exit=4");
    wait_for_file("client");
    read_line("client", client, sizeof client);
    read_line("port", file, sizeof file);
    ck_assert_str_eq(client, file);
    port = strchr(client, ':');
    ck_assert_ptr_nonnull(port);
    *port++ = '\0';
    fd = reach(inet_addr(client), atoi(port));
    ck_assert_msg(fd >= 0, "%s:%s does not lead to the engine", client, port);
    close(fd);
    make_file("stop");
    shell_finish(&shell);
    ck_assert_int_eq(shell_status(&shell), 4);
    snprintf(expected, sizeof expected, "%s\n", port);
    ck_assert_str_eq(shell.out, expected);
    ck_assert_int_eq(shell_count_lines(shell.err, " listens on 0.0.0.0:"), 1);
    ck_assert_ptr_nonnull(strstr(strstr(shell.err, " listens on "), " waits for a client "));
}

TEST(the_port_of_an_engine_on_the_loopback_is_heard)
{
    struct shell shell;

    shell_run(&shell, SRUN "exec $IMDSHIM run -q -o port -- ./srun " LISTENER);
    assert_heard(&shell);
    ck_assert_str_eq(shell.err, "");
}

/*
 * Programs, by names that a launcher has or has not: each prints whether the port listens that its
 * environment names. In show it is looked at after a program of that name has been started.
 */
#define SHOW                                                                                   \
    "unset SLURM_JOB_NUM_NODES; { echo '#!/bin/bash';"                                         \
    "echo 'if [ -x \"./$1\" ]; then \"./$1\"; fi; IFS=: read -r host port rest "               \
    "<<<$IMDSHIM_TCP;"                                                                         \
    "for i in $(seq ${2:-1}); do (: <>/dev/tcp/127.0.0.1/$port) 2>/dev/null && exec echo "     \
    "open;"                                                                                    \
    "sleep 0.05; done; echo closed'; } >show; chmod 755 show;"                                 \
    "cp show srun; cp show engine.srun; cp show my-mpirun; mkdir bin;"                         \
    "for name in srun mpiexec ssh pdsh orted my-mpirun gmx; do cp $DOUBLES/engine "            \
    "bin/$name; done;"

static const struct {
    const char *command;
    bool listens;
} commands[] = {
    /* As typed: from the start. */
    {"./srun", true},
    {"sh -c 'exec ./srun'", true},
    {"env A=srun ./show", true},
    {"nice -n 1 ./srun", true},
    {"./show", false},
    {"./engine.srun", false},
    {"./my-mpirun", false},
    {"./show mpirun.openmpi", false},
    {"./show prun.in --title=srun /scratch/mpirun.log", false},
    /* In a script: once such a program has been started. */
    {"./show bin/srun 100", true},
    {"./show bin/mpiexec 100", true},
    {"./show bin/ssh 100", true},
    {"./show bin/pdsh 100", true},
    {"./show bin/orted 4", false},
    {"./show bin/my-mpirun 4", false},
    {"./show bin/gmx 4", false},
};

LOOP_TEST(the_port_listens_only_where_an_engine_may_leave_the_host, COUNT(commands))
{
    struct shell shell;

    shell_run(&shell, SHOW "exec $IMDSHIM run -q -- %s", commands[_i].command);
    ck_assert_str_eq(shell.out, commands[_i].listens ? "open\n" : "closed\n");
}

TEST(the_port_listens_in_a_batch_job_of_several_nodes)
{
    struct shell shell;

    shell_run(&shell,
              SHOW "for n in 1 2; do SLURM_JOB_NUM_NODES=$n $IMDSHIM run -q -- ./show; done");
    ck_assert_str_eq(shell.out, "closed\nopen\n");
}

TEST(the_secret_is_on_no_command_line_and_in_no_message)
{
    struct shell shell, look;
    struct offer offer;
    char named[64];

    shell_start(&shell, SRUN "exec $IMDSHIM run -v -c 'until [ -e stop ]; do sleep 0.05; done'"
                             " -- ./srun " ENGINE
                             " listen=127.0.0.1 print-port wait until=stop exit=4");
    offer = read_offer();
    ck_assert(shell_wait_for_err(&shell, " waits for a client "));
    shell_run(&look, "cut -d : -f 3 tcp >secret; cat /proc/[0-9]*/cmdline 2>/dev/null |"
                     "tr '\\0' '\\n' | grep -c -f secret");
    ck_assert_str_eq(look.out, "0\n");
    make_file("stop");
    shell_finish(&shell);
    ck_assert_ptr_null(strstr(shell.err, offer.secret));
    snprintf(named, sizeof named, " by TCP, on port %d\n", offer.port);
    ck_assert_ptr_nonnull(strstr(shell.err, named));
}

TEST(each_run_has_a_secret_of_its_own)
{
    struct shell shell;

    shell_run(&shell, SRUN "for i in 1 2 3 4; do $IMDSHIM run -q -- ./srun true;"
                           "cut -d : -f 3 tcp; done | sort -u | wc -l");
    ck_assert_str_eq(shell.out, "4\n");
}

TEST(all_of_many_processes_that_tell_at_once_are_heard)
{
    struct shell shell;

    shell_run(&shell,
              SRUN "exec $IMDSHIM run -v -- ./srun sh -c 'for i in $(seq 50); do " ENGINE
                   " until=go listen=127.0.0.1 & done; >go; wait'");
    ck_assert_int_eq(shell_status(&shell), 0);
    ck_assert_int_eq(shell_count_lines(shell.err, "] on "), 1);
    ck_assert_int_eq(shell_count_lines(shell.err, ": another listener was "), 49);
}

/* A small stack, a jump out of it, a thread that is cancelled: no crash, no descriptor left. */
static const char *const contexts[] = {"contexts altstack", "contexts jump", "contexts child",
                                       "threads small", "threads cancel-listen"};

LOOP_TEST(a_port_is_told_by_tcp_wherever_listen_is_called, COUNT(contexts))
{
    struct shell shell;

    shell_run(&shell, SRUN "exec $IMDSHIM run -- ./srun $DOUBLES/%s", contexts[_i]);
    ck_assert_msg(shell_status(&shell) == 0, "%s", shell.err);
    ck_assert_int_eq(shell_count_lines(shell.err, " listens on 127.0.0.1:"), 1);
    if (shell.out[0] != '\0')
        ck_assert_str_eq(shell.out, "cancelled after 2 calls\n");
}

/* It is no part of the run any more, and ends by itself. */
TEST(an_engine_whose_launcher_is_killed_goes_on)
{
    struct shell shell;
    pid_t engine;

    shell_start(&shell, SRUN "exec $IMDSHIM run -q -- ./srun " ENGINE
                             " pids until=go listen=127.0.0.1 wait pids until=stop");
    wait_for_file("launcher");
    engine = read_pid("engine");
    kill(shell.pid, SIGKILL);
    shell_finish(&shell);
    ck_assert_int_eq(unlink("engine") + unlink("launcher"), 0);
    make_file("go");
    wait_for_file("launcher");
    make_file("stop");
    wait_for_state(engine, NO_PROCESS "Z");
    shell_run(&shell, "$IMDSHIM run -q -- true"); /* it clears the FIFO away */
}

TEST(a_launcher_that_is_stopped_does_not_stop_the_engine_and_hears_it_later)
{
    struct shell shell;

    shell_start(&shell, SRUN "exec $IMDSHIM run -q -o port -- ./srun " ENGINE
                             " pids until=go listen=127.0.0.1 print-port wait print=on exit=4");
    wait_for_file("launcher");
    kill(shell.pid, SIGSTOP);
    wait_for_state(shell.pid, "T");
    make_file("go");
    ck_assert(shell_wait_for_out(&shell, "on\n"));
    ck_assert(!exists("port"));
    kill(shell.pid, SIGCONT);
    shell_finish(&shell);
    assert_heard(&shell);
}
