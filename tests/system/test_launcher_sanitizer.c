/*
 * Engines and clients that are linked with a sanitizer's shared library, as gcc does by
 * default: it demands to be the first, and they run all the same, with their sanitizer at work.
 */
#include "tests/support/suite.h"
#include "tests/system/support/launcher.h"

/* Does not link statically, and leaves its own mistake to be found. */
#define SOURCE_TEXT                                                                            \
    "#include <stdio.h>\n#include <stdlib.h>\n#include <string.h>\n"                           \
    "#include <netinet/in.h>\n#include <sys/socket.h>\n#include <unistd.h>\n"                  \
    "int main(int argc, char **argv)\n{\n"                                                     \
    "    struct sockaddr_in address;\n    int fd = socket(AF_INET, SOCK_STREAM, 0);\n"         \
    "    char *volatile memory = (char *)malloc(8);\n"                                         \
    "    memset(&address, 0, sizeof address);\n    address.sin_family = AF_INET;\n"            \
    "    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);\n"                                  \
    "    if (argc > 2) {\n        free(memory);\n        address.sin_port = "                  \
    "htons(atoi(argv[2]));\n"                                                                  \
    "        return connect(fd, (struct sockaddr *)&address, sizeof address) != 0;\n    }\n"   \
    "    if (bind(fd, (struct sockaddr *)&address, sizeof address) != 0 ||\n"                  \
    "        listen(fd, 1) != 0)\n        return 3;\n"                                         \
    "    if (argc > 1)\n        memory[8] = 1;\n    free(memory);\n    return 4;\n}\n"

static const struct {
    const char *compiler, *options;
} builds[] = {
    {"gcc", "-fsanitize=address"},
    {"g++", "-fsanitize=address -x c++"},
    {"gcc", "-fsanitize=undefined"},
    {"gcc", "-fsanitize=thread"},
    {"clang", "-fsanitize=address -shared-libasan -Wl,-rpath,$(dirname $(clang "
              "-print-file-name=libclang_rt.asan-x86_64.so))"},
    {"clang++", "-fsanitize=address -x c++ -shared-libasan -Wl,-rpath,$(dirname $(clang "
                "-print-file-name=libclang_rt.asan-x86_64.so))"},
};

enum { BUILDS = sizeof builds / sizeof builds[0], FIRST_OF_ADDRESSES = 0 };

/*
 * False if the compiler or its run time is not here, or does not work here without us either.
 */
static bool can_build(int i)
{
    char command[4096];

    snprintf(command, sizeof command,
             "d=$(mktemp -d) && cd $d && echo '%s' >x.c; %s %s -g -o x x.c 2>/dev/null && "
             "{ ./x 2>/dev/null; [ $? = 4 ]; }; s=$?; rm -r $d; exit $s",
             SOURCE_TEXT, builds[i].compiler, builds[i].options);
    return system(command) == 0;
}

static bool can[BUILDS];

/* What cannot be built is named, and its tests have nothing to do. */
static bool has_sanitizers(void)
{
    for (int i = 0; i < BUILDS; i++)
        can[i] = can_build(i) || suite_skip(builds[i].compiler, builds[i].options);
    return true;
}

static void build(int i)
{
    struct shell shell;

    shell_run(&shell, "echo '%s' >x.c; %s %s -g -o x x.c", SOURCE_TEXT, builds[i].compiler,
              builds[i].options);
    ck_assert_msg(shell_status(&shell) == 0, "%s", shell.err);
}

TEST_OPTIONS(IN_SANDBOX);

LOOP_TEST(an_engine_with_a_sanitizer_runs_and_is_heard, BUILDS, .needs = has_sanitizers)
{
    static const char *const ways[] = {"./x", "sh -c './x; exit $?'", "env A=b ./x"};
    struct shell shell;

    if (!can[_i])
        return;
    build(_i);
    for (int i = 0; i < 3; i++) {
        shell_run(&shell, "unset ASAN_OPTIONS; exec $IMDSHIM run -- %s", ways[i]);
        ck_assert_msg(shell_status(&shell) == 4, "%s", shell.err);
        assert_one_line(shell.err, "imdshim: x[");
    }
    shell_run(&shell, "unset ASAN_OPTIONS; $IMDSHIM exec --fd 3 -- ./x 3>events; cat events");
    ck_assert_int_eq(shell_count_lines(shell.out, " listening "), 1);
    ck_assert_str_eq(shell.err, "");
}

LOOP_TEST(its_address_sanitizer_still_finds_what_it_is_for, BUILDS, .needs = has_sanitizers)
{
    struct shell shell;

    if (!can[_i] || strstr(builds[_i].options, "address") == NULL)
        return;
    build(_i);
    shell_run(&shell, "unset ASAN_OPTIONS; exec $IMDSHIM run -q -- ./x wrong");
    ck_assert_int_ne(shell_status(&shell), 4);
    ck_assert_int_eq(shell_count_lines(shell.err, "ERROR: AddressSanitizer: heap-buffer"), 1);
}

LOOP_TEST(a_client_with_a_sanitizer_waits_for_the_engine, BUILDS, .needs = has_sanitizers)
{
    struct shell shell;

    if (!can[_i])
        return;
    build(_i);
    shell_run(&shell,
              "unset ASAN_OPTIONS; exec $IMDSHIM run -q -p 8888 -c './x connect 8888' -- "
              "$DOUBLES/gate-engine 0.0.0.0 8888 pause=100 listen serve=1");
    ck_assert_msg(shell_status(&shell) == 0, "%s", shell.err);
}

/* A user who wants the order verified sees the sanitizer's own line. */
TEST(what_the_user_says_to_the_sanitizer_stays)
{
    struct shell shell;

    shell_run(&shell, "export ASAN_OPTIONS=verify_asan_link_order=1; exec $IMDSHIM run -q -- "
                      "sh -c 'echo $ASAN_OPTIONS'");
    ck_assert_str_eq(shell.out, "verify_asan_link_order=1\n");
    shell_run(&shell, "export ASAN_OPTIONS=detect_leaks=0; exec $IMDSHIM run -q -- "
                      "sh -c 'echo $ASAN_OPTIONS'");
    ck_assert_str_eq(shell.out, "detect_leaks=0:verify_asan_link_order=0\n");
    shell_run(&shell,
              "unset ASAN_OPTIONS; exec $IMDSHIM run -q -c 'echo ${ASAN_OPTIONS-none}' --"
              " " ENGINE " listen=127.0.0.1 wait");
    ck_assert_str_eq(shell.out, "none\n");
}
