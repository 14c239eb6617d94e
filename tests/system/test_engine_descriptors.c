/* Descriptors: none of ours lives in an engine, and no port number lands in its files. */
#include "tests/system/support/engine_events.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shim/wire/sys.h"

static const char *const closings[] = {"close-from=3", "close-from=0", "close-range=3",
                                       "close-range=0"};

#define ENGINE "$DOUBLES/engine "
#define LISTENS "listen=127.0.0.1 wait port=port"

static int open_new_fifo(void)
{
    int fd;

    ck_assert_int_eq(mkfifo("fifo", 0600), 0);
    fd = open("fifo", O_RDWR | O_NONBLOCK | O_CLOEXEC);
    ck_assert_int_ge(fd, 0);
    return fd;
}

TEST_OPTIONS(IN_SANDBOX);

LOOP_TEST(an_engine_that_closes_all_descriptors_is_heard_through_a_fifo, 4)
{
    struct shell shell;
    char expected[32] = "", lines[4096] = "";
    int fifo = open_new_fifo();

    shell_run(&shell, "exec $IMDSHIM exec --fifo fifo -- " ENGINE "%s " LISTENS, closings[_i]);
    engine_ended_well(&shell);
    ck_assert_int_gt(read(fifo, lines, sizeof lines - 1), 0);
    close(fifo);
    shell_run(&shell, "cat port");
    snprintf(expected, sizeof expected, "%d listening ", atoi(shell.out));
    ck_assert_ptr_eq(strstr(lines, expected), lines);
}

LOOP_TEST(an_engine_that_closes_all_descriptors_says_nothing_to_a_descriptor, 4)
{
    struct shell shell;

    shell_run(&shell, EXEC ENGINE "%s " LISTENS " 9>events", closings[_i]);
    engine_ended_well(&shell);
    ck_assert_str_eq(shell.out, "");
    ck_assert_str_eq(shell.err, "");
    shell_run(&shell, "cat events port");
    ck_assert_int_eq(engine_count(&shell, EVENT_LISTENING), 0);
    ck_assert_int_gt(atoi(shell.out), 0);
}

TEST(a_file_in_place_of_the_descriptor_stays_whole)
{
    struct shell shell;

    shell_run(&shell,
              "echo trajectory >data; " EXEC_VERBOSE ENGINE "data-over=9 " LISTENS " 9>&1");
    engine_ended_well(&shell);
    ck_assert_int_eq(engine_count(&shell, EVENT_LOADED), 1);
    ck_assert_int_eq(engine_count(&shell, EVENT_LISTENING), 0);
    shell_run(&shell, "cat data");
    ck_assert_str_eq(shell.out, "trajectory\n");
}

static bool files_have_a_time_of_birth(void)
{
    char path[] = "/tmp/imdshim-test.XXXXXX";
    int fd = mkstemp(path);
    bool known = fd >= 0 && sys_birth(fd) != 0;

    if (fd >= 0) {
        close(fd);
        unlink(path);
    }
    return known || suite_skip("a new file with an old number", "/tmp has no times of birth");
}

/*
 * Most file systems give the number of a removed file to the next new one. The times that they
 * note may be 10 ms apart, CONFIG_HZ: the new file comes later than that.
 */
TEST(a_new_file_with_the_number_of_a_removed_one_stays_whole,
     .needs = files_have_a_time_of_birth)
{
    struct shell shell;

    shell_run(&shell,
              "exec " EXEC "sh -c 'n=$(stat -c %%i events); rm events; exec 9>&-; sleep "
              "0.05; for i in $(seq 300); do exec 9>data.$i; [ $(stat -c %%i data.$i) = $n ] "
              "&& break; done; echo trajectory >&9; exec $DOUBLES/engine gmx 0' 9>events");
    engine_ended_well(&shell);
    shell_run(&shell, "cat data.*");
    ck_assert_str_eq(shell.out, "trajectory\n");
}

TEST(a_file_put_in_place_of_the_descriptor_at_any_moment_stays_whole)
{
    struct shell shell;

    for (int i = 0; i < 5; i++) {
        shell_run(&shell,
                  "echo trajectory >data; " EXEC_VERBOSE "$DOUBLES/threads race 9 9>events");
        engine_ended_well(&shell);
        shell_run(&shell, "cat data");
        ck_assert_str_eq(shell.out, "trajectory\n");
    }
}

#define LISTS LISTENS " descriptors"

TEST(an_engine_has_the_descriptors_that_it_would_have)
{
    struct shell without, with;

    shell_run(&without, "exec 9>events; exec " ENGINE LISTS);
    shell_run(&with, "exec 9>events; exec " EXEC_VERBOSE ENGINE LISTS);
    engine_ended_well(&with);
    ck_assert_str_eq(with.out, without.out);
    shell_run(&with, "cat events");
    ck_assert_int_eq(engine_count(&with, EVENT_READY), 1);
    shell_run(&with, "mkfifo fifo; exec 8<>fifo 9>events; exec 7>&8; "
                     "exec $IMDSHIM exec --fifo fifo -- " ENGINE LISTS " 7>&- 8>&-");
    ck_assert_str_eq(with.out, without.out);
}

#define LIMITED "tcp no-more bind=127.0.0.1/0 listen none-left"

TEST(an_engine_without_a_descriptor_to_spare_can_listen)
{
    struct shell shell;
    int fifo = open_new_fifo();

    shell_run(&shell, EXEC ENGINE LIMITED " 9>events");
    engine_ended_well(&shell);
    shell_run(&shell, "exec $IMDSHIM exec --fifo fifo -- " ENGINE LIMITED);
    engine_ended_well(&shell);
    close(fifo);
}

/* The kernel sends SIGXFSZ for a write past the limit. 2 blocks are 1024 bytes. */
TEST(a_file_at_its_size_limit_ends_no_engine)
{
    struct shell shell;

    shell_run(&shell, "head -c 1024 /dev/zero >events; ulimit -f 2; exec " EXEC
                      "$DOUBLES/engine gmx 0 9>>events");
    engine_ended_well(&shell);
}

static bool is_root(void)
{
    return geteuid() == 0 ||
           suite_skip("an engine that may not be read", "only root can make one");
}

/* Such a process may not look into its own /proc, nor open its descriptors again. */
TEST(an_engine_that_may_not_be_read_is_heard, .needs = is_root)
{
    struct shell shell;

    shell_run(&shell,
              "chmod 755 . && mkdir -p bin lib/imdshim && cp " BARE_LAUNCHER " bin && cp "
              "$LIBIMDSHIM lib/imdshim && cp $DOUBLES/engine secret && chmod 711 secret && "
              "exec setpriv --reuid=65534 --regid=65534 --clear-groups bin/imdshim exec --fd 9 "
              "-- ./secret gmx 0" EVENTS_TO_OUT);
    engine_told_its_port(&shell);
}

TEST(a_thread_with_a_table_of_its_own_is_heard_and_files_stay_whole)
{
    struct shell shell;

    shell_run(&shell, "exec 8>&1; mkfifo fifo; exec 9<>fifo; "
                      "$IMDSHIM exec --fd 9 -- $DOUBLES/threads own-table >&2 && "
                      "timeout 5 head -n 1 <&9 >&8; test ! -s trajectory");
    engine_ended_well(&shell);
    ck_assert_int_eq(engine_count(&shell, EVENT_LISTENING), 1);
    ck_assert_int_eq(shell_count_lines(shell.out, "\n"), 1);
}
