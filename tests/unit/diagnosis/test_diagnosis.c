/* From what was seen to one sentence: every row of the table, and what comes first. */
#include "launcher/diagnosis/diagnosis.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "launcher/diagnosis/evidence.h"
#include "tests/support/suite.h"

enum { ENGINE = 100, CHILD = 200, SUSPECT = 300 };

#define EXITED(status) ((status) << 8)

static struct reports reports;
static struct evidence evidence;
static const char *const command[] = {"gmx", "mdrun", "-o", "worker", NULL};
static const char *const prefixed[] = {"env", "-i", "a-program-with-a-long-name", NULL};
static char text[4096];

/* An engine that had the library, has ended well and opened no port. */
static void begin(void)
{
    static const struct options options = {.port = 0};

    reports_begin(&reports, ENGINE, &options);
    reports.engine_image = (struct image){.pid = ENGINE, .exe = "gmx", .comm = "gmx"};
    reports.program = reports.engine_image;
    evidence = (struct evidence){.reports = &reports,
                                 .library = "/opt/libimdshim.so",
                                 .fifo = "/tmp/imdshim-7/node.1.2",
                                 .command = command,
                                 .ended = true,
                                 .comm = "gmx"};
}

static enum cause explain(void)
{
    enum cause cause = diagnosis_explain(&evidence, text, sizeof text);

    ck_assert_ptr_null(strpbrk(text, "\n{}"));
    return cause;
}

static void assert_said(const char *part)
{
    ck_assert_msg(strstr(text, part) != NULL, "'%s' is not in: %s", part, text);
}

static void assert_not_said(const char *part)
{
    ck_assert_msg(strstr(text, part) == NULL, "'%s' is in: %s", part, text);
}

/* A process with the library, which can report, until a test says otherwise. */
static struct proc_facts *suspect(void)
{
    evidence.suspect = (struct proc_facts){
        .pid = SUSPECT,
        .exe = "srv",
        .uid = 1001,
        .closed = NO,
        .secure = NO,
        .has_library = YES,
        .preloads = YES,
        .has_channel = YES,
        .by_tcp = NO,
        .sees_library = YES,
        .sees_fifo = YES,
        .verdict = PREFLIGHT_FINE,
        .detail = "detail",
    };
    return &evidence.suspect;
}

static void judge(void)
{
    evidence.has_suspect = true;
}

/* ---- one process ---- */

static const struct {
    enum cause cause;
    struct proc_facts facts;
} processes[] = {
    {CAUSE_NONE, {.has_library = YES}},
    {CAUSE_NONE, {.has_library = YES, .has_channel = YES, .sees_fifo = YES}},
    {CAUSE_NOT_KNOWN, {.has_library = NOT_KNOWN}},
    {CAUSE_NOT_KNOWN, {.has_library = NOT_KNOWN, .preloads = NO, .sees_library = NO}},
    {CAUSE_CLOSED, {.closed = YES}},
    {CAUSE_STATIC, {.has_library = NO, .verdict = PREFLIGHT_STATIC, .preloads = NO}},
    {CAUSE_OTHER_LIBC, {.has_library = NO, .verdict = PREFLIGHT_OTHER_LIBC}},
    {CAUSE_OTHER_MACHINE, {.has_library = NO, .verdict = PREFLIGHT_OTHER_MACHINE}},
    {CAUSE_SECURE, {.has_library = NO, .secure = YES, .preloads = YES}},
    {CAUSE_PRELOAD_LOST, {.has_library = NO, .preloads = NO, .sees_library = NO}},
    {CAUSE_LIBRARY_GONE, {.has_library = NO, .sees_library = NO, .library_gone = true}},
    {CAUSE_LIBRARY_HIDDEN, {.has_library = NO, .preloads = YES, .sees_library = NO}},
    {CAUSE_NO_LIBRARY, {.has_library = NO, .preloads = YES, .sees_library = YES}},
    {CAUSE_NO_LIBRARY, {.has_library = NO}},
    {CAUSE_VARIABLES_LOST, {.has_library = YES, .has_channel = NO, .sees_fifo = NO}},
    {CAUSE_FIFO_HIDDEN, {.has_library = YES, .has_channel = YES, .sees_fifo = NO}},
    {CAUSE_NONE, {.has_library = YES, .has_channel = YES, .by_tcp = YES, .sees_fifo = NO}},
    {CAUSE_NESTED, {.has_library = YES, .has_channel = YES, .elsewhere = YES}},
    {CAUSE_OTHER_USER, {.has_library = YES, .sees_fifo = YES, .may_report = NO}},
    {CAUSE_NONE, {.has_library = YES, .by_tcp = YES, .may_report = NO}},
    {CAUSE_STOPPED, {.has_library = YES, .may_report = YES, .stopped = true}},
    {CAUSE_PORT_UNSEEN, {.has_library = YES, .port_count = 1, .ports = {8888}}},
    {CAUSE_NONE, {.has_library = YES, .port_count = 1, .ports = {1024}}},
    {CAUSE_PORT_UNSEEN, {.has_library = YES, .port_count = 2, .ports = {1024, 8888}}},
};

TEST_OPTIONS(.setup = begin);

LOOP_TEST(one_process_is_judged_by_what_was_seen_of_it, COUNT(processes))
{
    reports.ports[0] = 1024;
    reports.port_count = 1;
    ck_assert_int_eq(suspect_cause(&processes[_i].facts, &reports), processes[_i].cause);
}

/* ---- every row about one process ---- */

static const struct {
    struct proc_facts facts;
    enum cause cause;
    const char *heading, *said[3];
} suspects[] = {
    {{.has_library = NO, .verdict = PREFLIGHT_STATIC},
     CAUSE_STATIC,
     "not loaded: ",
     {"srv[300] is statically linked", "dynamically linked build"}},
    {{.has_library = NO, .verdict = PREFLIGHT_OTHER_LIBC, .detail = "/system/bin/linker64"},
     CAUSE_OTHER_LIBC,
     "not loaded: ",
     {"srv[300]", "(/system/bin/linker64)", "use a build"}},
    {{.has_library = NO, .verdict = PREFLIGHT_OTHER_MACHINE, .detail = "i386"},
     CAUSE_OTHER_MACHINE,
     "not loaded: ",
     {"(i386)", "imdshim built for it"}},
    {{.has_library = NO, .secure = YES},
     CAUSE_SECURE,
     "not loaded: ",
     {"set-user-ID", "ld.so ignores LD_PRELOAD", "a copy without"}},
    {{.has_library = NO, .preloads = NO},
     CAUSE_PRELOAD_LOST,
     "not loaded: ",
     {"srv[300] was started without the library in LD_PRELOAD", "env -i", "start imdshim"}},
    {{.has_library = NO, .preloads = YES, .sees_library = NO},
     CAUSE_LIBRARY_HIDDEN,
     "not loaded: ",
     {"/opt/libimdshim.so is not visible to srv[300]", "/tmp/imdshim-7 into the container",
      "--backend notify"}},
    {{.has_library = NO, .preloads = YES, .sees_library = YES},
     CAUSE_NO_LIBRARY,
     "not loaded: ",
     {"although LD_PRELOAD names it", "what ld.so printed", "imdshim check"}},
    {{.has_library = YES, .has_channel = NO},
     CAUSE_VARIABLES_LOST,
     "no reports: ",
     {"srv[300] has the library", "IMDSHIM_*", "start imdshim"}},
    {{.has_library = YES, .has_channel = YES, .sees_fifo = NO},
     CAUSE_FIFO_HIDDEN,
     "no reports: ",
     {"the FIFO /tmp/imdshim-7/node.1.2 is not visible", "private /tmp", "set TMPDIR"}},
    {{.has_library = YES, .port_count = 1, .ports = {8888}},
     CAUSE_PORT_UNSEEN,
     "no reports: ",
     {"listens on port 8888", "RTLD_DEEPBIND", "no free descriptor"}},
    {{.closed = YES, .uid = 1001},
     CAUSE_CLOSED,
     "no reports: ",
     {"srv[300], of user 1001, cannot be looked at", "sudo", "start imdshim"}},
    {{.has_library = YES, .has_channel = YES, .elsewhere = YES},
     CAUSE_NESTED,
     "no reports: ",
     {"srv[300] reports to another imdshim", "leave one of the two out"}},
    {{.has_library = YES, .may_report = NO, .uid = 1001, .port_count = 1, .ports = {8888}},
     CAUSE_OTHER_USER,
     "no reports: ",
     {"user 1001, who may not write", "/tmp/imdshim-7/node.1.2", "as that user"}},
    {{.has_library = NO, .preloads = YES, .sees_library = NO, .library_gone = true},
     CAUSE_LIBRARY_GONE,
     "not loaded: ",
     {"/opt/libimdshim.so has been removed", "srv[300] was started without it"}},
    {{.has_library = YES, .stopped = true},
     CAUSE_STOPPED,
     "srv[300] is stopped",
     {"SIGTTIN", "kill -CONT"}},
};

static void see_suspect(int i)
{
    evidence.suspect = suspects[i].facts;
    evidence.suspect.pid = SUSPECT;
    strcpy(evidence.suspect.exe, "srv");
    judge();
}

LOOP_TEST(each_fault_of_a_process_has_its_sentence, COUNT(suspects))
{
    see_suspect(_i);
    ck_assert_int_eq(explain(), suspects[_i].cause);
    ck_assert_ptr_eq(strstr(text, suspects[_i].heading), text);
    for (int i = 0; i < 3 && suspects[_i].said[i] != NULL; i++)
        assert_said(suspects[_i].said[i]);
    assert_not_said("is IMD switched on");
    assert_not_said("status");
}

LOOP_TEST(how_the_run_ended_is_said_beside_it, COUNT(suspects))
{
    see_suspect(_i);
    evidence.wait_status = EXITED(9);
    ck_assert_int_eq(explain(), suspects[_i].cause);
    assert_said("the run ended with status 9");
}

LOOP_TEST(each_is_worth_a_line_while_the_engine_runs_but_not_in_its_first_moment,
          COUNT(suspects))
{
    see_suspect(_i);
    evidence.suspect_looks = 2;
    evidence.looks = 3;
    ck_assert(!diagnosis_is_trouble(suspects[_i].cause, &evidence));
    evidence.looks = 4;
    ck_assert(diagnosis_is_trouble(suspects[_i].cause, &evidence));
}

/* It was not the engine, which still runs. */
LOOP_TEST(what_has_ended_meanwhile_is_no_trouble, COUNT(suspects))
{
    see_suspect(_i);
    evidence.looks = 4;
    evidence.suspect_looks = 0;
    ck_assert(!diagnosis_is_trouble(suspects[_i].cause, &evidence));
}

/* Its report may be on its way; and after Ctrl-Z and fg we may look before it has gone on. */
LOOP_TEST(a_port_or_a_stop_that_was_seen_for_the_first_time_is_no_trouble_yet, COUNT(suspects))
{
    see_suspect(_i);
    evidence.looks = 4;
    evidence.suspect_looks = 1;
    ck_assert_int_eq(diagnosis_is_trouble(suspects[_i].cause, &evidence),
                     suspects[_i].cause != CAUSE_PORT_UNSEEN &&
                         suspects[_i].cause != CAUSE_STOPPED);
}

/* ---- every other row ---- */

static void fail_bind(int error)
{
    reports.failed_bind =
        (struct failed_bind){.error = error, .pid = CHILD, .port = 8888, .exe = "lmp"};
}

static void bind_in_use(void)
{
    fail_bind(EADDRINUSE);
}

static void bind_none_free(void)
{
    fail_bind(EADDRINUSE);
    reports.failed_bind.port = 0;
}

static void bind_forbidden(void)
{
    fail_bind(EACCES);
}

static void bind_nowhere(void)
{
    fail_bind(EADDRNOTAVAIL);
}

static void bind_odd(void)
{
    fail_bind(ENOMEM);
}

static void add_passed(const char *reason)
{
    struct received received = {.event = {.kind = KIND_PASSED,
                                          .pid = CHILD,
                                          .port = 1024,
                                          .object = "mca_btl_tcp.so",
                                          .reason = reason}};

    address_parse(&received.event.address, "0.0.0.0");
    reports_add(&reports, &received);
}

static void pass_runtimes(void)
{
    add_passed(REASON_RUNTIME);
}

static void pass_unmatched(void)
{
    add_passed(REASON_UNMATCHED);
}

static void remove_fifo(void)
{
    evidence.fifo_removed = YES;
}

static void load_nothing(void)
{
    reports.engine_image.pid = reports.program.pid = 0;
}

static void be_killed_at_once(void)
{
    load_nothing();
    evidence.wait_status = SIGTERM;
}

static void be_killed_unloaded(void)
{
    be_killed_at_once();
    evidence.looks = LOOKS_SOON;
}

static void launch(void)
{
    reports.launcher = (struct image){.pid = ENGINE, .exe = "mpirun", .comm = "mpirun"};
    reports.engine_image = reports.launcher;
    reports.program.pid = 0;
    strcpy(evidence.comm, "mpirun");
}

static void launch_in_vain(void)
{
    launch();
    pass_runtimes();
    evidence.wait_status = EXITED(134);
}

static void launch_without_listening_in_vain(void)
{
    launch();
    evidence.wait_status = EXITED(134);
}

static void launch_elsewhere(void)
{
    launch();
    strcpy(evidence.agent, "ssh");
}

static void launch_false(void)
{
    launch();
    pass_runtimes();
    reports.program = (struct image){.pid = CHILD, .exe = "false"};
    evidence.wait_status = EXITED(1);
}

static void launch_lammps(void)
{
    launch();
    pass_runtimes();
    reports.program = (struct image){.pid = CHILD, .exe = "lmp"};
    evidence.sound = true;
}

static void launch_something(void)
{
    launch();
    reports.program = (struct image){.pid = CHILD, .exe = "lmp"};
}

static void end_badly(void)
{
    evidence.wait_status = EXITED(4);
}

static void be_killed(void)
{
    evidence.wait_status = SIGKILL;
}

static void rename_engine(void)
{
    strcpy(evidence.comm, "worker: idle");
}

static void rename_as_an_argument(void)
{
    strcpy(evidence.comm, "worker");
}

static void become_the_named(void)
{
    evidence.command = prefixed;
    strcpy(evidence.comm, "a-program-with-");
}

static void rename_and_fail(void)
{
    rename_engine();
    end_badly();
}

static void rename_and_be_seen(void)
{
    rename_engine();
    evidence.sound = true;
}

static void leave_child_behind(void)
{
    reports.program = (struct image){.pid = CHILD, .exe = "env", .comm = "env"};
}

static void look_at_two(void)
{
    *suspect() = (struct proc_facts){
        .pid = SUSPECT, .exe = "monitor", .has_library = NO, .preloads = NO};
    judge();
    evidence.sound = true;
}

static void hear_from_elsewhere(void)
{
    reports.program =
        (struct image){.pid = ENGINE, .exe = "lmp", .comm = "gmx", .remote = true};
}

static void start_another_imdshim(void)
{
    reports.nested = (struct image){.pid = CHILD, .exe = "imdshim"};
}

static void become_another_imdshim(void)
{
    start_another_imdshim();
    rename_as_an_argument();
}

static void leave_one_running(void)
{
    evidence.left = CHILD;
    strcpy(evidence.left_exe, "lmp");
}

static void nothing(void)
{
}

static const struct {
    void (*happens)(void);
    enum cause cause;
    const char *heading, *said[3];
} runs[] = {
    {nothing,
     CAUSE_NEVER_LISTENED,
     "engine ended first: ",
     {"gmx[100] had the library and opened no port: is IMD switched on"}},
    {leave_one_running,
     CAUSE_RUNS_ON,
     "engine ended first: ",
     {"100 has ended, but lmp[200] that it started runs on", "wait for it"}},
    {start_another_imdshim,
     CAUSE_NESTED_BEFORE,
     "no reports: ",
     {"imdshim[200] ran below this one", "leave one"}},
    {become_another_imdshim,
     CAUSE_NESTED_BEFORE,
     "no reports: ",
     {"imdshim[200] ran below this one", "leave one"}},
    {bind_in_use,
     CAUSE_PORT_IN_USE,
     "cannot listen: ",
     {"lmp[200] asked for port 8888", "in use", "--port 8888"}},
    {bind_none_free, CAUSE_BIND_FAILED, "cannot listen: ", {"port 0 and did not get it"}},
    {bind_forbidden,
     CAUSE_PORT_FORBIDDEN,
     "cannot listen: ",
     {"port 8888", "Permission denied", "above 1023"}},
    {bind_nowhere, CAUSE_NO_SUCH_ADDRESS, "cannot listen: ", {"address", "--listen"}},
    {bind_odd, CAUSE_BIND_FAILED, "cannot listen: ", {"port 8888", "Cannot allocate memory"}},
    {pass_unmatched,
     CAUSE_UNMATCHED,
     "nothing matched: ",
     {"0.0.0.0:1024 (mca_btl_tcp.so)", "as --port and --match say"}},
    {remove_fifo,
     CAUSE_FIFO_REMOVED,
     "no reports: ",
     {"/tmp/imdshim-7/node.1.2, has been removed", "TMPDIR"}},
    {load_nothing,
     CAUSE_NOTHING_LOADED,
     "not loaded: ",
     {"nothing in process 100", "imdshim check"}},
    {be_killed_at_once,
     CAUSE_ENDED_AT_ONCE,
     "engine ended first: ",
     {"a signal ended process 100 (status 143)", "imdshim check"}},
    {be_killed_unloaded, CAUSE_NOTHING_LOADED, "not loaded: ", {"nothing in process 100"}},
    {launch_in_vain,
     CAUSE_LAUNCHER_FAILED,
     "nothing matched: ",
     {"mpirun[100] ended with status 134", "see what it printed", "0.0.0.0:1024 (mca_btl"}},
    {launch_without_listening_in_vain,
     CAUSE_LAUNCHER_FAILED,
     "engine ended first: ",
     {"mpirun[100] ended with status 134", "see what it printed"}},
    {launch_elsewhere,
     CAUSE_ELSEWHERE,
     "no reports: ",
     {"mpirun[100]", "(ssh runs below it)", "-x LD_PRELOAD"}},
    {launch,
     CAUSE_NOT_PASSED_ON,
     "engine ended first: ",
     {"mpirun[100]", "-genvall", "--export=ALL"}},
    {launch_false,
     CAUSE_FAILED,
     "nothing matched: ",
     {"false[200] had the library", "status 1", "0.0.0.0:1024 (mca_btl_tcp.so)"}},
    {launch_lammps,
     CAUSE_NEVER_LISTENED,
     "nothing matched: ",
     {"lmp[200] had the library", "is IMD switched on", "0.0.0.0:1024 (mca_btl_tcp.so)"}},
    {launch_something, CAUSE_NOT_LOOKED_AT, "engine ended first: ", {"lmp[200]", "looked at"}},
    {end_badly,
     CAUSE_FAILED,
     "engine ended first: ",
     {"gmx[100]", "status 4", "see what was printed"}},
    {be_killed, CAUSE_FAILED, "engine ended first: ", {"gmx[100]", "status 137"}},
    {rename_engine,
     CAUSE_RENAMED,
     "engine ended first: ",
     {"gmx[100] had the library", "'worker: idle'", "if that was another program"}},
    {rename_as_an_argument, CAUSE_RENAMED, "engine ended first: ", {"'worker'"}},
    {become_the_named,
     CAUSE_BECAME,
     "not loaded: ",
     {"gmx[100] became 'a-program-with-'", "as its command says", "start imdshim"}},
    {rename_and_fail, CAUSE_RENAMED, "engine ended first: ", {"'worker: idle'", "status 4"}},
    {rename_and_be_seen, CAUSE_NEVER_LISTENED, "engine ended first: ", {"is IMD switched on"}},
    {leave_child_behind,
     CAUSE_NOT_LOOKED_AT,
     "engine ended first: ",
     {"env[200]", "looked at"}},
    {look_at_two,
     CAUSE_SOME_WITHOUT,
     "engine ended first: ",
     {"gmx[100] had the library", "monitor[300] ran without it", "if that is the engine"}},
    {hear_from_elsewhere, CAUSE_NOT_LOOKED_AT, "engine ended first: ", {"lmp[100]"}},
};

LOOP_TEST(each_end_of_a_run_has_its_sentence, COUNT(runs))
{
    runs[_i].happens();
    ck_assert_int_eq(explain(), runs[_i].cause);
    ck_assert_msg(strstr(text, runs[_i].heading) == text, "%s", text);
    for (int i = 0; i < 3 && runs[_i].said[i] != NULL; i++)
        assert_said(runs[_i].said[i]);
    if (runs[_i].cause != CAUSE_NEVER_LISTENED)
        assert_not_said("is IMD switched on");
}

/* ---- what comes first ---- */

TEST(a_port_in_use_is_the_cause_whatever_else_was_seen)
{
    see_suspect(4);
    remove_fifo();
    bind_in_use();
    end_badly();
    ck_assert_int_eq(explain(), CAUSE_PORT_IN_USE);
    assert_said("status 4");
}

TEST(a_lost_library_comes_before_a_status)
{
    see_suspect(4);
    launch_false();
    ck_assert_int_eq(explain(), CAUSE_PRELOAD_LOST);
    assert_said("status 1");
}

/* It is seen to listen: whatever else runs, this one does not report. */
TEST(a_process_that_listens_is_the_cause_even_beside_one_in_order)
{
    look_at_two();
    evidence.suspect.ports[0] = 8888;
    evidence.suspect.port_count = 1;
    ck_assert_int_eq(explain(), CAUSE_PRELOAD_LOST);
    assert_said("it listens on port 8888");
}

/* The look came between listen(2) and its report. */
TEST(a_port_that_was_reported_after_the_look_is_no_cause)
{
    see_suspect(9);
    ck_assert_int_eq(explain(), CAUSE_PORT_UNSEEN);
    reports.ports[0] = 8888;
    reports.port_count = 1;
    ck_assert_int_eq(explain(), CAUSE_NEVER_LISTENED);
}

TEST(a_run_that_goes_on_has_not_ended_first)
{
    evidence.ended = false;
    evidence.sound = true;
    ck_assert_int_eq(explain(), CAUSE_NEVER_LISTENED);
    ck_assert_ptr_eq(strstr(text, "gmx[100] had the library"), text);
    evidence.sound = false;
    ck_assert_int_eq(explain(), CAUSE_NOT_LOOKED_AT);
}

TEST(silence_that_may_end_yet_is_no_trouble)
{
    static const enum cause quiet[] = {CAUSE_NEVER_LISTENED, CAUSE_NOT_LOOKED_AT, CAUSE_RENAMED,
                                       CAUSE_SOME_WITHOUT,   CAUSE_FAILED,        CAUSE_NONE,
                                       CAUSE_NOT_KNOWN,      CAUSE_NESTED_BEFORE};

    evidence.looks = evidence.suspect_looks = 1000;
    for (size_t i = 0; i < sizeof quiet / sizeof quiet[0]; i++)
        ck_assert(!diagnosis_is_trouble(quiet[i], &evidence));
}

/* mpirun takes its time with other hosts. */
TEST(ranks_elsewhere_have_longer_to_report)
{
    evidence.looks = 4;
    ck_assert(!diagnosis_is_trouble(CAUSE_ELSEWHERE, &evidence));
    ck_assert(!diagnosis_is_trouble(CAUSE_NOT_PASSED_ON, &evidence));
    evidence.looks = 5;
    ck_assert(diagnosis_is_trouble(CAUSE_ELSEWHERE, &evidence));
    ck_assert(diagnosis_is_trouble(CAUSE_NOT_PASSED_ON, &evidence));
}

/* It was escaped on its way; the kernel's is not. */
TEST(a_name_that_had_to_be_escaped_is_not_compared)
{
    strcpy(reports.engine_image.comm, "my%20engine");
    strcpy(evidence.comm, "my engine");
    ck_assert_int_eq(explain(), CAUSE_NOT_LOOKED_AT);
}

TEST(the_longest_names_stay_one_line_of_the_size_given)
{
    memset(reports.program.exe, 'n', sizeof reports.program.exe - 1);
    memset(text, '!', sizeof text);
    diagnosis_explain(&evidence, text, 64);
    ck_assert_uint_eq(strnlen(text, 64), 63);
    ck_assert_int_eq(text[64], '!');
}

TEST(a_name_with_a_newline_or_a_brace_stays_in_its_line)
{
    see_suspect(0);
    strcpy(evidence.suspect.exe, "a\nb\033{fifo}");
    diagnosis_explain(&evidence, text, sizeof text);
    assert_said("a?b?{fifo}[300]");
}
