/* The ways of not learning a port, each from a real cause and each told apart. */
#include <sys/statvfs.h>

#include "tests/support/suite.h"
#include "tests/system/support/launcher.h"

#define CC "${CC:-cc}"

/* Without a sanitizer, whose run time does not work where privileges change. */
#define COMPILED(options)                                                                      \
    "[ -e x ] || " CC " " options " -o x $DOUBLES/engine.o $DOUBLES/support.a -lpthread -ldl " \
    "2>/dev/null;"

/* glibc's, by the name that Android's has. */
#define LINKER                                                                                 \
    "[ -e linker64 ] || ln -s $(ldd /bin/true | sed -n 's,[^/]*\\(/[^ ]*ld-[^ ]*\\).*,\\1,p')" \
    " linker64;"

static const char not_loaded[] = "imdshim: not loaded: ";

/* The engine would write the file "engine" if it were started, and end with 4. */
static void assert_started(struct shell *shell, const char *line)
{
    ck_assert_int_eq(shell_status(shell), 4);
    ck_assert(exists("engine"));
    ck_assert_int_eq(unlink("engine") + unlink("launcher"), 0);
    ck_assert_str_eq(shell->out, "");
    if (line != NULL)
        assert_one_line(shell->err, line);
    else
        ck_assert_str_eq(shell->err, "");
}

/* A file that stands in the way of the library is seen before anything is started. */
static void assert_obstacle(const char *make, const char *engine)
{
    struct shell shell;

    shell_run(&shell, "%s exec %s pids exit=4", make, engine);
    assert_started(&shell, NULL);
    shell_run(&shell, AS_NOBODY "%s as_nobody $IMDSHIM run --backend preload -- %s pids exit=4",
              make, engine);
    assert_started(&shell, not_loaded);
    shell_run(&shell,
              AS_NOBODY "%s as_nobody $IMDSHIM run -q --backend preload -- %s pids exit=4",
              make, engine);
    assert_started(&shell, NULL);
    shell_run(&shell,
              AS_NOBODY "%s as_nobody $IMDSHIM exec --fd 3 -- %s pids exit=4 3>/dev/null", make,
              engine);
    assert_started(&shell, not_loaded);
    shell_run(
        &shell,
        AS_NOBODY
        "%s as_nobody $IMDSHIM run --backend preload -c '>client' -o port -- %s pids exit=4",
        make, engine);
    ck_assert_int_eq(shell_status(&shell), 125);
    assert_one_line(shell.err, not_loaded);
    ck_assert(!exists("engine") && !exists("client"));
    shell_run(&shell, AS_NOBODY "%s as_nobody $IMDSHIM check %s", make, engine);
    ck_assert_int_eq(shell_status(&shell), 1);
    assert_one_line(shell.out, "");
}

static bool shell_says_yes(const char *command)
{
    return system(command) == 0;
}

static bool can_be_static(void)
{
    return shell_says_yes("d=$(mktemp -d) && echo 'int main(void) { return 0; }' >$d/x.c && " CC
                          " -static -o $d/x $d/x.c 2>/dev/null; s=$?; rm -r $d; exit $s") ||
           suite_skip("static engines", "no compiler or no static libc");
}

/* What a file's mode and attributes do needs root to make them and a file system to obey. */
static bool can_be_set_id(void)
{
    struct statvfs status;

    return (geteuid() == 0 && statvfs("/tmp", &status) == 0 &&
            (status.f_flag & ST_NOSUID) == 0) ||
           suite_skip("set-id engines", "needs root and a /tmp without nosuid");
}

static bool can_have_capabilities(void)
{
    return shell_says_yes("f=$(mktemp) && setcap cap_net_bind_service+ep $f 2>/dev/null; s=$?;"
                          "rm -f $f; exit $s") ||
           suite_skip("engines with file capabilities",
                      "setcap (libcap2-bin) does not work here");
}

TEST_OPTIONS(IN_SANDBOX);

TEST(a_static_engine_is_not_loaded, .needs = can_be_static)
{
    assert_obstacle(COMPILED("-static"), "./x");
}

TEST(an_engine_for_another_libc_is_not_loaded)
{
    assert_obstacle(LINKER COMPILED("-Wl,--dynamic-linker=$PWD/linker64"), "./x");
}

/* Its linker would not start it. Others that cannot load the library pass it on. */
TEST(an_engine_for_another_libc_keeps_its_own_preloads, .needs = launcher_is_bare)
{
    static const char *const own[] = {"unset LD_PRELOAD;", "export LD_PRELOAD=libm.so.6;"};
    struct shell shell;

    for (int i = 0; i < 2; i++) {
        shell_run(
            &shell,
            LINKER COMPILED(
                "-Wl,--dynamic-linker=$PWD/linker64") "%s"
                                                      "$IMDSHIM run -q -- ./x pids until=stop "
                                                      "& e=$!; until [ -s engine ]; do sleep "
                                                      "0.01; done; tr '\\0' '\\n' </proc/$(cat "
                                                      "engine)/environ | grep ^LD_PRELOAD;"
                                                      ">stop; wait $e; echo $?; rm stop engine",
            own[i]);
        ck_assert_str_eq(shell.out, i == 0 ? "0\n" : "LD_PRELOAD=libm.so.6\n0\n");
    }
}

TEST(a_set_user_id_engine_is_not_loaded, .needs = can_be_set_id)
{
    assert_obstacle(COMPILED("") "chmod 4755 x;", "./x");
}

TEST(a_set_group_id_engine_is_not_loaded, .needs = can_be_set_id)
{
    assert_obstacle(COMPILED("") "chmod 2755 x;", "./x");
}

/* The engine is here too: where we were built another user may not get to. */
TEST(the_interpreter_of_a_script_counts, .needs = can_be_set_id)
{
    assert_obstacle("cp " ENGINE " e; cp /bin/sh x; chmod 4755 x;"
                    "printf \"#!$PWD/x\\nexec $PWD/e \\$*\\n\" >script; chmod 755 script;",
                    "./script");
}

TEST(an_engine_with_file_capabilities_is_not_loaded, .needs = can_have_capabilities)
{
    assert_obstacle(COMPILED("") "setcap cap_net_bind_service+ep x;", "./x");
}

/* As root and as another user: only the ids of file and process count. */
TEST(a_set_user_id_engine_of_another_user_is_not_loaded_for_root_either, .needs = can_be_set_id)
{
    struct shell shell;

    shell_run(&shell, COMPILED("") "chown 65534 x; chmod 4755 x; chmod 777 .;"
                                   "exec $IMDSHIM run -- ./x pids exit=4");
    assert_started(&shell, not_loaded);
}

/* valgrind executes nothing but programs */
TEST(an_engine_for_another_machine_is_not_loaded, .needs = launcher_is_bare)
{
    static const char make[] = "cp " ENGINE " x; printf '\\356\\356' |"
                               "dd of=x bs=1 seek=18 conv=notrunc 2>/dev/null";
    struct shell plain, shell;

    shell_run(&plain, "%s; exec env ./x", make);
    shell_run(&shell, "exec $IMDSHIM run -- ./x");
    ck_assert_int_eq(shell_status(&shell), shell_status(&plain));
    ck_assert_int_eq(shell_count_lines(shell.err, not_loaded), 1);
    ck_assert_int_eq(shell_count_lines(shell.err, "imdshim: "), 1);
    shell_run(&shell, "exec $IMDSHIM run -c '>client' -- ./x");
    ck_assert_int_eq(shell_status(&shell), 125);
    assert_one_line(shell.err, not_loaded);
    ck_assert(!exists("client"));
}

/* The engine is "$@". */
static const char *const wipers[] = {
    "exec env -i \"$@\"",
    "env -i \"$@\"; exit $?",
    "unset LD_PRELOAD; exec \"$@\"",
    "exec env -u LD_PRELOAD \"$@\"",
    "env -u LD_PRELOAD \"$@\" & wait $!",
    "exec env -i sh -c \"exec $*\"",
};

LOOP_TEST(an_engine_whose_wrapper_wipes_the_environment_is_not_loaded, COUNT(wipers))
{
    struct shell shell;

    shell_run(&shell,
              "echo '%s' >wrapper; exec $IMDSHIM run -- sh ./wrapper " ENGINE
              " listen=127.0.0.1 wait pids pause=500 exit=4",
              wipers[_i]);
    assert_started(&shell, not_loaded);
}

TEST(an_environment_that_is_wiped_needs_no_wrapper)
{
    struct shell shell;

    shell_run(&shell, "exec $IMDSHIM run -- env -i " ENGINE " listen=127.0.0.1 pids exit=4");
    assert_started(&shell, not_loaded);
}

TEST(a_listener_that_is_no_engines_is_nothing_that_matched)
{
    struct shell shell;

    shell_run(&shell,
              "cp " ENGINE " mpirun; exec $IMDSHIM run -- ./mpirun listen=127.0.0.1 print-port"
              " listen=::ffff:127.0.0.1 print-port exit=4");
    ck_assert_int_eq(shell_status(&shell), 4);
    assert_one_line(shell.err, "imdshim: nothing matched: ");
    for (char *port = strtok(shell.out, "\n"); port != NULL; port = strtok(NULL, "\n"))
        ck_assert_msg(strstr(shell.err, port) != NULL, "it names port %s: %s", port, shell.err);
}

/* Each with the status that it has without the prefix. */
static const struct {
    const char *engine;
    int status;
} without_imd[] = {
    {"true", 0},
    {"sh -c 'exit 4'", 4},
    {ENGINE " exit=4", 4},
    {"sh -c 'true; true; exit 4'", 4},
    {"sh -c 'kill -KILL $$'", 128 + SIGKILL},
    {"env -- true", 0},
    {ENGINE " kill=15", 128 + SIGTERM},
};

enum { WITHOUT_IMD = sizeof without_imd / sizeof without_imd[0] };

LOOP_TEST(an_engine_that_never_listens_has_ended_first, WITHOUT_IMD)
{
    struct shell shell;

    shell_run(&shell, "exec $IMDSHIM run -- %s", without_imd[_i].engine);
    ck_assert_int_eq(shell_status(&shell), without_imd[_i].status);
    assert_one_line(shell.err, "imdshim: engine ended first: ");
}

TEST(time_that_is_up_is_told)
{
    struct shell shell;

    shell_run(&shell, "exec $IMDSHIM run -t 1 -- sleep 20");
    ck_assert_int_eq(shell_status(&shell), 124);
    assert_one_line(shell.err, "imdshim: timed out: ");
}

/* What with a client becomes of the engines above: it cannot be needed any more. */
static const struct {
    const char *options, *engine, *line;
    int status;
} with_client[] = {
    {"", "true", "imdshim: engine ended first: ", 125},
    {"", "sh -c 'exit 4'", "imdshim: engine ended first: ", 125},
    {"", "sh -c 'kill -KILL $$'", "imdshim: engine ended first: ", 125},
    {"", "env -i true", "imdshim: not loaded: ", 125},
    {"", "./mpirun listen=127.0.0.1", "imdshim: nothing matched: ", 125},
    {"-t 1", "sleep 20", "imdshim: timed out: ", 124},
};

enum { WITH_CLIENT = sizeof with_client / sizeof with_client[0] };

LOOP_TEST(a_client_that_cannot_be_needed_is_not_started, WITH_CLIENT)
{
    struct shell shell;

    shell_run(&shell, "cp " ENGINE " mpirun; exec $IMDSHIM run -c '>client' %s -- %s",
              with_client[_i].options, with_client[_i].engine);
    ck_assert_int_eq(shell_status(&shell), with_client[_i].status);
    ck_assert(!exists("client"));
}

LOOP_TEST(a_client_that_cannot_be_needed_does_not_make_two_lines_of_one, WITH_CLIENT)
{
    struct shell shell;

    shell_run(&shell, "cp " ENGINE " mpirun; exec $IMDSHIM run -c '>client' %s -- %s",
              with_client[_i].options, with_client[_i].engine);
    assert_one_line(shell.err, with_client[_i].line);
}
