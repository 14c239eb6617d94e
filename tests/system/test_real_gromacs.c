/*
 * GROMACS under imdshim, against GROMACS alone.
 *
 * GROMACS sends a frame a step and waits for its client (-imdwait) or does not (-imdterm), so
 * that a run of 500 steps has 501 frames, or can be compared with a run without a client.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/support/engines.h"
#include "tests/support/sandbox.h"
#include "tests/support/shell.h"
#include "tests/support/suite.h"
#include "tests/support/terminal.h"

#define MDRUN "gmx -quiet mdrun -s argon.tpr -deffnm seg -nt 1 "
#define WAITING MDRUN "-imdwait -imdport 0 "
#define NOT_WAITING MDRUN "-imdterm -imdport 0 -reprod "
#define ENDLESS WAITING "-nsteps -1 "
#define WATCH "$IMDSHIM watch $IMD_URL"
#define FRAMES "501 frames of 216 atoms"

#define FIRST_SIGNAL(name) "Received the " name " signal, stopping within"

enum { STOPPED_BY_SIGNAL = 1 }; /* the status that GROMACS itself returns then */

static struct shell shell;

static void enter(void)
{
    sandbox_enter();
    engines_prepare_argon();
}

/* GROMACS has taken one signal, and has ended as it does then. */
static void assert_ended_with_checkpoint(const char *name)
{
    char received[64];

    snprintf(received, sizeof received, "Received the %s signal", name);
    ck_assert_msg(shell_count_lines(shell.err, received) == 1, "%s", shell.err);
    ck_assert_int_eq(shell_count_lines(shell.err, "stopping within"), 1);
    ck_assert_int_eq(access("seg.cpt", F_OK), 0);
}

TEST_OPTIONS(.setup = enter, .teardown = sandbox_leave, .timeout = 120,
             .needs = engines_have_gromacs);

TEST(the_port_told_is_the_one_in_gromacs_own_log)
{
    unsigned port;
    char url[64];

    shell_run(&shell, "$IMDSHIM run -o port --client 'echo $IMD_URL; " WATCH "' -- " WAITING);
    ck_assert_msg(shell_status(&shell) == 0, "%s", shell.err);
    port = engines_port_in_log("seg.log");
    ck_assert_uint_ne(port, 0);
    ck_assert_uint_eq(engines_port_told(&shell), port);
    ck_assert_uint_eq(engines_port_in_text(shell.err), port);
    ck_assert_int_eq(shell_count_lines(shell.err, "(asked for 0)"), 1);
    snprintf(url, sizeof url, "imd://127.0.0.1:%u\n", port);
    ck_assert_ptr_nonnull(strstr(shell.out, url));
    snprintf(url, sizeof url, ":%u\n", port);
    ck_assert_ptr_nonnull(strstr(engines_read("port"), url));
}

TEST(all_frames_arrive_at_the_client)
{
    shell_run(&shell, "$IMDSHIM run -q --client '" WATCH "' -- " WAITING);
    ck_assert_int_eq(shell_status(&shell), 0);
    ck_assert_ptr_eq(strstr(shell.out, FRAMES), shell.out);
    ck_assert_int_eq(shell_count_lines(shell.out, "frames"), 1);
}

TEST(exec_tells_the_port_on_a_descriptor)
{
    char line[64];
    unsigned port;

    shell_run(&shell, "exec 9>events; exec $IMDSHIM exec --fd 9 -- " NOT_WAITING);
    ck_assert_int_eq(shell_status(&shell), 0);
    ck_assert_str_eq(shell.out, "");
    port = engines_port_in_log("seg.log");
    snprintf(line, sizeof line, "%u listening host=", port);
    ck_assert_ptr_eq(strstr(engines_read("events"), line), engines_read("events"));
    ck_assert_ptr_nonnull(strstr(engines_read("events"), " addr=0.0.0.0 asked=0 "));
    ck_assert_ptr_nonnull(strstr(engines_read("events"), " exe=gmx object=libgromacs.so."));
    snprintf(line, sizeof line, "\n%u ready pid=", port);
    ck_assert_ptr_nonnull(strstr(engines_read("events"), line));
    ck_assert_int_eq(shell_count_lines(engines_read("events"), " pid="), 2);
}

TEST(a_run_that_never_listens_is_an_ordinary_run)
{
    shell_run(&shell, "$IMDSHIM run -- " MDRUN);
    ck_assert_int_eq(shell_status(&shell), 0);
    ck_assert_ptr_nonnull(strstr(shell.err, "imdshim: engine ended first: gmx["));
    ck_assert_int_eq(shell_count_lines(shell.err, "imdshim: "), 1);
}

TEST(a_run_that_never_listens_is_125_for_who_asked_for_a_client)
{
    shell_run(&shell, "$IMDSHIM run --client 'echo started' -- " MDRUN);
    ck_assert_int_eq(shell_status(&shell), 125);
    ck_assert_str_eq(shell.out, "");
    ck_assert_ptr_nonnull(strstr(shell.err, "imdshim: engine ended first: gmx["));
    ck_assert_int_eq(shell_count_lines(shell.err, "imdshim: "), 1);
}

TEST(a_client_that_fails_ends_gromacs_with_a_checkpoint)
{
    shell_run(&shell, "$IMDSHIM run --client 'exit 7' -- " ENDLESS);
    ck_assert_int_eq(shell_status(&shell), 7);
    ck_assert_ptr_nonnull(strstr(shell.err, "the client failed with status 7"));
    assert_ended_with_checkpoint("TERM");
}

TEST(stop_with_client_ends_gromacs_and_is_a_success)
{
    shell_run(&shell, "$IMDSHIM run --stop-with-client --client 'timeout 3 " WATCH
                      " >frames; exit 0' -- " ENDLESS);
    ck_assert_msg(shell_status(&shell) == 0, "%s", shell.err);
    ck_assert_ptr_nonnull(strstr(engines_read("frames"), " of 216 atoms"));
    assert_ended_with_checkpoint("TERM");
}

TEST(one_ctrl_c_is_one_signal_to_gromacs)
{
    static struct terminal terminal;

    terminal_start(&terminal, "exec $IMDSHIM run --client '" WATCH " >frames' -- " ENDLESS);
    ck_assert_msg(terminal_wait_for(&terminal, "starting mdrun"), "%s", terminal.screen);
    terminal_type(&terminal, "\003");
    ck_assert_msg(terminal_wait_for(&terminal, FIRST_SIGNAL("INT")), "%s", terminal.screen);
    terminal_finish(&terminal);
    ck_assert_msg(strstr(terminal.screen, "Received the") == NULL, "%s", terminal.screen);
    ck_assert_int_eq(terminal.wait_status, W_EXITCODE(STOPPED_BY_SIGNAL, 0));
    ck_assert_int_eq(access("seg.cpt", F_OK), 0);
}

TEST(a_signal_to_imdshim_alone_reaches_gromacs_once)
{
    shell_start(&shell, "exec $IMDSHIM run -v -- " ENDLESS);
    ck_assert_msg(shell_wait_for_err(&shell, "waits for a client"), "%s", shell.err);
    kill(shell.pid, SIGTERM);
    shell_finish(&shell);
    ck_assert_int_eq(shell_status(&shell), STOPPED_BY_SIGNAL);
    assert_ended_with_checkpoint("TERM");
}

/* The sandbox finds the engine if it stays; the next run removes the FIFO. */
TEST(no_engine_waits_for_ever_when_imdshim_was_killed)
{
    shell_start(&shell, "exec $IMDSHIM run -v -- " WAITING);
    ck_assert_msg(shell_wait_for_err(&shell, "waits for a client"), "%s", shell.err);
    kill(shell.pid, SIGKILL);
    shell_finish(&shell);
    ck_assert_int_eq(shell_status(&shell), 128 + SIGKILL);
    shell_run(&shell, "$IMDSHIM run -q -- true");
    ck_assert_int_eq(shell_status(&shell), 0);
}

/*
 * Of what GROMACS writes, dates, times, its advice on them, the process's number and the port
 * differ from run to run; its checkpoint has some of them inside. All else is compared byte for
 * byte.
 */
#define IN_A_PLACE_OF_ITS_OWN                                                                  \
    "inside() { mkdir run; cp argon.tpr run; cd run; place=$1; shift;"                         \
    " \"$@\" 9>../events >out 2>err; echo $? >rc; cd ..; mv run $place; };"
#define COMPARABLE                                                                             \
    "comparable() { (cd $1; rm seg.cpt; sed -i -e '/^Process ID/d' -e '/^Log file opened/d'"   \
    " -e '/^Started mdrun/d' -e '/^Finished mdrun/d' -e 's/on port [0-9]*/on port N/'"         \
    " -e '/^Writing checkpoint/d' -e '/^# This file was created/d'"                            \
    " -e '/part of G R O M A C S/,/^@/d' -e '/Core t/,/^Performance/d'"                        \
    " -e '/R E A L   C Y C L E/,/^ Total/d' -e '/^NOTE: .* %% of the run time/,/^$/d'"         \
    " seg.log seg.xvg err); };"

static const char *const silent_prefixes[] = {"run -q --", "exec -q --fd 9 --"};
static const int silent_prefix_count = 2;

LOOP_TEST(nothing_that_gromacs_writes_is_changed, silent_prefix_count)
{
    shell_run(&shell,
              IN_A_PLACE_OF_ITS_OWN COMPARABLE
              "inside plain " NOT_WAITING "; inside under $IMDSHIM %s " NOT_WAITING ";"
              "comparable plain && comparable under && diff -r plain under && cat under/rc &&"
              "grep -q 'on port N' plain/err && test -s plain/seg.trr && ls plain",
              silent_prefixes[_i]);
    ck_assert_str_eq(shell.out, "0\nargon.tpr\nerr\nout\nrc\nseg.edr\nseg.gro\nseg.log\n"
                                "seg.trr\nseg.xvg\n");
    ck_assert_str_eq(shell.err, "");
}

LOOP_TEST(a_run_that_fails_fails_as_without_imdshim, silent_prefix_count)
{
    shell_run(
        &shell,
        IN_A_PLACE_OF_ITS_OWN
        "inside plain gmx -quiet mdrun -s no.tpr -imdwait; inside under $IMDSHIM %s gmx -quiet"
        " mdrun -s no.tpr -imdwait; diff -r plain under && cat under/rc &&"
        "grep -q 'no.tpr. does not exist' plain/err && cat events && ls plain",
        silent_prefixes[_i]);
    ck_assert_str_eq(shell.out, "1\nargon.tpr\nerr\nout\nrc\n");
    ck_assert_str_eq(shell.err, "");
}

/* The runs have 100, 200 ... 800 steps: a client's frames tell whose they are. */
TEST(of_eight_runs_at_once_each_client_gets_its_own)
{
    char text[64], path[64];
    unsigned ports[9] = {0};

    shell_run(&shell, "for i in 1 2 3 4 5 6 7 8; do mkdir $i; (cd $i; cp ../argon.tpr .; "
                      "$IMDSHIM run -q -o port --client '" WATCH " >frames' -- " WAITING
                      " -nsteps ${i}00 2>err || echo $i failed) & done; wait");
    ck_assert_str_eq(shell.out, "");
    for (unsigned i = 1; i <= 8; i++) {
        snprintf(path, sizeof path, "%u/frames", i);
        snprintf(text, sizeof text, "%u01 frames of 216 atoms", i);
        ck_assert_ptr_eq(strstr(engines_read(path), text), engines_read(path));
        snprintf(path, sizeof path, "%u/seg.log", i);
        ports[i] = engines_port_in_log(path);
        for (unsigned other = 0; other < i; other++)
            ck_assert_uint_ne(ports[other], ports[i]);
        snprintf(path, sizeof path, "%u/port", i);
        snprintf(text, sizeof text, ":%u\n", ports[i]);
        ck_assert_ptr_nonnull(strstr(engines_read(path), text));
    }
}
