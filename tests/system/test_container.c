/*
 * An engine in a container, the command as it is typed. The containers' roots have the engine and
 * its libraries, and nothing of ours; bwrap(1) is itself, apptainer and singularity are
 * stand-ins with their documented rules.
 */
#include "tests/support/suite.h"

#include "tests/system/support/launcher.h"

static struct shell shell;

/* Roots and stand-ins for a test's command. */
#define ROOTS ". \"$SOURCE/tests/support/containers.sh\"; root root;"

/* The connection ends with the engine. */
#define PODMAN_RUN "$PODMAN run $LIMITS --rm "
#define NSPAWN_OF(root) "systemd-nspawn -q -P --register=no --keep-unit -D " root " "
#define NSPAWN NSPAWN_OF("root")
#define SERVE " listen=0.0.0.0 wait accept exit=4"
#define CLIENT "-c '$DOUBLES/engine client $IMD_PORT && echo served' "

/* Programs that are there but may not make namespaces are none. */
static bool works(const char *command, const char *what)
{
    return system(command) == 0 || suite_skip(what, "it is not installed, or may not make any");
}

static bool has_bwrap(void)
{
    return works("bwrap --bind / / true 2>/dev/null", "containers of bwrap");
}

/* The same with a root as the tests have it, in a folder that goes again. */
#define IN_A_FOLDER(command)                                                                   \
    "folder=$(mktemp -d) && cd $folder && { " ROOTS command                                    \
    " >/dev/null 2>&1; status=$?; cd /;"                                                       \
    "rm -rf $folder; exit $status; }"

static bool has_chrun(void)
{
    return works(IN_A_FOLDER("USER=u ch-run root -- /bin/engine"),
                 "containers of charliecloud");
}

static bool has_nspawn(void)
{
    return works(IN_A_FOLDER(NSPAWN "/bin/engine"), "containers of systemd-nspawn");
}

static bool has_podman(void)
{
    return works(IN_A_FOLDER("podman_here; " PODMAN_RUN "--rootfs $PWD/root /bin/engine"),
                 "containers of podman");
}

static bool has_musl(void)
{
    return has_bwrap() && suite_has_program("musl-gcc", "a container with musl");
}

static void assert_ended_with(int status)
{
    ck_assert_msg(shell_status(&shell) == status, "status %d:\n%s%s", shell_status(&shell),
                  shell.out, shell.err);
}

static void assert_served(void)
{
    assert_ended_with(4);
    ck_assert_msg(shell_count_lines(shell.err, "imdshim: ") == 1, "%s", shell.err);
    ck_assert_int_eq(shell_count_lines(shell.err, " listens on "), 1);
    ck_assert_str_eq(shell.out, "served\n");
}

/* ---- bwrap and apptainer, roots with this machine's C library ---- */

#define BWRAP "bwrap --bind root / --dev /dev --proc /proc "
#define BWRAP_READ_ONLY "bwrap --ro-bind root / --dev /dev --proc /proc "

static const char *const commands[] = {
    BWRAP "/bin/engine",
    BWRAP_READ_ONLY "-- /bin/engine",
    BWRAP "--tmpfs /tmp /bin/engine",
    BWRAP "--clearenv /bin/engine",
    BWRAP "--unshare-pid --unshare-uts --hostname elsewhere /bin/engine",
    "bwrap --dev-bind / / --tmpfs /tmp --tmpfs /var --bind $PWD $PWD $PWD/root/bin/engine",
    "env -u X A=b nice " BWRAP_READ_ONLY "/bin/engine",
    "sh -c 'exec \"$@\"' sh apptainer exec root /bin/engine",
    "apptainer exec root /bin/engine",
    "apptainer exec --cleanenv root /bin/engine",
    "apptainer exec --contain root /bin/engine",
    "apptainer exec -C root /bin/engine",
    "singularity run -e -c root /bin/engine",
    "sh -c 'apptainer -q exec -C root /bin/engine \"$@\"' sh",
};

TEST_OPTIONS(IN_SANDBOX, .needs = has_bwrap);

LOOP_TEST(a_container_as_typed_has_its_engine_heard_and_its_client_served, COUNT(commands))
{
    shell_run(&shell, ROOTS "$IMDSHIM run " CLIENT "-- %s" SERVE, commands[_i]);
    assert_served();
}

/* The client goes to the port that it was told, and is led to the one that is free. */
LOOP_TEST(a_container_as_typed_takes_a_port_of_its_own, COUNT(commands))
{
    shell_run(&shell,
              ROOTS "$IMDSHIM run -p 8888 -c '$DOUBLES/engine client 8888 && echo served'"
                    " -- %s listen=0.0.0.0/8888 wait accept exit=4",
              commands[_i]);
    assert_served();
}

/* The library and the FIFO have other paths in there than here, and nothing is wrong with that. */
TEST(an_engine_in_a_container_may_take_its_time)
{
    shell_run(&shell, ROOTS "$IMDSHIM run " CLIENT "-- " BWRAP_READ_ONLY
                            "/bin/engine pause=3500" SERVE);
    assert_served();
}

/* As it was: bwrap makes directories where it mounts something. */
TEST(nothing_is_left_in_the_users_image)
{
    shell_run(&shell,
              ROOTS "ls -R root >before; $IMDSHIM run -q -- " BWRAP "/bin/engine exit=3;"
                    "$IMDSHIM run -q -- apptainer exec -C root /bin/engine exit=3;"
                    "ls -R root >after; cmp before after");
    assert_ended_with(0);
}

#define MUSL "musl_root musl;"

static const char *const musl_commands[] = {
    "bwrap --ro-bind musl / --dev /dev --proc /proc /bin/engine",
    "apptainer exec -C musl /bin/engine",
};

LOOP_TEST(a_container_with_musl_has_its_engine_heard_too, COUNT(musl_commands),
          .needs = has_musl)
{
    shell_run(&shell, ROOTS MUSL "$IMDSHIM run " CLIENT "-- %s" SERVE, musl_commands[_i]);
    assert_served();
}

TEST(exec_brings_the_fifo_and_a_descriptor_into_a_container)
{
    shell_run(&shell,
              ROOTS "exec $IMDSHIM exec --fd 9 -- " BWRAP "/bin/engine listen=127.0.0.1 9>&1");
    ck_assert_int_eq(shell_count_lines(shell.out, " listening "), 1);
    shell_run(&shell, ROOTS "mkdir private; mkfifo -m 600 private/fifo; cat private/fifo &"
                            "$IMDSHIM exec --fifo private/fifo -- " BWRAP
                            "/bin/engine listen=127.0.0.1; wait");
    ck_assert_int_eq(shell_count_lines(shell.out, " listening "), 1);
}

/* ---- where the library cannot be ---- */

/* What the engine does is seen from outside then, and nothing has to be there. */
static const char *const closed[] = {
    "bwrap --ro-bind root / /bin/engine",
    "bwrap --ro-bind root / --unshare-pid --clearenv /bin/engine",
};

static bool has_notification(void)
{
    return has_bwrap() && works("$IMDSHIM run -q --backend notify -- true 2>/dev/null",
                                "containers and user notification");
}

LOOP_TEST(a_container_with_no_place_for_the_library_is_served_by_notification, COUNT(closed),
          .needs = has_notification)
{
    shell_run(&shell, ROOTS "$IMDSHIM run " CLIENT "-- %s" SERVE, closed[_i]);
    assert_served();
}

TEST(a_container_with_no_place_for_the_library_is_told_before_it_starts)
{
    shell_run(&shell, ROOTS
              "$IMDSHIM run --backend preload -- bwrap --ro-bind root / /bin/engine exit=5");
    assert_ended_with(5);
    ck_assert_int_eq(shell_count_lines(shell.err, "imdshim: bwrap: "), 1);
    ck_assert_int_eq(strncmp(shell.err, "imdshim: bwrap: ", 16), 0);
    ck_assert(strstr(shell.err, "--dev /dev") != NULL);
}

static void assert_cut_off(void)
{
    assert_ended_with(125);
    ck_assert_int_eq(shell_count_lines(shell.err, "network namespace of its own"), 1);
    ck_assert(!exists("client"));
}

static const char *const cut_off[] = {BWRAP "--unshare-net /bin/engine",
                                      "apptainer exec --net root /bin/engine"};

LOOP_TEST(an_engine_in_a_network_of_its_own_is_told_and_no_client_is_started, COUNT(cut_off))
{
    shell_run(&shell, ROOTS "$IMDSHIM run -c '>client' -- %s" SERVE, cut_off[_i]);
    assert_cut_off();
}

static const struct {
    const char *command, *says;
    int status;
} checks[] = {
    {"apptainer exec img gmx", "APPTAINER_BIND", 0},
    {"singularity exec img gmx", "APPTAINER_BIND", 0},
    {"bwrap --bind / / gmx", "--ro-bind-try", 0},
    {"bwrap --ro-bind root / gmx", "--dev /dev", 1},
    {"bwrap --nosuch gmx", "'--nosuch'", 1},
    {"nosuch exec img", "too much", 125},
};

LOOP_TEST(check_says_how_the_library_gets_into_a_container, COUNT(checks))
{
    shell_run(&shell, ROOTS "exec $IMDSHIM check %s", checks[_i].command);
    assert_ended_with(checks[_i].status);
    ck_assert_int_eq(shell_count_lines(shell.out, "\n") + shell_count_lines(shell.err, "\n"),
                     1);
    ck_assert(strstr(shell.out, checks[_i].says) != NULL ||
              strstr(shell.err, checks[_i].says) != NULL);
}

/* ---- charliecloud ---- */

TEST_OPTIONS(IN_SANDBOX, .needs = has_chrun);

static const char *const chruns[] = {"ch-run root -- /bin/engine",
                                     "ch-run --unset-env='*' root -- /bin/engine",
                                     "ch-run -v -c /tmp root -- /bin/engine"};

LOOP_TEST(a_container_of_charliecloud_as_typed_is_served, COUNT(chruns))
{
    shell_run(&shell, ROOTS "export USER=u; $IMDSHIM run " CLIENT "-- %s" SERVE, chruns[_i]);
    assert_ended_with(4);
    ck_assert_str_eq(shell.out, "served\n");
}

TEST(an_engine_in_a_container_of_charliecloud_may_take_its_time)
{
    shell_run(&shell, ROOTS "export USER=u; $IMDSHIM run " CLIENT
                            "-- ch-run root -- /bin/engine pause=3500" SERVE);
    assert_served();
}

TEST(a_container_of_charliecloud_with_musl_is_served, .needs = has_musl)
{
    shell_run(&shell, ROOTS MUSL "export USER=u; $IMDSHIM run " CLIENT
                                 "-- ch-run musl -- /bin/engine" SERVE);
    assert_served();
}

TEST(a_container_of_charliecloud_with_a_tmp_of_its_own_is_served_by_notification,
     .needs = has_notification)
{
    shell_run(&shell, ROOTS "export USER=u; $IMDSHIM run " CLIENT
                            "-- ch-run -t root -- /bin/engine" SERVE);
    assert_served();
}

TEST(a_container_of_charliecloud_with_a_tmp_of_its_own_is_told)
{
    shell_run(&shell,
              ROOTS "export USER=u; $IMDSHIM run --backend preload -- ch-run -t root -- "
                    "/bin/engine exit=5");
    assert_ended_with(5);
    ck_assert_int_eq(shell_count_lines(shell.err, "leave --private-tmp out"), 1);
}

/* ---- systemd-nspawn ---- */

TEST_OPTIONS(IN_SANDBOX, .needs = has_nspawn);

static const char *const nspawns[] = {NSPAWN "/bin/engine", NSPAWN "--read-only /bin/engine",
                                      NSPAWN "-E A=b -- /bin/engine"};

/* It has a host name of its own, and says things about its own clearing up. */
LOOP_TEST(a_container_of_systemd_nspawn_as_typed_is_served, COUNT(nspawns))
{
    shell_run(&shell,
              ROOTS "ls -R root >before; $IMDSHIM run " CLIENT "-- %s" SERVE
                    "; status=$?; ls -R root/run >after; [ ! -s root/run/imdshim ] && "
                    "exit $status",
              nspawns[_i]);
    assert_ended_with(4);
    ck_assert_str_eq(shell.out, "served\n");
}

TEST(a_container_of_systemd_nspawn_with_musl_is_served, .needs = has_musl)
{
    shell_run(&shell,
              ROOTS MUSL "$IMDSHIM run " CLIENT "-- " NSPAWN_OF("musl") "/bin/engine" SERVE);
    assert_ended_with(4);
    ck_assert_str_eq(shell.out, "served\n");
}

TEST(a_container_of_systemd_nspawn_with_its_own_network_is_told)
{
    shell_run(&shell, ROOTS "$IMDSHIM run -c '>client' -- " NSPAWN
                            "--private-network /bin/engine" SERVE);
    assert_cut_off();
}

TEST(a_container_of_systemd_nspawn_with_other_users_is_told)
{
    shell_run(&shell, ROOTS "$IMDSHIM check " NSPAWN "-U /bin/engine");
    assert_ended_with(1);
    ck_assert(strstr(shell.out, "another user") != NULL);
}

/* ---- podman ---- */

TEST_OPTIONS(IN_SANDBOX, .needs = has_podman);

/* imdshim is the shell's child, and podman is imdshim's. */
static pid_t podman_of(const struct shell *run)
{
    pid_t launcher, podman;

    ck_assert_int_eq(process_children(run->pid, &launcher, 1), 1);
    ck_assert_int_eq(process_children(launcher, &podman, 1), 1);
    return podman;
}

#define PODMAN_ROOT ROOTS "podman_here;"

TEST(a_container_of_podman_as_typed_is_served)
{
    shell_run(&shell, PODMAN_ROOT "$IMDSHIM run " CLIENT "-- " PODMAN_RUN
                                  "--rootfs $PWD/root /bin/engine" SERVE);
    assert_served();
}

/*
 * Nor are its processes below podman: what is has a cleared environment, and prepares the
 * container. It is looked at after 0.3, 1 and 3 seconds.
 */
LOOP_TEST(an_engine_in_a_container_of_podman_may_take_its_time, 3)
{
    static const char *const times[][2] = {{"0", "3500"}, {"1.1", "3500"}, {"3.5", "0"}};

    shell_run(&shell,
              PODMAN_ROOT "slow_runtime %s; $IMDSHIM run " CLIENT "-- " PODMAN_RUN
                          "--rootfs $PWD/root /bin/engine pause=%s" SERVE,
              times[_i][0], times[_i][1]);
    assert_served();
}

TEST(a_container_of_podman_with_musl_is_served, .needs = has_musl)
{
    shell_run(&shell, PODMAN_ROOT MUSL "$IMDSHIM run " CLIENT "-- " PODMAN_RUN
                                       "--rootfs $PWD/musl /bin/engine" SERVE);
    assert_served();
}

TEST(a_container_of_podman_with_its_own_network_is_told_and_ended)
{
    shell_run(&shell, PODMAN_ROOT "$IMDSHIM run -c '>client' -- " PODMAN_RUN
                                  "--network=none --rootfs $PWD/root /bin/engine" SERVE
                                  "; status=$?; $PODMAN ps -q; exit $status");
    ck_assert_str_eq(shell.out, "");
    assert_cut_off();
}

#define NO_CONTAINER_LEFT                                                                      \
    "status=$?; $PODMAN ps -aq >left; [ ! -s left ] || exit 99; exit $status"

/* It is killed without the container, which is none of its descendants. */
TEST(a_container_that_outlives_podman_is_ended)
{
    shell_start(&shell, PODMAN_ROOT
                "$IMDSHIM run -- " PODMAN_RUN
                "--rootfs $PWD/root /bin/engine listen=0.0.0.0 sleep=50;" NO_CONTAINER_LEFT);
    ck_assert(shell_wait_for_err(&shell, "listens on"));
    kill(podman_of(&shell), SIGKILL);
    shell_finish(&shell);
    assert_ended_with(128 + SIGKILL);
}

/* podman may get its signal before it passes any on. */
TEST(a_container_whose_client_fails_is_ended)
{
    shell_run(&shell, PODMAN_ROOT "$IMDSHIM run -c 'exit 7' -- " PODMAN_RUN
                                  "--rootfs $PWD/root /bin/engine listen=0.0.0.0 wait "
                                  "sleep=50; " NO_CONTAINER_LEFT);
    assert_ended_with(7);
}
