/* imdshim list: the user's runs on this host, as they are. */
#include "tests/support/suite.h"
#include "tests/system/support/launcher.h"

#define LIST "$IMDSHIM list"
#define JSON LIST " --json | python3 -m json.tool --no-ensure-ascii"

static struct shell shell, list;

/* A part of the one run that is listed comes to be there. */
static void wait_for_listed(const char *part)
{
    for (int i = 0; i < SHELL_SECONDS * 20; i++) {
        shell_run(&list, JSON);
        ck_assert_msg(shell_status(&list) == 0, "%s", list.err);
        if (strstr(list.out, part) != NULL)
            return;
        shell_pause(50);
    }
    ck_abort_msg("'%s' is not listed: %s; %s", part, list.out, shell.err);
}

static int count_fifos(void)
{
    static struct shell look;

    shell_run(&look, "find imdshim-* -type p | wc -l");
    return atoi(look.out);
}

static bool has_python(void)
{
    return suite_has_program("python3", "the list in JSON");
}

TEST_OPTIONS(IN_SANDBOX);

TEST(without_runs_there_is_nothing_to_list)
{
    shell_run(&list, LIST " && " LIST " --json");
    ck_assert_int_eq(shell_status(&list), 0);
    ck_assert_str_eq(list.out, "[]\n");
    ck_assert_str_eq(list.err, "");
}

TEST(a_run_is_listed_as_it_goes_on, .needs = has_python)
{
    static const char *const states[] = {"starting", "listening", "ready", "connected",
                                         "ending"};
    char part[64];

    shell_start(
        &shell,
        "exec $IMDSHIM run -q -p 8888 -c 'until [ -e call ]; do sleep 0.05; done;"
        "$DOUBLES/gate-client plain 127.0.0.1 8888; until [ -e end ]; do sleep 0.05;"
        "done' -- $DOUBLES/gate-engine 127.0.0.1 8888 until=listening listen until=ready"
        " serve=1 until=ending");
    for (int i = 0; i < 5; i++) {
        if (i > 0)
            make_file(i == 3 ? "call" : states[i]);
        snprintf(part, sizeof part, "\"state\": \"%s\"", states[i]);
        wait_for_listed(part);
        ck_assert_ptr_nonnull(strstr(list.out, i == 0 ? "\"host\": null" : "\"127.0.0.1\""));
    }
    make_file("end");
    shell_finish(&shell);
    ck_assert_int_eq(shell_status(&shell), 0);
    shell_run(&list, LIST);
    ck_assert_str_eq(list.out, "");
}

TEST(a_listed_run_says_where_it_is_and_whose, .needs = has_python)
{
    char expected[512], here[256];

    ck_assert_ptr_nonnull(getcwd(here, sizeof here));
    shell_start(&shell, "exec $IMDSHIM run -o port -- " ENGINE
                        " pids listen=0.0.0.0 print-port wait until=stop");
    ck_assert(shell_wait_for_out(&shell, "\n"));
    wait_for_file("port");
    wait_for_listed("ready");
    shell_run(&list,
              LIST " --json | python3 -c 'import json, sys\n[run] = json.load(sys.stdin)\n"
                   "print(run[\"pid\"], run[\"launcher\"], run[\"host\"], run[\"port\"],"
                   "run[\"directory\"], 0 <= run[\"age\"] < 60)'");
    snprintf(expected, sizeof expected, "%ld %ld 127.0.0.1 %d %s True\n",
             (long)read_pid("engine"), (long)read_pid("launcher"), atoi(shell.out), here);
    ck_assert_str_eq(list.out, expected);
    shell_run(&list, LIST);
    ck_assert_int_eq(shell_count_lines(list.out, "\n"), 2);
    snprintf(expected, sizeof expected, "127.0.0.1:%d ", atoi(shell.out));
    ck_assert_ptr_nonnull(strstr(list.out, expected));
    ck_assert_ptr_nonnull(strstr(list.out, here));
    make_file("stop");
    shell_finish(&shell);
}

/* In the table one line a run; in JSON the name itself, and U+FFFD for what is no UTF-8. */
static const struct {
    const char *name, *in_json;
} names[] = {
    {"two words", "/two words\""},
    {"\"quoted\\\"", "/\\\"quoted\\\\\\\"\""},
    {"new\nline\t\x1b[31m\x7f", "/new\\nline\\t\\u001b[31m\x7f\""},
    {"\xc3\xa9t\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80",
     "/\xc3\xa9t\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80\""},
    {"\xff\xc3(\xe2\x82\xc0\xaf\xed\xa0\x80", "/\xef\xbf\xbd\xef\xbf\xbd(\xef\xbf\xbd"},
    {"100%41", "/100%41\""},
};

LOOP_TEST(any_name_of_a_directory_is_listed, 6, .needs = has_python)
{
    setenv("NAME", names[_i].name, 1);
    setenv("PYTHONUTF8", "1", 1);
    shell_start(&shell, "mkdir \"$NAME\" && cd \"$NAME\" && ln -s \"$DOUBLES\"/launcher-engine "
                        "\"$NAME\" && exec $IMDSHIM run -q -- ./\"$NAME\" until=../stop");
    wait_for_listed("\"starting\"");
    ck_assert_msg(strstr(list.out, names[_i].in_json) != NULL, "%s", list.out);
    shell_run(&list, LIST " | wc -l; " LIST " | tail -n 1 | LC_ALL=C grep -c '[[:cntrl:]]'");
    ck_assert_str_eq(list.out, "2\n0\n");
    make_file("stop");
    shell_finish(&shell);
}

/* Whatever else of the user's may call itself a run. */
TEST(a_record_of_a_strange_making_does_the_table_no_harm, .needs = has_python)
{
    shell_start(&shell, LIST "; cd imdshim-*; exec python3 -c 'import os, time\n"
                             "fd = os.memfd_create(\"imdshim\")\n"
                             "os.write(fd, b\"pid=1 state=ready host=a%%0Ab%%1B[2J port=5"
                             " engine=forged directory=/\\n\")\n"
                             "name = f\"{os.uname().nodename}.{os.getpid()}.1\"\n"
                             "os.mkfifo(name, 0o600)\n"
                             "fifo = os.open(name, os.O_RDWR)\n"
                             "for i in range(2000):\n"
                             "    if os.path.exists(\"../stop\"): break\n"
                             "    time.sleep(0.05)\n"
                             "os.unlink(name)'");
    wait_for_listed("forged");
    shell_run(&list, LIST " | wc -l; " LIST " | tail -n 1 | LC_ALL=C grep -c '[[:cntrl:]]'");
    ck_assert_str_eq(list.out, "2\n0\n");
    make_file("stop");
    shell_finish(&shell);
}

TEST(a_killed_run_is_not_listed_and_its_fifo_goes, .needs = has_python)
{
    shell_start(&shell, "exec $IMDSHIM run -q -- " ENGINE " pids until=stop");
    wait_for_listed("starting");
    kill(shell.pid, SIGKILL);
    shell_finish(&shell);
    ck_assert_int_eq(count_fifos(), 1);
    shell_run(&list, LIST);
    ck_assert_str_eq(list.out, "");
    ck_assert_int_eq(count_fifos(), 0);
}

/* As it is when another process has the number, and as junk in the directory would be. */
TEST(what_is_no_run_is_not_listed)
{
    shell_run(&list, LIST
              "; cd imdshim-*; host=$(uname -n); mkfifo $host.$$.1 $host.x.1 "
              "$host..1 other.$$.1; mkdir $host.1.2; : >$host.$$.3; exec 3<>$host.$$.1;" LIST
              "; ls | wc -l; exec 3>&-; rm -r ./*");
    ck_assert_str_eq(list.out, "6\n");
    ck_assert_int_eq(shell_status(&list), 0);
}

/* Before Linux 3.17, and in some sandboxes. forbid executes a program of one word. */
static bool has_python_and_is_bare(void)
{
    return launcher_is_bare() && suite_has(has_python);
}

TEST(a_run_without_a_memfd_is_listed_and_leaves_no_file, .needs = has_python_and_is_bare)
{
    shell_start(&shell, "exec $DOUBLES/forbid memfd_create 38 $IMDSHIM run -q -- " ENGINE
                        " listen=127.0.0.1 until=stop exit=4");
    wait_for_listed("listening");
    ck_assert_int_eq(count_fifos(), 1);
    make_file("stop");
    shell_finish(&shell);
    ck_assert_int_eq(shell_status(&shell), 4);
}

/* Anyone may make a file of that name. */
TEST(a_run_beside_a_directory_that_is_not_ours_is_listed_and_leaves_no_fifo,
     .needs = has_python)
{
    shell_run(&list, "mkdir -m 755 imdshim-$(id -u)");
    shell_start(&shell, "exec $IMDSHIM run -q -- " ENGINE " until=stop exit=4");
    wait_for_listed("starting");
    make_file("stop");
    shell_finish(&shell);
    ck_assert_int_eq(shell_status(&shell), 4);
    shell_run(&list, "rmdir imdshim-*");
    ck_assert_int_eq(shell_status(&list), 0);
}

TEST(other_users_see_nothing_and_disturb_nothing, .needs = has_python)
{
    if (geteuid() != 0)
        return;
    shell_start(&shell, "exec $IMDSHIM run -q -- " ENGINE " pids until=stop");
    wait_for_listed("starting");
    shell_run(&list, AS_NOBODY "chmod 777 .; (as_nobody $IMDSHIM list); export TMPDIR=$PWD;"
                               "(as_nobody $IMDSHIM list); (as_nobody ls imdshim-0);"
                               "(as_nobody ls /proc/$(cat launcher)/fd)");
    ck_assert_str_eq(list.out, "");
    ck_assert_int_eq(count_fifos(), 1);
    wait_for_listed("starting");
    make_file("stop");
    shell_finish(&shell);
}

static const char *const usages[] = {"list operand", "list --port 1",   "list -x",
                                     "list --jso",   "list -- operand", "run --json -- true"};

LOOP_TEST(bad_usage_is_125, 6)
{
    shell_run(&list, "exec $IMDSHIM %s", usages[_i]);
    ck_assert_int_eq(shell_status(&list), 125);
    assert_one_line(list.err, "imdshim: ");
    ck_assert_str_eq(list.out, "");
}

TEST(output_that_cannot_be_written_is_a_failure)
{
    shell_run(&list, "exec $IMDSHIM list --json >/dev/full");
    ck_assert_int_eq(shell_status(&list), 125);
    assert_one_line(list.err, "imdshim: ");
}

TEST(many_runs_are_all_listed_each_with_its_own_port)
{
    int many = launcher_is_wrapped() ? 5 : 50;

    shell_start(&shell,
                "for i in $(seq %d); do $IMDSHIM run -q -- " ENGINE
                " listen=127.0.0.1 print-port wait until=stop & done; wait",
                many);
    for (int i = 0; i < SHELL_SECONDS * 10 && shell_count_lines(list.out, " ready ") < many;
         i++) {
        shell_run(&list, LIST);
        shell_pause(50);
    }
    ck_assert_int_eq(shell_count_lines(list.out, " ready "), many);
    shell_run(&list, LIST " | awk 'NR > 1 { sub(/.*:/, \"\", $3); print $3 }' | sort");
    make_file("stop");
    shell_finish(&shell);
    setenv("PORTS", shell.out, 1);
    setenv("LISTED", list.out, 1);
    shell_run(&list,
              "[ \"$(echo \"$PORTS\" | sort | xargs)\" = \"$(echo \"$LISTED\" | xargs)\" ]");
    ck_assert_int_eq(shell_status(&list), 0);
}
