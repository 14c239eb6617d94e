/*
 * calls - every system call of imdshim's fails once, with each error that it can have.
 *
 * usage: calls [EVERY [SCENARIO]]     environment: IMDSHIM, DOUBLES, SOURCE
 *
 * For each scenario (calls.h) a run in which all goes well shows which calls are made: by the
 * launcher, its loader's included, and by its children until they are another program. Then one
 * run for each of them and each error (support/errors.c); of these only every EVERYth is made.
 *
 * What counts as a failure: a run that does not end; that leaves a process or a file; whose
 * status is neither the engine's, nor, with a line that has the error's text, one of ours or
 * the loader's; or that has not done what was promised, without such a line
 * (support/judgement.c). A file may be left whose removal it was that failed, if the next run
 * removes it.
 */
#include <err.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "launcher/base/status.h"
#include "tests/faults/calls.h"
#include "tests/faults/support/area.h"
#include "tests/faults/support/inject.h"
#include "tests/faults/support/judgement.h"
#include "tests/faults/support/place.h"

enum { SECONDS = 40, PASSED = 9 };

struct tally {
    int tried, failed, unreached, swept;
    int endings[ENDINGS];
    int calls, by_loader;
};

static struct area area;
static const struct scenario *scenario;
static char words[WORDS][256];
static const char *command[WORDS + 1];
static struct inject_plan plan;
static struct inject_calls calls;

static const char *const roles[] = {"imdshim", "its first child", "its second child"};

static void compose_command(void)
{
    unsigned port = place_free_port();

    command[0] = place_launcher();
    for (int i = 0; i < WORDS && scenario->words[i] != NULL; i++) {
        snprintf(words[i], sizeof words[i], "%s", scenario->words[i]);
        if (strcmp(words[i], "PORT") == 0)
            snprintf(words[i], sizeof words[i], "%u", port);
        command[i + 1] = words[i];
        command[i + 2] = NULL;
    }
}

static bool is_done(void)
{
    char path[PATH_MAX + 64];
    struct stat status;

    if (scenario->done == NULL)
        return true;
    snprintf(path, sizeof path, "%s/%s", area.path, scenario->done);
    return stat(path, &status) == 0 && status.st_size > 0;
}

/* True if the call was made, and failed. */
static bool run_once(const struct inject_call *call, int error, struct shown *shown)
{
    struct inject_result result;

    plan.fault = call;
    plan.error = error;
    inject_run(&plan, &result);
    area_read(&area);
    *shown = (struct shown){
        .status = status_of_wait(result.wait_status),
        .out = area.out_text,
        .err = area.err_text,
        .done = is_done(),
        .hung = result.hung,
        .engine_ran = result.changed,
        .left = result.left,
    };
    if (!result.began)
        printf("%s: no filter with a listener can be had here\n", scenario->name);
    return result.hit;
}

/* The next run clears up: where nothing fails. */
static bool next_run_sweeps(char left[AREA_TEXT])
{
    const char *const sweep[] = {command[0], "run", "--port-file", "port", "--", "true", NULL};
    struct shown shown;

    plan.command = sweep;
    run_once(NULL, 0, &shown);
    plan.command = command;
    return area_left(&area, "run/port", left) == 0;
}

static const char *judge_files(const struct inject_call *call, struct tally *tally)
{
    static char left[AREA_TEXT], message[AREA_TEXT + 64];

    if (area_left(&area, judgement_files(scenario), left) == 0)
        return NULL;
    snprintf(message, sizeof message, "files are left: %.4000s", left);
    if (!judgement_removes(call) || !next_run_sweeps(left))
        return message;
    tally->swept++;
    return NULL;
}

static void complain(const struct inject_call *call, int error, const char *what, int status)
{
    printf("%s: %s, %s %u%s%s%s: %s: %s (status %d)\n%s%s", scenario->name, roles[call->role],
           errors_name(call->number), call->occurrence, call->text[0] != '\0' ? " " : "",
           call->text, call->by_loader ? " (loader)" : "", strerrorname_np(error), what, status,
           area.err_text, area.out_text);
    fflush(stdout);
}

static void clear_up(void)
{
    if (!scenario->beside_run)
        area_empty(&area);
    else if (!area_forget_output(&area))
        err(EXIT_FAILURE, "ftruncate");
    if (plan.pass >= 0 && ftruncate(plan.pass, 0) != 0)
        err(EXIT_FAILURE, "ftruncate");
}

static void try_one(const struct inject_call *call, int error, struct tally *tally)
{
    enum ending ending = SAVED;
    struct shown shown;
    const char *wrong;

    clear_up();
    if (!run_once(call, error, &shown)) {
        tally->unreached++;
        return;
    }
    tally->tried++;
    wrong = judgement_of(scenario, &shown, call, error, &ending);
    if (wrong == NULL) {
        tally->endings[ending]++;
        wrong = judge_files(call, tally);
    }
    if (wrong != NULL || ending == LOST)
        complain(call, error, wrong != NULL ? wrong : "the engine was lost", shown.status);
    tally->failed += wrong != NULL;
}

/* A call is made in each run, but for those that a moment's difference makes. */
static void try_all(int every, struct tally *tally)
{
    int errors[ERRORS_MOST], turn = 0;

    for (int i = 0; i < calls.count; i++) {
        const struct inject_call *call = &calls.calls[i];
        int count = errors_of(call->number, call->arguments, errors);

        if (judgement_is_sanitizer_s(call))
            continue;
        if (!errors_know(call->number)) {
            printf("%s: %s is to be put into the table\n", scenario->name,
                   errors_name(call->number));
            tally->failed++;
        }
        tally->calls += count > 0;
        tally->by_loader += count > 0 && call->by_loader;
        for (int e = 0; e < count; e++)
            if (turn++ % every == 0)
                try_one(call, errors[e], tally);
    }
}

static bool all_goes_well(void)
{
    char left[AREA_TEXT];
    struct shown shown;
    const char *missing;

    memset(&calls, 0, sizeof calls);
    plan.log = &calls;
    clear_up();
    run_once(NULL, 0, &shown);
    plan.log = NULL;
    missing = judgement_missing(scenario, &shown);
    if (missing == NULL && area_left(&area, judgement_files(scenario), left) > 0)
        missing = left;
    if (missing != NULL)
        printf("%s: without a failure: %s (status %d)\n%s%s", scenario->name, missing,
               shown.status, area.err_text, area.out_text);
    return missing == NULL && calls.count > 0;
}

static void print_row(const struct tally *tally)
{
    printf("== calls that fail, %s: %d tried, %d failed; %d calls, %d of them the loader's; as "
           "ever or without one thing %d, refused with a line %d, lost %d, swept by the next "
           "run %d, not reached %d\n",
           scenario->name, tally->tried, tally->failed, tally->calls, tally->by_loader,
           tally->endings[SAVED], tally->endings[REFUSED], tally->endings[LOST], tally->swept,
           tally->unreached);
    fflush(stdout);
}

/* A run for list to find. */
static pid_t start_run(void)
{
    pid_t pid = fork();

    if (pid == 0) {
        execl(command[0], command[0], "run", "-q", "-o", "port", "--", "launcher-engine",
              "listen=127.0.0.1", "wait", "pause=600000", (char *)NULL);
        _exit(99);
    }
    for (int i = 0; i < 500 && access("port", F_OK) != 0; i++)
        usleep(10000);
    return pid;
}

static void open_passed(void)
{
    char path[PATH_MAX];

    plan.pass = -1;
    if (scenario->done != NULL && strcmp(scenario->done, "events") == 0) {
        snprintf(path, sizeof path, "%s/events", area.path);
        plan.pass = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    }
    if (strncmp(scenario->name, "exec with a FIFO", 16) == 0) {
        snprintf(path, sizeof path, "%s/fifo", area.path);
        mkfifo(path, 0600);
        open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK);
    }
}

static int try_scenario(int every)
{
    struct tally tally = {0};

    compose_command();
    area_empty(&area);
    open_passed();
    setenv("SLURM_JOB_NUM_NODES", scenario->nodes != NULL ? scenario->nodes : "1", 1);
    if (chdir(area.run) != 0)
        err(1, "%s", area.run);
    plan.spared = scenario->beside_run ? start_run() : 0;
    if (all_goes_well())
        try_all(every, &tally);
    else
        tally.failed++;
    if (plan.spared != 0) {
        kill(plan.spared, SIGTERM);
        waitpid(plan.spared, NULL, 0);
    }
    if (plan.pass >= 0)
        close(plan.pass);
    print_row(&tally);
    return tally.failed;
}

int main(int argc, char **argv)
{
    int every = argc > 1 ? atoi(argv[1]) : 1, failed = 0;

    if (every < 1)
        errx(EXIT_FAILURE, "usage: calls [EVERY [SCENARIO]]");
    if (!area_make(&area, place_enter("/usr/bin:/bin")))
        err(EXIT_FAILURE, "calls");
    plan = (struct inject_plan){
        .command = command,
        .program = place_launcher(),
        .first_file = "/dev/null",
        .directory = area.run,
        .out = area.out,
        .err = area.err,
        .pass = -1,
        .pass_as = PASSED,
        .seconds = SECONDS,
    };
    for (size_t i = 0; i < sizeof scenarios / sizeof *scenarios; i++) {
        scenario = &scenarios[i];
        if (argc < 3 || strcmp(argv[2], scenario->name) == 0)
            failed += try_scenario(every);
    }
    return failed > 0;
}
