/*
 * Engine, client or launcher is killed, at each stage of a run: then the two others end too,
 * and nothing is left. imdshim list tells the stage; LAMMPS, which reads its input from a FIFO
 * of ours, stays in the early ones as long as we write nothing more.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/support/engines.h"
#include "tests/support/sandbox.h"
#include "tests/support/shell.h"
#include "tests/support/suite.h"

#define LMP "lmp -log none -screen none -in input -var port $PORT"
#define LISTEN "sed /^run/d $SOURCE/scripts/argon-lammps.in >input"
#define MDRUN                                                                                  \
    "gmx -quiet mdrun -s argon.tpr -deffnm seg -nt 1 -imdwait -nsteps -1 -imdport $PORT"

static const struct {
    const char *state, *input, *engine, *client;
} stages[] = {
    {"starting", "true", LMP, "exec $IMDSHIM watch $IMD_URL"},
    {"listening", LISTEN, LMP, "exec $IMDSHIM watch $IMD_URL"},
    {"ready", "true", MDRUN, "read go <input; exec $IMDSHIM watch $IMD_URL"},
    {"connected", "true", MDRUN, "exec $IMDSHIM watch $IMD_URL"},
};
enum { FIRST_WITH_CLIENT = 2, STAGES = sizeof stages / sizeof stages[0] };

enum victim { ENGINE, CLIENT, LAUNCHER, VICTIMS };
static const char *const victims[VICTIMS] = {"engine", "client", "launcher"};

static struct shell run, list;
static char what[64];
static int input; /* the FIFO, whose readers see no end of it */

static void enter(void)
{
    sandbox_enter();
    engines_prepare_argon();
    ck_assert_int_eq(mkfifo("input", 0600), 0);
    input = open("input", O_RDWR | O_CLOEXEC);
    ck_assert_int_ge(input, 0);
}

static void leave(void)
{
    close(input);
    sandbox_leave();
}

static pid_t number_after(const char *text, const char *key)
{
    const char *found = strstr(text, key);

    return found != NULL ? (pid_t)atol(found + strlen(key)) : 0;
}

static void wait_for_stage(const char *state)
{
    char part[64];

    snprintf(part, sizeof part, "\"state\": \"%s\"", state);
    for (int i = 0; i < 200; i++) {
        shell_run(&list, "exec $IMDSHIM list --json");
        if (strstr(list.out, part) != NULL)
            return;
        shell_pause(20);
    }
    ck_abort_msg("%s: %s %s", what, list.out, run.err);
}

/* The launcher's child that is not the engine. */
static pid_t find_client(pid_t launcher, pid_t engine)
{
    for (int i = 0; i < 200; i++) {
        shell_run(&list, "cat /proc/%d/task/%d/children", launcher, launcher);
        for (char *at = list.out, *end; strtol(at, &end, 10) > 0; at = end)
            if (strtol(at, NULL, 10) != engine)
                return (pid_t)strtol(at, NULL, 10);
        shell_pause(20);
    }
    ck_abort_msg("%s: there is no client", what);
    return 0;
}

/* Returns who is to be killed. */
static pid_t bring_to_stage(int stage, enum victim victim, bool named)
{
    pid_t engine;

    shell_start(&run, "PORT=%u; exec $IMDSHIM run -q %s --client '%s' -- %s",
                named ? 8888 : engines_free_port(), named ? "--port 8888" : "",
                stages[stage].client, stages[stage].engine);
    shell_run(&list, "%s", stages[stage].input);
    wait_for_stage(stages[stage].state);
    engine = number_after(list.out, "\"pid\": ");
    if (victim == LAUNCHER)
        return number_after(list.out, "\"launcher\": ");
    return victim == ENGINE ? engine : find_client(run.pid, engine);
}

static bool has_engines(void)
{
    return engines_have_gromacs() && engines_have_lammps();
}

TEST_OPTIONS(.setup = enter, .teardown = leave, .timeout = 120, .needs = has_engines);

/* The run's end is waited for here, that of its processes in sandbox_leave(). */
LOOP_TEST(who_is_killed_takes_the_others_along, 2 * VICTIMS * STAGES)
{
    int stage = _i / (2 * VICTIMS);
    enum victim victim = _i / 2 % VICTIMS;
    bool named = _i % 2 == 0;
    pid_t pid;

    if (victim == CLIENT && !named && stage < FIRST_WITH_CLIENT)
        return;
    snprintf(what, sizeof what, "%s killed when %s%s", victims[victim], stages[stage].state,
             named ? ", with --port" : "");
    pid = bring_to_stage(stage, victim, named);
    ck_assert_msg(pid > 1, "%s: %s", what, list.out);
    kill(pid, SIGKILL);
    ck_assert_int_eq(write(input, "\n", 1), 1);
    shell_finish(&run);
    ck_assert_msg(shell_status(&run) != 0, "%s: status 0", what);
    shell_run(&list, "exec $IMDSHIM list --json");
    ck_assert_msg(strcmp(list.out, "[]\n") == 0, "%s: %s", what, list.out);
}
