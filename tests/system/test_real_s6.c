/* Supervisors that take the first newline for "ready": s6, and what exec does for them. */
#include "tests/support/suite.h"

#include "tests/support/engines.h"
#include "tests/system/support/launcher.h"

static bool has_s6(void)
{
    return engines_have("s6-supervise");
}

static struct shell shell;

/* An engine that listens at once and waits for a client a second later. */
#define LATE "$DOUBLES/gate-engine 127.0.0.1 0 listen pause=1000 serve=1"

TEST_OPTIONS(IN_SANDBOX);

TEST(with_when_ready_nothing_is_written_before_the_engine_waits)
{
    shell_run(&shell, "$IMDSHIM exec --when ready --fd 3 -- " ENGINE
                      " listen=127.0.0.1 print-port wait 3>events >port; cat events");
    ck_assert_int_eq(shell_count_lines(shell.out, " listening "), 0);
    ck_assert_int_eq(shell_count_lines(shell.out, " ready "), 1);
    shell_run(&shell, "[ \"$(cut -d' ' -f1 events)\" = \"$(cat port)\" ]");
    ck_assert_int_eq(shell_status(&shell), 0);
}

TEST(with_when_listening_all_is_written_as_without)
{
    shell_run(&shell, "$IMDSHIM exec --when listening --fd 3 -- " ENGINE
                      " listen=127.0.0.1 print-port wait 3>events >port; cat events");
    ck_assert_int_eq(shell_count_lines(shell.out, " listening "), 1);
    ck_assert_int_eq(shell_count_lines(shell.out, " ready "), 1);
}

static const char *const options[] = {"", "--when ready", "-v"};

LOOP_TEST(a_service_of_s6_is_up_when_its_engine_waits, COUNT(options), .needs = has_s6)
{
    shell_run(&shell,
              "mkdir service; echo 3 >service/notification-fd;"
              "printf '#!/bin/sh\\nexec %%s exec %s --fd 3 -- " LATE
              " 2>/dev/null\\n' \"$IMDSHIM\" "
              ">service/run; chmod +x service/run;"
              "s6-supervise service & s6=$!; until s6-svok service && [ -e "
              "service/supervise/status ]; do sleep 0.05; done;"
              "start=$(date +%%s%%N); s6-svwait -U -t 20000 service; status=$?;"
              "echo $((($(date +%%s%%N) - start) / 1000000));"
              "s6-svc -dx service; wait $s6; exit $status",
              options[_i]);
    ck_assert_msg(shell_status(&shell) == 0, "%s%s", shell.out, shell.err);
    /* A second passes between listen() and the wait, whatever else takes its time. */
    ck_assert_int_ge(atoi(shell.out), 900);
}
