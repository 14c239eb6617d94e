/* Why no port is known: causes that only the kernel knows of, each from a real one. */
#include "tests/support/suite.h"
#include "tests/system/support/launcher.h"
#include "tests/system/support/notify.h"

/* An engine that lives until it is seen, and then a second. */
#define SEEN " listen=127.0.0.1 pause=1500 exit=4"

static void assert_has(const char *text, const char *part)
{
    ck_assert_msg(strstr(text, part) != NULL, "'%s' is not in: %s", part, text);
}

static void assert_has_not(const char *text, const char *part)
{
    ck_assert_msg(strstr(text, part) == NULL, "'%s' is in: %s", part, text);
}

/* $E is the engine. */
static const struct {
    const char *command, *says[3];
} losses[] = {
    {"sh -c 'export LD_PRELOAD=libm.so.6; $E; exit $?'",
     {"not loaded: launcher-engine[", "without the library in LD_PRELOAD", "listens on port"}},
    {"sh -c 'sleep 0.2; unset LD_PRELOAD; $E & wait $!'",
     {"not loaded: launcher-engine[", "sudo"}},
    {"sh -c 'env -i $E; exit $?'", {"not loaded: launcher-engine[", "env -i"}},
    {"sh -c 'LD_PRELOAD=/none/libimdshim.so exec $E'",
     {"not loaded: launcher-engine[", "although LD_PRELOAD names it"}},
    {"sh -c 'unset IMDSHIM_FIFO OMPI_IMDSHIM_FIFO; exec $E'",
     {"no reports: launcher-engine[", "IMDSHIM_*", "start imdshim"}},
    {"$DOUBLES/engine tcp bind=0.0.0.0/0 raw-listen pause=4000 exit=4",
     {"no reports: engine[", "listens on port ", "RTLD_DEEPBIND"}},
    {"$DOUBLES/engine tcp bind=0.0.0.0/0 no-more listen pause=4000 exit=4",
     {"no reports: engine[", "listens on port ", "no free descriptor"}},
    {"sh -c '$IMDSHIM run -q -- $E; exit $?'",
     {"no reports: launcher-engine[", "reports to another imdshim", "leave one"}},
    {"$IMDSHIM exec --fd 1 -- $E >/dev/null", {"no reports: ", "another imdshim", "leave one"}},
    {"sh -c '$IMDSHIM exec --fd 1 -- $DOUBLES/engine exit=4'",
     {"no reports: imdshim[", "below this one", "leave one"}},
    {"sh -c 'rm $IMDSHIM_FIFO; $E; exit $?'", {"no reports: the FIFO", "has been removed"}},
    {"sh -c 'rm $IMDSHIM_FIFO; mkfifo $IMDSHIM_FIFO; $E; s=$?; rm $IMDSHIM_FIFO; exit $s'",
     {"no reports: the FIFO", "has been removed", "TMPDIR"}},
};

static bool works(const char *command)
{
    return system(command) == 0;
}

static bool has_bubblewrap(void)
{
    return works("bwrap --dev-bind / / true 2>/dev/null") ||
           suite_skip("launcher: containers", "bwrap (bubblewrap) does not work here");
}

static bool has_bubblewrap_and_notification(void)
{
    return has_bubblewrap() && notify_can_be_had();
}

static bool has_mpi(void)
{
    return works("{ mpirun --version && mpiexec.mpich --version; } >/dev/null 2>&1") ||
           suite_skip("launcher: evidence of MPI", "there is no mpirun, or no mpiexec.mpich");
}

TEST_OPTIONS(IN_SANDBOX);

LOOP_TEST(a_lost_library_or_fifo_is_told_and_never_called_a_switch, COUNT(losses))
{
    struct shell shell;

    shell_run(&shell, "export E=\"$DOUBLES/launcher-engine" SEEN "\"; exec $IMDSHIM run -- %s",
              losses[_i].command);
    ck_assert_int_eq(shell_status(&shell), 4);
    ck_assert_int_eq(shell_count_lines(shell.err, "imdshim: "), 1);
    for (int i = 0; i < 3 && losses[_i].says[i] != NULL; i++)
        assert_has(shell.err, losses[_i].says[i]);
    assert_has_not(shell.err, "is IMD switched on");
}

static bool is_root(void)
{
    return geteuid() == 0 || suite_skip("launcher: an engine of another user", "needs root");
}

/* The FIFO is the user's alone. The library is not: it is where another user gets to. */
TEST(an_engine_that_becomes_another_user_is_told, .needs = is_root)
{
    struct shell shell;

    shell_run(&shell, AS_NOBODY "exec $IMDSHIM run -- setpriv --reuid=65534 --regid=65534"
                                " --clear-groups tree/engine" SEEN);
    ck_assert_int_eq(shell_status(&shell), 4);
    assert_one_line(shell.err, "imdshim: no reports: engine[");
    assert_has(shell.err, "runs as user 65534, who may not write to the FIFO");
}

/* An upgrade, while a script has not come to the engine yet. */
TEST(a_library_that_was_removed_meanwhile_is_told)
{
    struct shell shell;

    shell_run(&shell, TREE "tree mine; exec $with $PWD/mine/bin/imdshim run -- "
                           "sh -c 'rm -r mine/lib; " ENGINE SEEN "; exit $?'");
    ck_assert_int_eq(shell_status(&shell), 4);
    ck_assert_int_eq(shell_count_lines(shell.err, "imdshim: not loaded: the library"), 1);
    assert_has(shell.err, "/mine/lib/imdshim/libimdshim.so has been removed");
    assert_has_not(shell.err, "container");
}

/* As a script does that starts it by '&', and a program that becomes a daemon. */
static const char *const backgrounds[] = {
    "sh -c '$DOUBLES/launcher-engine until=stop &'",
    "sh -c '(setsid $DOUBLES/launcher-engine until=stop & )'",
};

LOOP_TEST(an_engine_that_is_left_in_the_background_is_told, COUNT(backgrounds))
{
    struct shell shell;

    shell_run(&shell, "$IMDSHIM run -- %s; s=$?; touch stop; exit $s", backgrounds[_i]);
    ck_assert_int_eq(shell_status(&shell), 0);
    assert_one_line(shell.err, "imdshim: engine ended first: process ");
    assert_has(shell.err, "that it started runs on");
    assert_has_not(shell.err, "is IMD switched on");
}

/* At each moment of its start: fork(2), execve(2), the loader. The engine waits for "stop". */
TEST(an_engine_in_the_background_is_told_however_far_its_start_is)
{
    struct shell shell;

    shell_run(&shell, "for i in $(seq 40); do"
                      " $IMDSHIM run -- sh -c '$DOUBLES/launcher-engine until=stop &';"
                      " done; touch stop");
    ck_assert_int_eq(shell_count_lines(shell.err, "imdshim: engine ended first: process "), 40);
}

static bool has_pid_namespaces(void)
{
    return system("unshare --pid --fork sh -c 'echo 9 >/proc/sys/kernel/ns_last_pid' "
                  "2>/dev/null") == 0 ||
           suite_skip("an engine in the background of a PID namespace", "none can be had");
}

/*
 * As after unshare(1) without --mount-proc: processes have other numbers in /proc than here. The
 * engine's is one that /proc does not have.
 */
TEST(it_is_told_where_proc_is_of_another_pid_namespace, .needs = has_pid_namespaces)
{
    struct shell shell;

    shell_run(&shell, NO_LEAK_CHECK
              "echo \"$DOUBLES/launcher-engine until=stop &\" >background; "
              "unshare --pid --fork sh -c 'n=20000;"
              " while [ -e /proc/$((n + 1)) ]; do n=$((n + 1)); done;"
              " echo $n >/proc/sys/kernel/ns_last_pid; exec $IMDSHIM run -- sh background'");
    assert_has(shell.err, "that it started runs on");
}

/* Its first process outlives the one that has started it by a moment. */
TEST(a_container_that_is_being_ended_is_not_the_background, .needs = has_bubblewrap)
{
    struct shell shell;

    shell_run(&shell, "for i in 1 2 3 4 5; do $IMDSHIM run -- bwrap --dev-bind / / "
                      "--unshare-pid sh -c ':'; done");
    assert_has_not(shell.err, "runs on");
}

TEST(an_engine_that_is_stopped_is_told)
{
    struct shell shell;

    shell_run(&shell, "exec $IMDSHIM run -t 1 -- sh -c 'kill -STOP $$'");
    ck_assert_int_eq(shell_status(&shell), 124);
    assert_one_line(shell.err, "imdshim: timed out: ");
    assert_has(shell.err, "is stopped");
    assert_has(shell.err, "kill -CONT");
}

TEST(a_time_that_is_up_names_the_cause_too)
{
    struct shell shell;

    shell_run(&shell, "exec $IMDSHIM run -t 1 -- sh -c 'env -i " ENGINE
                      " listen=127.0.0.1 pause=9000; exit 0'");
    ck_assert_int_eq(shell_status(&shell), 124);
    ck_assert_int_eq(shell_count_lines(shell.err, "imdshim: timed out: "), 1);
    assert_has(shell.err, "ending the engine: not loaded: launcher-engine[");
}

/* After three seconds, and not once more at the end. */
LOOP_TEST(while_a_client_waits_trouble_is_told_before_the_end, 2)
{
    static const char *const options[] = {"-c true", "-p 8888 -c 'exec sleep 6'"};
    struct shell shell;

    shell_start(&shell,
                "exec $IMDSHIM run %s -- sh -c 'env -i " ENGINE " listen=127.0.0.1 until=stop'",
                options[_i]);
    ck_assert(shell_wait_for_err(&shell, "not loaded: launcher-engine["));
    ck_assert(!shell.ended);
    make_file("stop");
    shell_finish(&shell);
    ck_assert_int_eq(shell_count_lines(shell.err, "not loaded: "), 1);
}

TEST(an_engine_that_only_takes_its_time_is_not_complained_of)
{
    struct shell shell;

    shell_run(&shell, "exec $IMDSHIM run -c true -- sh -c '" ENGINE
                      " pause=4000 listen=127.0.0.1 wait pause=100; exit 4'");
    ck_assert_int_eq(shell_status(&shell), 4);
    assert_one_line(shell.err, "imdshim: launcher-engine[");
}

/* prctl(2) PR_SET_NAME, and what the shell does for "exec -a" and a script's name. */
static const char *const renamed[] = {
    "$DOUBLES/engine 'name=worker: idle'",
    "$DOUBLES/engine name=env pause=500",
    "perl -e '$0 = \"segment 17\"'",
};

LOOP_TEST(a_program_that_names_itself_has_not_become_another, COUNT(renamed))
{
    struct shell shell;

    shell_run(&shell, "exec $IMDSHIM run -- %s", renamed[_i]);
    ck_assert_int_eq(shell_status(&shell), 0);
    assert_one_line(shell.err, "imdshim: engine ended first: ");
    assert_has_not(shell.err, "not loaded");
}

/* Static: no library, and it is the one that listens. */
TEST(a_static_engine_below_a_script_is_told)
{
    struct shell shell;

    shell_run(&shell, "${CC:-cc} -w -D_GNU_SOURCE -I$SOURCE -static -o static "
                      "$SOURCE/tests/doubles/engine.c $SOURCE/tests/doubles/support/*.c");
    ck_assert_int_eq(shell_status(&shell), 0);
    shell_run(&shell, "exec $IMDSHIM run -- sh -c './static" SEEN "; exit $?'");
    ck_assert_int_eq(shell_status(&shell), 4);
    assert_has(shell.err, "not loaded: static[");
    assert_has(shell.err, "is statically linked");
    assert_has(shell.err, "; it listens on port ");
}

/* Beside an engine in order, another program without the library is no cause by itself. */
TEST(a_helper_without_the_library_is_not_taken_for_the_cause)
{
    struct shell shell;

    shell_run(&shell, "exec $IMDSHIM run -- sh -c 'env -i sleep 4 & " ENGINE
                      " pause=1000; wait; exit 0'");
    ck_assert_int_eq(shell_status(&shell), 0);
    assert_one_line(shell.err, "imdshim: engine ended first: ");
    assert_has(shell.err, "sleep[");
    assert_has(shell.err, "if that is the engine");
}

/* As the library reports it. */
#define REFUSED(error)                                                                         \
    "sh -c 'echo \"0 refused host=h addr=0.0.0.0 asked=8888 pid=$$ fd=3 error=" #error         \
    " exe=lmp object=liblammps.so.0\" >$IMDSHIM_FIFO; exit 1'"

TEST(a_port_that_the_engine_did_not_get_is_named_with_what_to_do)
{
    struct shell shell;

    shell_run(&shell, "exec $IMDSHIM run -- " REFUSED(98));
    ck_assert_int_eq(shell_status(&shell), 1);
    assert_one_line(shell.err, "imdshim: cannot listen: lmp[");
    assert_has(shell.err, "port 8888, which is in use");
    assert_has(shell.err, "--port 8888");
    assert_has(shell.err, "status 1");
    shell_run(&shell, "exec $IMDSHIM run -- " REFUSED(13));
    assert_has(shell.err, "cannot listen: lmp[");
    assert_has(shell.err, "above 1023");
}

TEST(an_address_that_the_host_does_not_have_is_named_though_any_port_was_asked_for)
{
    struct shell shell;

    shell_run(&shell, "exec $IMDSHIM run -- $DOUBLES/engine tcp bind=203.0.113.9/0 exit=4");
    ck_assert_int_eq(shell_status(&shell), 4);
    ck_assert_int_eq(shell_count_lines(shell.err, "imdshim: "), 1);
    assert_has(shell.err, "cannot listen: engine[");
    assert_has(shell.err, "an address that this host does not have");
}

static const struct {
    const char *command, *says[3];
} mpis[] = {
    {"mpirun -np 1 nosuch", {"ended with status", "see what it printed", "nothing matched"}},
    {"mpirun -np 1 false", {"false[", "ended with status 1", "see what was printed"}},
    {"mpiexec.mpich -n 1 false", {"false[", "ended with status 1", "see what was printed"}},
    {"mpiexec.mpich -n 1 sh -c 'env -i sleep 4'", {"not loaded: sleep["}},
    {"mpirun -np 1 true", {"true[", "opened no port"}},
};

LOOP_TEST(the_listeners_of_mpi_are_no_reason_to_ask_for_a_switch, COUNT(mpis), .needs = has_mpi)
{
    static const char allow[] = "export OMPI_ALLOW_RUN_AS_ROOT=1 "
                                "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1;";
    struct shell shell;

    shell_run(&shell, "%sexec $IMDSHIM run -- %s", allow, mpis[_i].command);
    for (int i = 0; i < 3 && mpis[_i].says[i] != NULL; i++)
        assert_has(shell.err, mpis[_i].says[i]);
    ck_assert_int_eq(shell_count_lines(shell.err, "imdshim: "), 1);
    assert_has_not(shell.err, "is IMD switched on");
}

/* A container that a script starts gets nothing from us. */
#define UNAIDED "sh -c 'exec \"$@\"' sh "

/* What bubblewrap sees: all, but a /tmp of its own, or nothing but what the engine needs. */
#define PRIVATE_TMP                                                                            \
    "bwrap --dev-bind / / --tmpfs $TMPDIR --bind $PWD/own $PWD/own "                           \
    "sh -c 'cd own; exec \"$@\"' sh "
#define FOREIGN_ROOT                                                                           \
    "mkdir -p r/bin r/dev r/proc own; cp $DOUBLES/launcher-engine r/bin;"                      \
    "for f in $(ldd r/bin/launcher-engine | grep -o '/[^ ]*'); do mkdir -p r${f%/*};"          \
    "cp -L $f r$f; done; L=${LIBIMDSHIM%/*};"
#define IN_FOREIGN_ROOT "bwrap --bind $PWD/r / --dev /dev --proc /proc "
#define ENGINE_THERE "/bin/launcher-engine listen=127.0.0.1 pause=1500 exit=4"

#define NOTIFY "or use --backend notify"

static const struct {
    const char *before, *command, *says[4];
} containers[] = {
    {"mkdir own;",
     PRIVATE_TMP ENGINE " listen=127.0.0.1 pause=1500 exit=4",
     {"no reports: launcher-engine[", "is not visible to it", "private /tmp", NOTIFY}},
    {FOREIGN_ROOT,
     IN_FOREIGN_ROOT ENGINE_THERE,
     {"not loaded: the library ", "is not visible to launcher-engine[", "container", NOTIFY}},
    {FOREIGN_ROOT,
     IN_FOREIGN_ROOT "--bind $L $L " ENGINE_THERE,
     {"no reports: launcher-engine[", "is not visible to it", "container", NOTIFY}},
};

LOOP_TEST(what_is_not_visible_in_a_container_is_told, COUNT(containers),
          .needs = has_bubblewrap)
{
    struct shell shell;

    shell_run(&shell, "%sexec $IMDSHIM run -- " UNAIDED "%s", containers[_i].before,
              containers[_i].command);
    ck_assert_msg(shell_status(&shell) == 4, "%s", shell.err);
    for (int i = 0; i < COUNT(containers[_i].says); i++)
        assert_has(shell.err, containers[_i].says[i]);
    assert_has_not(shell.err, "is IMD switched on");
}

LOOP_TEST(what_is_not_visible_in_a_container_is_told_by_notification, COUNT(containers),
          .needs = has_bubblewrap_and_notification)
{
    struct shell shell;

    shell_run(&shell, "%sexec $IMDSHIM run --backend notify -- " UNAIDED "%s",
              containers[_i].before, containers[_i].command);
    ck_assert_msg(shell_status(&shell) == 4, "%s", shell.err);
    assert_has(shell.err, " listens on 127.0.0.1:");
}

TEST(a_container_that_sees_library_and_fifo_needs_no_word, .needs = has_bubblewrap)
{
    struct shell shell;

    shell_run(&shell, "%s",
              FOREIGN_ROOT "exec $IMDSHIM run -- " UNAIDED IN_FOREIGN_ROOT
                           "--bind $L $L --bind $TMPDIR $TMPDIR " ENGINE_THERE);
    ck_assert_msg(shell_status(&shell) == 4, "%s", shell.err);
    ck_assert_int_eq(shell_count_lines(shell.err, "imdshim: launcher-engine["), 1);
}

/* With --port: a client of which the gate sees nothing. */
static const struct {
    const char *client, *says, *says_not;
} clients[] = {
    {"exit 3", "failed with status 3, before it connected", "static"},
    {"env -i sleep 5", "sleep[", "failed"},
};

LOOP_TEST(of_a_client_that_does_not_connect_only_what_is_known_is_said, COUNT(clients))
{
    struct shell shell;

    shell_run(&shell,
              "exec $IMDSHIM run -p 8888 -c '%s' -- $DOUBLES/gate-engine 0.0.0.0 8888"
              " pause=3500 listen pause=100 exit=4",
              clients[_i].client);
    assert_has(shell.err, clients[_i].says);
    assert_has_not(shell.err, clients[_i].says_not);
}
