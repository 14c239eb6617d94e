/*
 * A command and an environment in, a command and an environment out: what is added for each
 * runtime, where, and when nothing is.
 */
#include "launcher/container/plan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/suite.h"

enum { WORDS = 64, LINE = 8192 };

#define PRELOAD "/opt/l/libimdshim.so"
#define FIFO "/tmp/imdshim-7/n1.42.9"

static bool nothing_exists(const char *path)
{
    (void)path;
    return false;
}

static bool all_exists(const char *path)
{
    (void)path;
    return true;
}

static struct container_needs needs(void)
{
    return (struct container_needs){.library = PRELOAD,
                                    .preload = PRELOAD,
                                    .fifo = FIFO,
                                    .copy = "/tmp/imdshim-7/copy.so",
                                    .name = "imdshim-n1",
                                    .init_is_here = true,
                                    .exists = nothing_exists};
}

/* Words are parted by blanks here. */
static const char *const *split(const char *line, char text[LINE], const char *words[WORDS])
{
    size_t count = 0;

    snprintf(text, LINE, "%s", line);
    for (char *word = strtok(text, " "); word != NULL; word = strtok(NULL, " "))
        words[count++] = word;
    words[count] = NULL;
    return words;
}

static const char *join(const struct words *words, char line[LINE])
{
    line[0] = '\0';
    for (size_t i = 0; i < words->count; i++) {
        strcat(line, i > 0 ? " " : "");
        strcat(line, words->list[i]);
    }
    return line;
}

/* The command's line; the container is left for further questions. */
static const char *plan(struct container *container, const char *command,
                        const char *environment, const struct container_needs *wanted)
{
    static char line[LINE];
    char text[LINE], variables[LINE];
    const char *words[WORDS], *pairs[WORDS];

    plan_make(container, split(command, text, words), split(environment, variables, pairs),
              wanted);
    return join(&container->command, line);
}

#define ENVIRONMENT "A=b LD_PRELOAD=" PRELOAD " IMDSHIM_FIFO=" FIFO " IMDSHIM_PORT=8888"

/* What is added for bwrap if the two directories are at P/lib and P/run in the container. */
#define BWRAP(lib, run)                                                                        \
    " --ro-bind-try /opt/l " lib " --bind-try /tmp/imdshim-7 " run " --setenv LD_PRELOAD " lib \
    "/libimdshim.so --setenv IMDSHIM_FIFO " run "/n1.42.9 --setenv IMDSHIM_PORT 8888"
#define BWRAP_AT(place) BWRAP(place "/imdshim/lib", place "/imdshim/run")
#define BWRAP_SAME BWRAP("/opt/l", "/tmp/imdshim-7")
#define PODMAN_BINDS " --volume=/opt/l:/opt/l:ro --volume=/tmp/imdshim-7:/tmp/imdshim-7"
#define PODMAN_VARIABLES                                                                       \
    " --env=LD_PRELOAD=" PRELOAD " --env=IMDSHIM_FIFO=" FIFO " --env=IMDSHIM_PORT=8888"
#define PODMAN PODMAN_BINDS PODMAN_VARIABLES " --network=host --init --name=imdshim-n1"
#define CHRUN                                                                                  \
    " --set-env=LD_PRELOAD=/tmp/imdshim-7/copy.so "                                            \
    "--set-env=IMDSHIM_FIFO=/tmp/imdshim-7/n1.42.9 --set-env=IMDSHIM_PORT=8888"
#define NSPAWN                                                                                 \
    " --bind-ro=/opt/l:/run/imdshim/lib --bind=/tmp/imdshim-7:/run/imdshim/run "               \
    "--setenv=LD_PRELOAD=/run/imdshim/lib/libimdshim.so "                                      \
    "--setenv=IMDSHIM_FIFO=/run/imdshim/run/n1.42.9 --setenv=IMDSHIM_PORT=8888"

/* "@" is where ours belongs. */
static const struct {
    const char *command, *ours;
} added[] = {
    {"bwrap --bind / /@ gmx mdrun", BWRAP_SAME},
    {"bwrap --ro-bind / /@ gmx", BWRAP_SAME},
    {"bwrap --ro-bind /img / --dev /dev@ gmx -v", BWRAP_AT("/dev")},
    {"bwrap --ro-bind /img / --dev /dev --tmpfs /tmp@ -- gmx", BWRAP_AT("/tmp")},
    {"bwrap --dev /dev --ro-bind /img / --tmpfs /x@ gmx", BWRAP_AT("/x")},
    {"bwrap --bind /img /@ gmx", BWRAP_SAME},
    {"bwrap --ro-bind /usr /usr --symlink usr/lib /lib@ gmx", BWRAP_AT("")},
    {"bwrap --tmpfs / --ro-bind /img/bin /bin --unshare-all --share-net@ gmx", BWRAP_AT("")},
    {"bwrap --bind / / --chdir / --setenv A -- --perms 0700 --dir /x@ gmx --bind a b",
     BWRAP_SAME},
    {"env A=b nice -n 5 /usr/bin/bwrap --bind / /@ gmx", BWRAP_SAME},
    {"mpirun -np 2 bwrap --bind / /@ gmx", BWRAP_SAME},
    {"podman run@ img gmx mdrun -d", PODMAN},
    {"podman run --rm -it --userns keep-id -w /w -v/a:/b@ img gmx", PODMAN},
    {"podman --root /s --log-level=debug container run@ img", PODMAN},
    {"/usr/bin/docker -H unix:///s.sock run -e A=b -eB --rm=true@ img gmx", PODMAN},
    {"docker container run --gpus all@ img gmx", PODMAN},
    {"nerdctl -n k8s.io run@ img gmx", PODMAN},
    {"sudo podman run@ img gmx", PODMAN},
    {"podman run --network host@ img",
     PODMAN_BINDS PODMAN_VARIABLES " --init --name=imdshim-n1"},
    {"podman run --net=none@ img", PODMAN_BINDS PODMAN_VARIABLES " --init --name=imdshim-n1"},
    {"podman run -p 8888:8888@ img", PODMAN_BINDS PODMAN_VARIABLES " --init --name=imdshim-n1"},
    {"podman run --pid=host --name x@ img", PODMAN_BINDS PODMAN_VARIABLES " --network=host"},
    {"podman run -d=false@ img gmx", PODMAN},
    {"podman run -v /x:/opt/l -v /tmp/imdshim-7:/tmp/imdshim-7:z@ img",
     PODMAN_VARIABLES " --network=host --init --name=imdshim-n1"},
    {"ch-run@ /img -- gmx -b x", CHRUN},
    {"ch-run -w -b /a:/b --set-env=A=b --unset-env=*@ img -- gmx", CHRUN},
    {"ch-run --set-env -c /w@ img -- gmx", CHRUN},
    {"systemd-nspawn -q -D /img --bind=/a@ gmx", NSPAWN},
    {"systemd-nspawn -qD /img@ -- gmx", NSPAWN},
    {"systemd-nspawn --private-users=no -M m@ gmx", NSPAWN},
};

LOOP_TEST(ours_stands_behind_the_users_own_options, COUNT(added))
{
    struct container_needs wanted = needs();
    struct container container;
    const char *at = strchr(added[_i].command, '@');
    char command[LINE], expected[LINE];

    snprintf(command, sizeof command, "%.*s%s", (int)(at - added[_i].command),
             added[_i].command, at + 1);
    snprintf(expected, sizeof expected, "%.*s%s%s", (int)(at - added[_i].command),
             added[_i].command, added[_i].ours, at + 1);
    ck_assert_str_eq(plan(&container, command, ENVIRONMENT, &wanted), expected);
    ck_assert_int_eq(container.means, CONTAINER_ARGUMENTS);
    container_free(&container);
}

/* The command is as it was, and a line says what to do. */
static const struct {
    const char *command, *says;
} told[] = {
    {"bwrap --ro-bind /img / gmx", "read-only"},
    {"bwrap --ro-bind /img / --dev /dev --remount-ro /dev gmx", "read-only"},
    {"bwrap --ro-bind /img / --dev /dev --bind /y /dev gmx", "read-only"},
    {"bwrap --args 9 gmx", "'--args'"},
    {"bwrap --bind a", "'--bind'"},
    {"bwrap --bind=a b c", "'--bind=a'"},
    {"podman run --new-option x img", "'--new-option'"},
    {"podman run -itZ img", "'-itZ'"},
    {"podman run -v", "'-v'"},
    {"podman run -d img", "-d"},
    {"podman run -itd img", "-d"},
    {"docker run --detach img", "-d"},
    {"podman --remote run img", "another host"},
    {"docker -H tcp://h:1 run img", "another host"},
    {"docker --context c run img", "another host"},
    {"podman exec -it --new-option c gmx", "'run'"},
    {"podman container start -a c", "'run'"},
    {"docker compose run service gmx", "'run'"},
    {"srun podman run img gmx", "another host"},
    {"ch-run --private-tmp img -- gmx", "--private-tmp"},
    {"ch-run -wt img -- gmx", "--private-tmp"},
    {"ch-run --nosuch img -- gmx", "'--nosuch'"},
    {"systemd-nspawn -b -D x", "--boot"},
    {"systemd-nspawn -U -D x gmx", "another user"},
    {"systemd-nspawn --user=u gmx", "another user"},
    {"systemd-nspawn --nosuch gmx", "'--nosuch'"},
    {"enroot start img gmx", "--mount"},
    {"shifter --image=x gmx", "--volume"},
    {"sarus run img gmx", "LIBRARY"},
};

LOOP_TEST(where_nothing_is_certain_nothing_is_changed_and_it_is_said, COUNT(told))
{
    struct container_needs wanted = needs();
    struct container container;
    char environment[LINE];

    ck_assert_str_eq(plan(&container, told[_i].command, ENVIRONMENT, &wanted),
                     told[_i].command);
    ck_assert_str_eq(join(&container.environment, environment), ENVIRONMENT);
    ck_assert_int_eq(container.means, CONTAINER_TOLD);
    ck_assert_uint_eq(container.kill.count, 0);
    ck_assert_msg(strstr(container.text, told[_i].says) != NULL, "%s", container.text);
    container_free(&container);
}

static const char *const others[] = {
    "gmx mdrun",
    "gmx podman run x",
    "podman ps",
    "docker",
    "podman --nosuch",
    "podman container",
    "env",
    "podman run.log",
    "ls bwrap",
    "imdshim run -- podman run img gmx",
    "sh -c x",
    "mpirun -np 2 gmx",
    "timeout 60 gmx bwrap",
    "./bwrap.sh --bind / / gmx",
};

LOOP_TEST(a_command_that_starts_no_container_is_left_alone, COUNT(others))
{
    struct container_needs wanted = needs();
    struct container container;
    char environment[LINE];

    ck_assert_str_eq(plan(&container, others[_i], ENVIRONMENT, &wanted), others[_i]);
    ck_assert_str_eq(join(&container.environment, environment), ENVIRONMENT);
    ck_assert_int_eq(container.means, CONTAINER_NONE);
    container_free(&container);
}

/* ---- apptainer ---- */

static const char *variable(const struct container *container, const char *name)
{
    const char *value = words_value((const char *const *)container->environment.list, name);

    return value != NULL ? value : "(none)";
}

static const char *const apptainers[] = {"apptainer exec img gmx", "singularity run -e img",
                                         "/opt/bin/apptainer -d exec -C img gmx",
                                         "env A=b apptainer exec img gmx"};

LOOP_TEST(apptainer_gets_variables_and_its_command_line_is_left_alone, COUNT(apptainers))
{
    struct container_needs wanted = needs();
    struct container container;

    ck_assert_str_eq(plan(&container, apptainers[_i], ENVIRONMENT, &wanted), apptainers[_i]);
    ck_assert_int_eq(container.means, CONTAINER_VARIABLES);
    ck_assert_str_eq(variable(&container, "APPTAINER_BIND"),
                     "/opt/l:/opt/l:ro,/tmp/imdshim-7:/tmp/imdshim-7");
    ck_assert_str_eq(variable(&container, "SINGULARITY_BIND"),
                     variable(&container, "APPTAINER_BIND"));
    ck_assert_str_eq(variable(&container, "APPTAINERENV_LD_PRELOAD"), PRELOAD);
    ck_assert_str_eq(variable(&container, "APPTAINERENV_IMDSHIM_FIFO"), FIFO);
    ck_assert_str_eq(variable(&container, "SINGULARITYENV_IMDSHIM_PORT"), "8888");
    ck_assert_str_eq(variable(&container, "LD_PRELOAD"), PRELOAD);
    ck_assert_str_eq(variable(&container, "A"), "b");
    container_free(&container);
}

TEST(what_the_user_binds_and_preloads_in_apptainer_stays)
{
    struct container_needs wanted = needs();
    struct container container;

    plan(&container, "apptainer exec img gmx",
         "SINGULARITY_BIND=/a,/b APPTAINERENV_LD_PRELOAD=/x.so " ENVIRONMENT, &wanted);
    ck_assert_str_eq(variable(&container, "APPTAINER_BIND"),
                     "/a,/b,/opt/l:/opt/l:ro,/tmp/imdshim-7:/tmp/imdshim-7");
    ck_assert_str_eq(variable(&container, "SINGULARITY_BIND"),
                     variable(&container, "APPTAINER_BIND"));
    ck_assert_str_eq(variable(&container, "APPTAINERENV_LD_PRELOAD"), "/x.so:" PRELOAD);
    ck_assert_str_eq(variable(&container, "SINGULARITYENV_LD_PRELOAD"), "/x.so:" PRELOAD);
    container_free(&container);
}

/* apptainer would not start on a host where it is not: events come by TCP from there. */
TEST(the_fifo_is_not_bound_where_the_engine_may_start_on_another_host)
{
    static const char *const commands[] = {"srun apptainer exec img gmx", "./run.sh",
                                           "apptainer exec img gmx"};
    struct container_needs wanted = needs();
    struct container container;

    wanted.apptainer_is_here = true;
    for (int i = 0; i < COUNT(commands); i++) {
        wanted.leaves_host = i == 2;
        plan(&container, commands[i], ENVIRONMENT " IMDSHIM_TCP=secret", &wanted);
        ck_assert_str_eq(variable(&container, "APPTAINER_BIND"), "/opt/l:/opt/l:ro");
        ck_assert_str_eq(variable(&container, "APPTAINERENV_IMDSHIM_TCP"), "secret");
        container_free(&container);
    }
}

TEST(srun_carries_what_apptainer_needs_if_it_has_a_list)
{
    struct container_needs wanted = needs();
    struct container container;

    plan(&container, "srun apptainer exec img gmx",
         "LD_PRELOAD=" PRELOAD " SLURM_EXPORT_ENV=LD_PRELOAD", &wanted);
    ck_assert_str_eq(variable(&container, "SLURM_EXPORT_ENV"),
                     "LD_PRELOAD,APPTAINER_BIND,SINGULARITY_BIND,APPTAINERENV_LD_PRELOAD,"
                     "SINGULARITYENV_LD_PRELOAD");
    container_free(&container);
    plan(&container, "srun apptainer exec img gmx",
         "LD_PRELOAD=" PRELOAD " SLURM_EXPORT_ENV=ALL", &wanted);
    ck_assert_str_eq(variable(&container, "SLURM_EXPORT_ENV"), "ALL");
    container_free(&container);
}

/* It may call apptainer, where there is one. */
TEST(a_script_has_the_variables_if_apptainer_is_installed)
{
    struct container_needs wanted = needs();
    struct container container;

    wanted.apptainer_is_here = true;
    ck_assert_str_eq(plan(&container, "./run.sh", ENVIRONMENT, &wanted), "./run.sh");
    ck_assert_str_eq(variable(&container, "APPTAINERENV_LD_PRELOAD"), PRELOAD);
    container_free(&container);
}

/* The shell's line says what it starts. */
TEST(the_fifo_is_bound_if_a_line_for_the_shell_names_apptainer)
{
    static const char *const command[] = {"sh", "-c", "cd x && apptainer exec img gmx", NULL};
    static const char *const environment[] = {"LD_PRELOAD=" PRELOAD, "IMDSHIM_FIFO=" FIFO,
                                              NULL};
    struct container_needs wanted = needs();
    struct container container;

    wanted.apptainer_is_here = true;
    plan_make(&container, command, environment, &wanted);
    ck_assert_str_eq(variable(&container, "APPTAINER_BIND"),
                     "/opt/l:/opt/l:ro,/tmp/imdshim-7:/tmp/imdshim-7");
    container_free(&container);
}

TEST(a_path_that_cannot_stand_in_a_list_is_told)
{
    static const char *const paths[] = {"/a,b/libimdshim.so", "/a:b/libimdshim.so"};
    struct container_needs wanted = needs();
    struct container container;

    for (int i = 0; i < COUNT(paths); i++) {
        wanted.library = paths[i];
        plan(&container, "apptainer exec img gmx", ENVIRONMENT, &wanted);
        ck_assert_int_eq(container.means, CONTAINER_TOLD);
        ck_assert_str_eq(variable(&container, "APPTAINER_BIND"), "(none)");
        container_free(&container);
    }
}

/* ---- what else is inside and outside ---- */

/* podman's own programs listen too. */
TEST(podman_itself_is_not_preloaded)
{
    struct container_needs wanted = needs();
    struct container container;

    plan(&container, "podman run img", "LD_PRELOAD=/x.so:" PRELOAD " IMDSHIM_FIFO=" FIFO,
         &wanted);
    ck_assert_str_eq(variable(&container, "LD_PRELOAD"), "/x.so");
    ck_assert_str_eq(variable(&container, "IMDSHIM_FIFO"), FIFO);
    container_free(&container);
    plan(&container, "podman run img", ENVIRONMENT, &wanted);
    ck_assert_str_eq(variable(&container, "LD_PRELOAD"), "(none)");
    container_free(&container);
}

static const struct {
    const char *command, *list;
} preloads[] = {
    {"podman run -e LD_PRELOAD=/x.so img", "--env=LD_PRELOAD=/x.so:" PRELOAD " "},
    {"bwrap --bind / / --setenv LD_PRELOAD /x.so gmx",
     "--setenv LD_PRELOAD /x.so:" PRELOAD " "},
    {"ch-run --set-env=LD_PRELOAD=/x.so img -- gmx",
     "--set-env=LD_PRELOAD=/x.so:/tmp/imdshim-7/copy.so "},
    {"systemd-nspawn -E LD_PRELOAD=/x.so gmx",
     "--setenv=LD_PRELOAD=/x.so:/run/imdshim/lib/libimdshim.so "},
};

LOOP_TEST(a_library_that_the_user_preloads_in_there_stays_the_first, COUNT(preloads))
{
    struct container_needs wanted = needs();
    struct container container;
    const char *line = plan(&container, preloads[_i].command, ENVIRONMENT, &wanted);

    ck_assert_msg(strstr(line, preloads[_i].list) != NULL, "%s", line);
    container_free(&container);
}

/* Everybody can read it there, ps(1). */
TEST(a_secret_does_not_stand_on_a_command_line)
{
    static const char *const commands[] = {"bwrap --bind / / gmx", "podman run img",
                                           "ch-run img -- gmx", "systemd-nspawn gmx"};
    struct container_needs wanted = needs();
    struct container container;

    for (int i = 0; i < COUNT(commands); i++) {
        const char *line =
            plan(&container, commands[i], ENVIRONMENT " IMDSHIM_TCP=secret", &wanted);

        ck_assert_msg(strstr(line, "secret") == NULL, "%s", line);
        container_free(&container);
    }
}

static const struct {
    const char *command, *kill;
} killed[] = {
    {"podman run img", "podman kill imdshim-n1"},
    {"docker --config c container run --name x img", "docker --config c container kill x"},
    {"podman run --rm img", "podman rm --force imdshim-n1"},
    {"nice podman --root r run --rm --name=y img", "podman --root r rm --force y"},
    {"bwrap --bind / / gmx", ""},
};

LOOP_TEST(a_container_that_is_no_descendant_has_a_command_that_ends_it, COUNT(killed))
{
    struct container_needs wanted = needs();
    struct container container;
    char line[LINE];

    plan(&container, killed[_i].command, ENVIRONMENT, &wanted);
    ck_assert_str_eq(join(&container.kill, line), killed[_i].kill);
    container_free(&container);
}

TEST(a_read_only_root_that_has_the_directories_is_used)
{
    struct container_needs wanted = needs();
    struct container container;

    wanted.exists = all_exists;
    ck_assert_str_eq(plan(&container, "bwrap --ro-bind /img / gmx", ENVIRONMENT, &wanted),
                     "bwrap --ro-bind /img /" BWRAP_SAME " gmx");
    container_free(&container);
}

TEST(ch_run_finds_the_fifo_in_its_tmp_wherever_that_is_outside)
{
    struct container_needs wanted = needs();
    struct container container;
    const char *line;

    wanted.fifo = "/scratch/u/imdshim-7/n1";
    line = plan(&container, "ch-run img -- gmx", "TMPDIR=/scratch/u/ " ENVIRONMENT, &wanted);
    ck_assert_msg(strstr(line, "IMDSHIM_FIFO=/tmp/imdshim-7/n1") != NULL, "%s", line);
    container_free(&container);
    plan(&container, "ch-run img -- gmx", ENVIRONMENT, &wanted);
    ck_assert_int_eq(container.means, CONTAINER_TOLD);
    container_free(&container);
}

/* exec --fd: bwrap passes the descriptor on, podman does not. */
TEST(a_descriptor_needs_no_bind)
{
    struct container_needs wanted = needs();
    struct container container;
    const char *line;

    wanted.fifo = NULL;
    line = plan(&container, "bwrap --bind / / gmx", "LD_PRELOAD=" PRELOAD " IMDSHIM_FD=9:1:2:3",
                &wanted);
    ck_assert_str_eq(line,
                     "bwrap --bind / / --ro-bind-try /opt/l /opt/l --setenv LD_PRELOAD " PRELOAD
                     " --setenv IMDSHIM_FD 9:1:2:3 gmx");
    container_free(&container);
    plan(&container, "podman run img", "IMDSHIM_FD=9:1:2:3", &wanted);
    ck_assert_int_eq(container.means, CONTAINER_TOLD);
    container_free(&container);
}

/* Any words in any order: it ends, and says something or nothing. */
TEST(no_command_line_is_too_strange)
{
    static const char *const words[] = {
        "podman",    "run",       "bwrap", "--bind",  "-", "--",     "-v",
        "--=",       "-=",        "=",     "--bind=", "x", "ch-run", "systemd-nspawn",
        "apptainer", "mpirun",    "env",   "--dev",   "/", "-e",     "--setenv",
        "docker",    "container", "/run"};
    struct container_needs wanted = needs();
    unsigned random = 1;

    for (int turn = 0; turn < 20000; turn++) {
        struct container container;
        const char *command[9] = {NULL}, *environment[] = {"LD_PRELOAD=" PRELOAD, NULL};

        for (int i = 0; i < 8; i++) {
            random = random * 1103515245 + 12345;
            command[i] = words[(random >> 16) % COUNT(words)];
        }
        plan_make(&container, command, environment, &wanted);
        ck_assert(container.command.list != NULL && container.command.list[0] != NULL);
        container_free(&container);
    }
}

TEST(a_path_of_any_length_is_taken)
{
    enum { LONG = 100000 };
    char *word = malloc(LONG + 1);
    struct container_needs wanted = needs();
    struct container container;
    const char *const environment[] = {"LD_PRELOAD=" PRELOAD, NULL};

    memset(word, 'x', LONG);
    word[LONG] = '\0';
    word[0] = '/';
    plan_make(&container,
              (const char *const[]){"bwrap", "--bind", word, "/", "--dev", word, "gmx", NULL},
              environment, &wanted);
    container_free(&container);
    word[0] = word[1] = '-';
    plan_make(&container, (const char *const[]){"podman", "run", word, "img", NULL},
              environment, &wanted);
    ck_assert_int_eq(container.means, CONTAINER_TOLD);
    container_free(&container);
    free(word);
}
