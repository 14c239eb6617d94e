/* What the kernel says of other processes: their sockets, and what they are. */
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "launcher/proc/proc_facts.h"
#include "tests/support/sandbox.h"
#include "tests/support/suite.h"
#include "tests/unit/proc/proc_child.h"

static struct proc_wanted wanted;
static char library[PATH_MAX], directory[PATH_MAX / 2], fifo[PATH_MAX];
static struct proc_facts facts;

static void enter(void)
{
    sandbox_enter();
    snprintf(library, sizeof library, "%s", getenv("LIBIMDSHIM"));
    snprintf(directory, sizeof directory, "%s", getenv("TMPDIR"));
    snprintf(fifo, sizeof fifo, "%s/fifo", directory);
    ck_assert_int_eq(mkfifo(fifo, 0600), 0);
    wanted = (struct proc_wanted){.library = library, .preload = library, .fifo = fifo};
    ck_assert_int_eq(stat(fifo, &wanted.fifo_status), 0);
    begin_children();
}

static void leave(void)
{
    end_children();
    sandbox_leave();
}

/* A shell that runs the command, which writes a line to descriptor 9 when it is ready. */
static void start_command(const char *command)
{
    child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        dup2(ready[1], 9);
        execl("/bin/sh", "sh", "-c", command, (char *)NULL);
        _exit(127);
    }
    wait_until_ready();
    usleep(50000); /* for an exec(2) that comes behind the line */
}

static void look_at(pid_t pid)
{
    ck_assert(proc_facts_read(pid, &wanted, &facts));
    ck_assert_int_eq(facts.pid, pid);
}

TEST_OPTIONS(.setup = enter, .teardown = leave, .timeout = 60);

TEST(nothing_is_known_of_a_zombie)
{
    siginfo_t info;

    start(do_nothing);
    kill(child, SIGKILL);
    ck_assert_int_eq(waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT), 0);
    ck_assert(!proc_facts_read(child, &wanted, &facts));
}

TEST(a_process_whose_first_thread_has_ended_is_known_as_well)
{
    start(end_main_thread);
    look_at(child);
    ck_assert_int_eq(facts.closed, NO);
    ck_assert_int_eq(facts.has_library, NO);
    ck_assert_int_eq(facts.sees_fifo, YES);
    ck_assert_int_ne(facts.preloads, NOT_KNOWN);
    ck_assert_str_ne(facts.exe, "");
}

/* It is in every environment. */
TEST(a_tcp_port_that_does_not_listen_is_no_way_to_report)
{
    start_command("export IMDSHIM_TCP=h:1:s:1.1.1.1; echo >&9; exec sleep 60");
    look_at(child);
    ck_assert_int_eq(facts.by_tcp, NO);
    ck_assert_int_eq(facts.has_channel, NO);
}

static const struct {
    const char *command;
    enum known has_library, preloads, has_channel, by_tcp, elsewhere;
} commands[] = {
    {"echo >&9; exec sleep 60", NO, NO, NO, NO, NOT_KNOWN},
    {"export LD_PRELOAD=$LIBIMDSHIM IMDSHIM_FIFO=/x; echo >&9; exec sleep 60", YES, YES, YES,
     NO, YES},
    {"export LD_PRELOAD=$LIBIMDSHIM; echo >&9; exec sleep 60", YES, YES, NO, NO, NOT_KNOWN},
    {"export LD_PRELOAD=$LIBIMDSHIM IMDSHIM_FD=7:1:1:0; echo >&9; exec sleep 60", YES, YES, YES,
     NO, YES},
    {"export LD_PRELOAD=$LIBIMDSHIM IMDSHIM_TCP=h:1:s:1.1.1.1; echo >&9; exec sleep 60", YES,
     YES, YES, YES, NOT_KNOWN},
    {"export LD_PRELOAD=$LIBIMDSHIM OMPI_IMDSHIM_FIFO=/x; echo >&9; exec sleep 60", YES, YES,
     YES, NO, YES},
    {"export LD_PRELOAD=/none/libimdshim.so 2>/dev/null; echo >&9; exec sleep 60", NO, YES, NO,
     NO, NOT_KNOWN},
    {"echo >&9; export LD_PRELOAD=$LIBIMDSHIM IMDSHIM_FIFO=/x; exec env -i sleep 60", NO, NO,
     NO, NO, NOT_KNOWN},
};

LOOP_TEST(the_library_and_its_variables_are_seen, COUNT(commands))
{
    wanted.hears_tcp = true;
    start_command(commands[_i].command);
    look_at(child);
    ck_assert_int_eq(facts.has_library, commands[_i].has_library);
    ck_assert_int_eq(facts.preloads, commands[_i].preloads);
    ck_assert_int_eq(facts.has_channel, commands[_i].has_channel);
    ck_assert_int_eq(facts.by_tcp, commands[_i].by_tcp);
    ck_assert_int_eq(facts.elsewhere, commands[_i].elsewhere);
    ck_assert_int_eq(facts.verdict, PREFLIGHT_FINE);
    ck_assert_int_eq(facts.secure, NO);
    ck_assert_int_eq(facts.sees_library, YES);
    ck_assert_int_eq(facts.sees_fifo, YES);
    ck_assert_int_eq(facts.own_mounts, NO);
    ck_assert_uint_eq(facts.port_count, 0);
}

TEST(a_program_that_was_removed_since_keeps_its_name)
{
    start_command("cp /bin/sleep gmx; echo >&9; exec ./gmx 60");
    ck_assert_int_eq(unlink("gmx"), 0);
    look_at(child);
    ck_assert_str_eq(facts.exe, "gmx");
}

/* Its own file is the dynamic linker's, which is static; the program is not named anywhere. */
TEST(a_program_that_the_linker_was_told_to_run_is_not_called_static)
{
    start_command("linker=$(ldd /bin/sleep | sed -n 's,[^/]*\\(/[^ ]*ld-[^ ]*\\).*,\\1,p');"
                  "echo >&9; exec $linker /bin/sleep 60");
    look_at(child);
    ck_assert_int_eq(facts.verdict, PREFLIGHT_FINE);
    ck_assert_int_eq(facts.has_library, NO);
}

static int listen_on_any_port(void)
{
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    return fd >= 0 && listen(fd, 1) == 0 ? fd : -1;
}

static unsigned port_of(int fd)
{
    struct sockaddr_in address = {.sin_port = 0};
    socklen_t length = sizeof address;

    ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&address, &length), 0);
    return ntohs(address.sin_port);
}

static void listen_twice(void)
{
    int fd = listen_on_any_port(), six = socket(AF_INET6, SOCK_STREAM, 0);

    if (fd < 0 || dup(fd) < 0 || (six >= 0 && listen(six, 1) != 0))
        _exit(1);
}

TEST(the_ports_on_which_a_process_listens_are_seen_once_each)
{
    start(listen_twice);
    look_at(child);
    ck_assert_uint_ge(facts.port_count, 1);
    ck_assert_uint_le(facts.port_count, 2);
    ck_assert_uint_ne(facts.ports[0], 0);
}

/* It was open before the run, and every process of the run has it. */
TEST(a_listener_that_we_have_too_is_none_of_the_processs)
{
    int fd = listen_on_any_port();

    start(do_nothing);
    look_at(child);
    ck_assert_uint_eq(facts.port_count, 1);
    ck_assert_uint_eq(facts.ports[0], port_of(fd));
    proc_sockets_read("/proc/self", &wanted.inherited);
    look_at(child);
    ck_assert_uint_eq(facts.port_count, 0);
    close(fd);
}

static bool is_root(void)
{
    return geteuid() == 0 ||
           suite_skip("processes elsewhere", "only root can mount and be another user");
}

static void hide_fifo(void)
{
    if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
        mount("none", directory, "tmpfs", 0, NULL) != 0)
        _exit(1);
}

TEST(a_fifo_that_a_mount_hides_is_not_seen, .needs = is_root)
{
    start(hide_fifo);
    look_at(child);
    ck_assert_int_eq(facts.sees_fifo, NO);
    ck_assert_int_eq(facts.sees_library, YES);
    ck_assert_int_eq(facts.own_mounts, YES);
}

static void replace_fifo(void)
{
    hide_fifo();
    if (mkfifo(fifo, 0600) != 0)
        _exit(1);
}

TEST(another_fifo_of_that_name_is_not_ours, .needs = is_root)
{
    start(replace_fifo);
    look_at(child);
    ck_assert_int_eq(facts.sees_fifo, NO);
}

static void change_root(void)
{
    if (chroot(directory) != 0)
        _exit(1);
}

TEST(what_is_not_below_its_root_is_not_seen, .needs = is_root)
{
    start(change_root);
    look_at(child);
    ck_assert_int_eq(facts.sees_fifo, NO);
    ck_assert_int_eq(facts.sees_library, NO);
    ck_assert_int_eq(facts.own_mounts, NO);
}

static void be_nobody(void)
{
    if (setgid(65534) != 0 || setuid(65534) != 0)
        _exit(1);
}

TEST(a_process_that_is_stopped_is_known_to_be)
{
    int status;

    start(do_nothing);
    look_at(child);
    ck_assert(!facts.stopped);
    kill(child, SIGSTOP);
    ck_assert_int_eq(waitpid(child, &status, WUNTRACED), child);
    look_at(child);
    ck_assert(facts.stopped);
}

/* The FIFO is in a directory of ours alone. */
TEST(a_process_that_has_become_another_users_may_not_report, .needs = is_root)
{
    start(do_nothing);
    look_at(child);
    ck_assert_int_eq(facts.may_report, YES);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    start(be_nobody);
    look_at(child);
    ck_assert_int_eq(facts.may_report, NO);
}

/* We are another user than the process then. */
TEST(a_process_of_another_user_is_closed_and_all_else_not_known, .needs = is_root)
{
    int status;
    pid_t looker;

    start(do_nothing);
    looker = fork();
    if (looker == 0) {
        be_nobody();
        _exit(!(proc_facts_read(child, &wanted, &facts) && facts.closed == YES &&
                facts.uid == 0 && facts.exe[0] != '\0' && facts.has_library == NOT_KNOWN &&
                facts.preloads == NOT_KNOWN && facts.sees_fifo == NOT_KNOWN &&
                facts.own_mounts == NOT_KNOWN));
    }
    ck_assert_int_eq(waitpid(looker, &status, 0), looker);
    ck_assert_int_eq(status, 0);
}
