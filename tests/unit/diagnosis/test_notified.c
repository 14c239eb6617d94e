/* Why no port is known of a run that is seen by user notification. */
#include "launcher/diagnosis/notified.h"

#include <errno.h>
#include <string.h>
#include <sys/wait.h>

#include "tests/support/suite.h"

static struct reports reports;
static struct evidence evidence;
static char text[4096];

static void begin(void)
{
    memset(&reports, 0, sizeof reports);
    memset(&evidence, 0, sizeof evidence);
    reports.notified = true;
    reports.engine = 300;
    reports.program = (struct image){.pid = 300, .exe = "lmp"};
    evidence.reports = &reports;
    evidence.fifo = "/tmp/fifo";
    evidence.library = "/lib/libimdshim.so";
}

static void assert_said(enum cause cause, const char *heading, const char *part)
{
    ck_assert_int_eq((int)notified_explain(&evidence, text, sizeof text), (int)cause);
    ck_assert_msg(strncmp(text, heading, strlen(heading)) == 0, "%s", text);
    ck_assert_msg(strstr(text, part) != NULL, "%s", text);
    ck_assert_ptr_null(strstr(text, "library"));
}

TEST_OPTIONS(.setup = begin);

TEST(an_engine_that_opened_no_port_is_asked_for_its_input)
{
    assert_said(CAUSE_NEVER_LISTENED, "lmp[300] opened no port", "IMD switched on");
    evidence.ended = true;
    assert_said(CAUSE_NEVER_LISTENED, "engine ended first: lmp[300]", "IMD switched on");
}

TEST(an_engine_that_failed_is_told_with_its_status)
{
    evidence.ended = true;
    evidence.wait_status = W_EXITCODE(3, 0);
    assert_said(CAUSE_FAILED, "engine ended first: lmp[300]", "status 3");
}

TEST(an_engine_that_became_a_daemon_is_not_asked_for_its_input)
{
    evidence.ended = true;
    evidence.left = 301;
    strcpy(evidence.left_exe, "lmp");
    assert_said(CAUSE_RUNS_ON, "engine ended first: process 300", "lmp[301]");
}

TEST(a_port_in_use_is_named_with_what_to_do)
{
    reports.failed_bind =
        (struct failed_bind){.error = EADDRINUSE, .pid = 301, .port = 8888, .exe = "lmp"};
    assert_said(CAUSE_PORT_IN_USE, "cannot listen: lmp[301]", "with --port 8888 it gets");
    reports.failed_bind.error = EADDRNOTAVAIL;
    assert_said(CAUSE_BIND_FAILED, "cannot listen: lmp[301]", "Cannot assign");
}

TEST(listeners_that_were_not_meant_are_named)
{
    reports.unmatched = true;
    reports.passed_count = 1;
    strcpy(reports.passed, "0.0.0.0:8889 (lmp)");
    assert_said(CAUSE_UNMATCHED, "nothing matched: only 0.0.0.0:8889", "--port and --match");
}

TEST(a_listener_that_was_not_seen_is_told_with_the_reasons_there_can_be)
{
    evidence.has_suspect = true;
    evidence.suspect = (struct proc_facts){.pid = 302, .exe = "qemu", .port_count = 1};
    evidence.suspect.ports[0] = 8888;
    assert_said(CAUSE_PORT_UNSEEN, "no reports: qemu[302] listens on port 8888", "machine");
}

TEST(programs_on_other_hosts_are_not_seen)
{
    strcpy(evidence.agent, "ssh");
    assert_said(CAUSE_ELSEWHERE, "no reports: ", "--backend preload");
}

static const struct {
    struct proc_facts facts;
    enum cause cause;
} processes[] = {
    {{.has_library = NO, .verdict = PREFLIGHT_STATIC}, CAUSE_NONE},
    {{.has_library = NO, .preloads = NO}, CAUSE_NONE},
    {{.closed = YES}, CAUSE_NONE},
    {{.has_library = NO, .port_count = 1, .ports = {8888}}, CAUSE_PORT_UNSEEN},
};

LOOP_TEST(a_process_without_the_library_is_in_order, COUNT(processes))
{
    ck_assert_int_eq(suspect_cause(&processes[_i].facts, &reports), processes[_i].cause);
}
