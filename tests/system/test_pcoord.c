/*
 * scripts/pcoord.py, the client for progress coordinates: with the servers of imd-server, which
 * send four frames of three atoms where they send anything.
 */
#include <stdio.h>

#include "tests/system/support/scripts.h"

#define PCOORD "$SOURCE/scripts/pcoord.py"

static struct shell shell;

static void run_with_server(const char *mode, const char *arguments)
{
    shell_run(&shell,
              "exec imdshim run -q --client '" PCOORD " \"$IMD_URL\" %s 2>error >distances' --"
              " $DOUBLES/imd-server %s",
              arguments, mode);
}

/* One line, and nothing that WESTPA could take for a progress coordinate. */
static void assert_fails_loudly(const char *reason)
{
    const char *error = engines_read("error");

    ck_assert_int_ne(shell_status(&shell), 0);
    ck_assert_msg(strncmp(error, "pcoord.py: ", 11) == 0 && strstr(error, reason) != NULL,
                  "'%s' is expected, not: %s", reason, error);
    ck_assert_ptr_eq(strchr(error, '\n'), error + strlen(error) - 1);
    ck_assert_str_eq(engines_read("distances"), "");
}

static const struct {
    const char *mode, *arguments, *distances;
} whole[] = {
    {"v2", "4 0 1", "5.19615\n5.19615\n5.19615\n5.19615\n"},
    {"v2", "4 1 1", "0.00000\n0.00000\n0.00000\n0.00000\n"},
    {"v2-big-endian", "4 0 2", "10.39230\n10.39230\n10.39230\n10.39230\n"},
    {"v3", "--every 2 2 0 1", "5.19615\n5.19615\n"},
    {"v3-big-endian", "--every 3 2 2 0", "10.39230\n10.39230\n"},
};

TEST_OPTIONS(.setup = scripts_enter, .teardown = sandbox_leave, .timeout = 120,
             .needs = scripts_have_numpy);

LOOP_TEST(a_whole_stream_is_one_line_a_frame, COUNT(whole))
{
    run_with_server(whole[_i].mode, whole[_i].arguments);
    ck_assert_msg(shell_status(&shell) == 0, "%s %s", shell.err, engines_read("error"));
    ck_assert_str_eq(engines_read("distances"), whole[_i].distances);
    ck_assert_str_eq(engines_read("error"), "");
}

static const struct {
    const char *mode, *arguments, *reason;
} broken[] = {
    {"v2", "5 0 1", "4 frames came, 5 were expected"},
    {"v2", "3 0 1", "more than the expected 3 frames"},
    {"endless", "4 0 1", "more than the expected 4 frames"},
    {"v2", "4 0 3", "no atom 3"},
    {"truncated", "4 0 1", "cut in the middle of a packet"},
    {"close-at-once", "4 0 1", "no IMD server"},
    {"version-9", "4 0 1", "no IMD server"},
    {"absurd-count", "4 0 1", "malformed: a packet of type 2 and count 2147483647"},
    {"negative-count", "4 0 1", "malformed: a packet of type 2 and count -1"},
    {"unknown-packet", "4 0 1", "malformed: a packet of type 99"},
};

LOOP_TEST(a_stream_that_is_not_what_was_expected_is_a_failure, COUNT(broken))
{
    run_with_server(broken[_i].mode, broken[_i].arguments);
    assert_fails_loudly(broken[_i].reason);
}

/* In these modes the server itself says whether DISCONNECT came. */
TEST(a_client_that_gives_up_says_so_to_the_engine)
{
    run_with_server("unknown-packet", "4 0 1");
    ck_assert_ptr_nonnull(strstr(shell.out, "disconnect\n"));
}

/* A server that accepts and says nothing is given ten seconds, which a test need not wait for.
 */
TEST(silence_is_no_answer)
{
    shell_run(&shell, "sed 's/^PATIENCE = 10 /PATIENCE = 0.2 /' " PCOORD " >impatient.py &&"
                      "exec imdshim run -q --client 'python3 impatient.py \"$IMD_URL\" 4 0 1"
                      " 2>error >distances' -- $DOUBLES/imd-server silent");
    assert_fails_loudly("no IMD server");
}

TEST(nobody_is_no_answer)
{
    shell_run(&shell, PCOORD " imd://127.0.0.1:%u 4 0 1 2>error >distances",
              engines_free_port());
    assert_fails_loudly("no answer from imd://127.0.0.1:");
    shell_run(&shell, PCOORD " 127.0.0.1 4 0 1 2>error >distances");
    assert_fails_loudly("'127.0.0.1' is not imd://HOST:PORT");
}

TEST(a_full_disk_is_a_failure)
{
    shell_run(&shell, "exec imdshim run -q --client '" PCOORD " \"$IMD_URL\" 4 0 1 >/dev/full'"
                      " -- $DOUBLES/imd-server v2 2>error");
    ck_assert_int_ne(shell_status(&shell), 0);
    ck_assert_ptr_nonnull(strstr(engines_read("error"), "No space left"));
}
