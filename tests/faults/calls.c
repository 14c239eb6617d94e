/*
 * Every system call of imdshim's fails once, with each error that it can have.
 *
 * usage: calls [EVERY [SCENARIO]]
 *
 * For each scenario a run in which all goes well shows which calls are made: by the launcher,
 * its loader's included, and by its children until they are another program. Then one run for
 * each of them and each error (support/errors.c); of these only every EVERYth is made.
 *
 * A run has not failed that
 *   ends, with nothing left: no process, no file (but see below);
 *   is as it would be: the engine's status, what was promised done, or a line on standard error
 *   that has the error's text for what was not; or was refused with such a line and one of our
 *   statuses, or the loader's.
 * A file may be left whose removal it was that failed, if the next run removes it.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "launcher/status.h"
#include "tests/faults/calls.h"
#include "tests/faults/support/area.h"
#include "tests/faults/support/inject.h"
#include "tests/support/sandbox.h"
#include "tests/system/launcher.h"

enum { SECONDS = 40, PASSED = 9 };

/* How the runs of a scenario have ended. */
struct tally {
    int tried, failed, unreached;
    int saved, refused, lost, swept; /* lost: the engine had been started */
    int calls, by_loader;
};

static struct area area;
static const struct scenario *scenario;
static char words[WORDS][256];
static const char *command[WORDS + 1];
static char program[PATH_MAX];
static struct inject_plan plan;
static struct inject_calls calls;

static const char *const roles[] = {"imdshim", "its first child", "its second child"};

static unsigned free_port(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t length = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (bind(fd, (struct sockaddr *)&address, length) != 0 ||
        getsockname(fd, (struct sockaddr *)&address, &length) != 0)
        err(1, "no port is free");
    close(fd);
    return ntohs(address.sin_port);
}

static void compose_command(void)
{
    unsigned port = free_port();

    command[0] = program;
    for (int i = 0; i < WORDS && scenario->words[i] != NULL; i++) {
        snprintf(words[i], sizeof words[i], "%s", scenario->words[i]);
        if (strcmp(words[i], "PORT") == 0)
            snprintf(words[i], sizeof words[i], "%u", port);
        command[i + 1] = words[i];
        command[i + 2] = NULL;
    }
}

static int status_of(const struct inject_result *result)
{
    return status_of_wait(result->wait_status);
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

/* What a run that is as it would be has not done; NULL if nothing. */
static const char *missing(const struct inject_result *result)
{
    if (status_of(result) != scenario->status)
        return "the status is another";
    if (strstr(area.out_text, scenario->out) == NULL)
        return "the output lacks something";
    if (strstr(area.err_text, scenario->err) == NULL)
        return "the line is missing";
    return is_done() ? NULL : "the file is missing";
}

static bool says(const char *text)
{
    return strstr(area.err_text, text) != NULL || strstr(area.out_text, text) != NULL;
}

/* The line that was to tell could not be written itself. */
static bool was_the_line(const struct inject_call *call)
{
    return call->number == SYS_write && call->arguments[0] == STDERR_FILENO;
}

/* Not a line of ours is executed then. Without its first memory glibc's loader crashes. */
static bool loader_failed(const struct inject_result *result)
{
    return status_of(result) == STATUS_OF_SIGNAL + SIGSEGV ||
           (status_of(result) == STATUS_NOT_FOUND && area.err_text[0] != '\0');
}

static const char *judge_refusal(const struct inject_result *result,
                                 const struct inject_call *call, int error, struct tally *tally)
{
    int status = status_of(result);

    if (call->by_loader && loader_failed(result))
        return tally->refused++, NULL;
    if ((status < STATUS_TIMED_OUT || status > STATUS_NOT_FOUND) && status != scenario->no)
        return "the status is none of the contract's";
    if (!says(strerror(error)))
        return "no line names the failure";
    if (result->changed)
        tally->lost++;
    else
        tally->refused++;
    return NULL;
}

/* What is wrong with it; NULL if nothing is. */
static const char *judge(const struct inject_result *result, const struct inject_call *call,
                         int error, struct tally *tally)
{
    if (result->hung)
        return "it hung";
    if (result->left > 0)
        return "processes are left";
    if (status_of(result) != scenario->status)
        return judge_refusal(result, call, error, tally);
    if (missing(result) != NULL && !says(strerror(error)) && !was_the_line(call))
        return missing(result);
    tally->saved++;
    return NULL;
}

static bool removes(const struct inject_call *call)
{
#ifdef SYS_unlink
    if (call->number == SYS_unlink)
        return true;
#endif
    return call->number == SYS_unlinkat;
}

static void run_once(const struct inject_call *call, int error, struct inject_result *result)
{
    plan.fault = call;
    plan.error = error;
    inject_run(&plan, result);
    area_read(&area);
}

/* The next run clears up: where nothing fails. */
static bool next_run_sweeps(char left[AREA_TEXT])
{
    const char *const sweep[] = {program, "run", "--port-file", "port", "--", "true", NULL};
    struct inject_result result;

    plan.command = sweep;
    run_once(NULL, 0, &result);
    plan.command = command;
    return area_left(&area, "run/port", left) == 0;
}

static const char *expected_files(void)
{
    if (scenario->beside_run)
        return "tmp/imdshim-* run/port";
    return scenario->done != NULL && strcmp(scenario->done, "run/port") == 0 ? "run/port" : "";
}

static const char *judge_files(const struct inject_call *call, struct tally *tally)
{
    static char left[AREA_TEXT], message[AREA_TEXT + 64];

    if (area_left(&area, expected_files(), left) == 0)
        return NULL;
    snprintf(message, sizeof message, "files are left: %.4000s", left);
    if (!removes(call) || !next_run_sweeps(left))
        return message;
    tally->swept++;
    return NULL;
}

static void complain(const struct inject_call *call, int error, const char *what,
                     const struct inject_result *result)
{
    printf("%s: %s, %s %u%s%s%s: %s: %s (status %d)\n%s%s", scenario->name, roles[call->role],
           errors_name(call->number), call->occurrence, call->text[0] != '\0' ? " " : "",
           call->text, call->by_loader ? " (loader)" : "", strerrorname_np(error), what,
           status_of(result), area.err_text, area.out_text);
    fflush(stdout);
}

static void try_one(const struct inject_call *call, int error, struct tally *tally)
{
    struct inject_result result;
    const char *wrong;
    int lost = tally->lost;

    if (!scenario->beside_run)
        area_empty(&area);
    else if (ftruncate(area.out, 0) != 0 || ftruncate(area.err, 0) != 0)
        err(1, "ftruncate");
    if (plan.pass >= 0 && ftruncate(plan.pass, 0) != 0)
        err(1, "ftruncate");
    run_once(call, error, &result);
    if (!result.hit) {
        tally->unreached++;
        return;
    }
    tally->tried++;
    wrong = judge(&result, call, error, tally);
    if (wrong == NULL)
        wrong = judge_files(call, tally);
    if (wrong != NULL || tally->lost > lost)
        complain(call, error, wrong != NULL ? wrong : "the engine was lost", &result);
    tally->failed += wrong != NULL;
}

/*
 * A sanitizer's run time maps memory before main() and in malloc(3), by the hundred, and ends
 * the program if it gets none: nothing of that is ours.
 */
static bool is_sanitizer_s(const struct inject_call *call)
{
    return built_with_sanitizer() &&
           (call->by_loader || call->number == SYS_mmap || call->number == SYS_munmap ||
            call->number == SYS_madvise || call->number == SYS_mprotect);
}

/* A call is made in each run, but for those that a moment's difference makes. */
static void try_all(int every, struct tally *tally)
{
    int errors[ERRORS_MOST], turn = 0;

    for (int i = 0; i < calls.count; i++) {
        const struct inject_call *call = &calls.calls[i];
        int count = errors_of(call->number, call->arguments, errors);

        if (is_sanitizer_s(call))
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
    struct inject_result result;
    char left[AREA_TEXT];

    memset(&calls, 0, sizeof calls);
    plan.log = &calls;
    if (!scenario->beside_run)
        area_empty(&area);
    run_once(NULL, 0, &result);
    plan.log = NULL;
    if (!result.began)
        printf("%s: no filter with a listener can be had here\n", scenario->name);
    else if (missing(&result) != NULL || area_left(&area, expected_files(), left) > 0)
        printf("%s: without a failure: %s (status %d)\n%s%s", scenario->name,
               missing(&result) ? missing(&result) : left, status_of(&result), area.err_text,
               area.out_text);
    else
        return true;
    return false;
}

static void print_row(const struct tally *tally)
{
    printf("== calls that fail, %s: %d tried, %d failed; %d calls, %d of them the loader's; as "
           "ever or without one thing %d, refused with a line %d, lost %d, swept by the next "
           "run %d, not reached %d\n",
           scenario->name, tally->tried, tally->failed, tally->calls, tally->by_loader,
           tally->saved, tally->refused, tally->lost, tally->swept, tally->unreached);
    fflush(stdout);
}

/* A run for list to find. */
static pid_t start_run(void)
{
    pid_t pid = fork();

    if (pid == 0) {
        execl(program, program, "run", "-q", "-o", "port", "--", "launcher-engine",
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
    char path[PATH_MAX];

    if (every < 1 || sandbox_launcher() == NULL || sandbox_doubles() == NULL)
        errx(1, "usage: calls [EVERY [SCENARIO]], with IMDSHIM and DOUBLES set");
    if (realpath(strrchr(sandbox_launcher(), ' ') != NULL ? strrchr(sandbox_launcher(), ' ') + 1
                                                          : sandbox_launcher(),
                 program) == NULL ||
        !area_make(&area))
        err(1, "calls");
    snprintf(path, sizeof path, "%s:/usr/bin:/bin", sandbox_doubles());
    setenv("PATH", path, 1);
    plan = (struct inject_plan){
        .command = command,
        .program = program,
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
    area_remove(&area);
    return failed > 0;
}
