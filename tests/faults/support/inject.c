#include "tests/faults/support/inject.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    TASKS = 64,
    LINGER = 3000, /* milliseconds that processes may take to end when the program has */
    TICK = 5,
};

/* A process that we have been asked about. */
struct task {
    pid_t pid;
    bool execs;    /* its last call was execve(2): is it another program now? */
    bool is_other; /* its calls are none of those that are counted */
    enum inject_role role;
};

struct tracer {
    const struct inject_plan *plan;
    struct inject_result *result;
    int listener, null;
    pid_t main;
    bool ended, loaded;
    int64_t end; /* milliseconds */
    int task_count, children;
    struct task tasks[TASKS];
    struct inject_calls seen; /* only counted: the number of each call in each role */
};

static int64_t now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

/* ---- who asks ---- */

static pid_t parent_of(pid_t pid)
{
    char path[64], line[512] = "";
    const char *end;
    FILE *file;

    snprintf(path, sizeof path, "/proc/%ld/stat", (long)pid);
    file = fopen(path, "re");
    if (file == NULL)
        return 0;
    if (fgets(line, sizeof line, file) == NULL)
        line[0] = '\0';
    fclose(file);
    end = strrchr(line, ')');
    return end != NULL && strlen(end) > 4 ? (pid_t)atol(end + 4) : 0;
}

static bool is_program(const struct tracer *tracer, pid_t pid)
{
    char path[64], exe[PATH_MAX];
    ssize_t length;

    snprintf(path, sizeof path, "/proc/%ld/exe", (long)pid);
    length = readlink(path, exe, sizeof exe - 1);
    exe[length > 0 ? length : 0] = '\0';
    return strcmp(exe, tracer->plan->program) == 0;
}

/* Our own execve(2) is asked about as well. */
static void begin_task(struct tracer *tracer, struct task *task, pid_t pid)
{
    *task = (struct task){.pid = pid, .is_other = true};
    if (pid == tracer->main) {
        task->role = INJECT_PROGRAM;
    } else if (parent_of(pid) == tracer->main && tracer->children < INJECT_ROLES - 1) {
        task->role = (enum inject_role)(INJECT_CHILD_1 + tracer->children++);
        task->is_other = false;
    }
}

/* The task that asks; NULL where there are too many. */
static struct task *find_task(struct tracer *tracer, pid_t pid)
{
    for (int i = 0; i < tracer->task_count; i++)
        if (tracer->tasks[i].pid == pid)
            return &tracer->tasks[i];
    if (tracer->task_count == TASKS)
        return NULL;
    begin_task(tracer, &tracer->tasks[tracer->task_count], pid);
    return &tracer->tasks[tracer->task_count++];
}

static void follow_exec(struct tracer *tracer, struct task *task, long number)
{
    bool was_other = task->is_other;

    if (task->execs) {
        task->is_other = !is_program(tracer, task->pid);
        tracer->result->changed |= task->is_other && !was_other;
    }
    task->execs = number == SYS_execve && (task->pid == tracer->main || !task->is_other);
}

/* ---- what is asked ---- */

/* Up to the end of its page: what is behind that may not be there. */
static void read_text(pid_t pid, uint64_t at, char text[INJECT_TEXT])
{
    enum { SMALLEST_PAGE = 4096 };
    size_t length = SMALLEST_PAGE - at % SMALLEST_PAGE;
    struct iovec to = {text, length < INJECT_TEXT - 1 ? length : INJECT_TEXT - 1};
    struct iovec from = {(void *)(uintptr_t)at, to.iov_len};

    memset(text, 0, INJECT_TEXT);
    process_vm_readv(pid, &to, 1, &from, 1, 0);
}

static unsigned count(struct tracer *tracer, enum inject_role role, long number)
{
    struct inject_calls *seen = &tracer->seen;
    int i = 0;

    while (i < seen->count && (seen->calls[i].role != role || seen->calls[i].number != number))
        i++;
    if (i == INJECT_CALLS)
        return 0;
    if (i == seen->count)
        seen->calls[seen->count++] = (struct inject_call){.role = role, .number = number};
    return ++seen->calls[i].occurrence;
}

static void note(struct inject_calls *log, const struct inject_call *call)
{
    if (log != NULL && log->count < INJECT_CALLS)
        log->calls[log->count++] = *call;
}

/* The error with which it is to fail, 0 if it is not. */
static int judge(struct tracer *tracer, const struct seccomp_notif *asked)
{
    const struct inject_call *fault = tracer->plan->fault;
    struct task *task = find_task(tracer, (pid_t)asked->pid);
    struct inject_call call = {.number = asked->data.nr};

    if (task == NULL)
        return 0;
    follow_exec(tracer, task, call.number);
    if (task->is_other)
        return 0;
    call.role = task->role;
    call.occurrence = count(tracer, call.role, call.number);
    memcpy(call.arguments, asked->data.args, sizeof call.arguments);
    if (tracer->plan->log != NULL && errors_path(call.number) >= 0)
        read_text(task->pid, call.arguments[errors_path(call.number)], call.text);
    tracer->loaded |= strcmp(call.text, tracer->plan->first_file) == 0;
    call.by_loader = call.role == INJECT_PROGRAM && !tracer->loaded;
    note(tracer->plan->log, &call);
    if (fault == NULL || tracer->result->hit || fault->role != call.role ||
        fault->number != call.number || fault->occurrence != call.occurrence)
        return 0;
    tracer->result->hit = true;
    return tracer->plan->error;
}

static void close_for(const struct tracer *tracer, const struct seccomp_notif *asked)
{
    struct seccomp_notif_addfd null = {.id = asked->id,
                                       .flags = SECCOMP_ADDFD_FLAG_SETFD,
                                       .srcfd = (uint32_t)tracer->null,
                                       .newfd = (uint32_t)asked->data.args[0],
                                       .newfd_flags = O_CLOEXEC};

    ioctl(tracer->listener, SECCOMP_IOCTL_NOTIF_ADDFD, &null);
}

/* Whoever asked may be dead by now: then there is nobody to answer. */
static void answer(struct tracer *tracer)
{
    struct seccomp_notif asked;
    struct seccomp_notif_resp reply;
    int error;

    memset(&asked, 0, sizeof asked);
    if (ioctl(tracer->listener, SECCOMP_IOCTL_NOTIF_RECV, &asked) != 0)
        return;
    error = judge(tracer, &asked);
    if (error != 0 && asked.data.nr == SYS_close)
        close_for(tracer, &asked);
    reply = (struct seccomp_notif_resp){
        .id = asked.id,
        .error = -error,
        .flags = error == 0 ? SECCOMP_USER_NOTIF_FLAG_CONTINUE : 0,
    };
    ioctl(tracer->listener, SECCOMP_IOCTL_NOTIF_SEND, &reply);
}

/* ---- the end ---- */

/* Children of ours, but for the one that is spared; each is killed if so asked. proc(5). */
static int count_children(const struct tracer *tracer, bool to_kill)
{
    char path[64];
    long pid;
    int children = 0;
    FILE *file;

    snprintf(path, sizeof path, "/proc/self/task/%ld/children", (long)getpid());
    file = fopen(path, "re");
    while (file != NULL && fscanf(file, "%ld", &pid) == 1)
        if (pid != tracer->plan->spared) {
            children++;
            if (to_kill)
                kill((pid_t)pid, SIGKILL);
        }
    if (file != NULL)
        fclose(file);
    return children;
}

static void reap(struct tracer *tracer)
{
    int status;
    pid_t pid;

    while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
        if (pid == tracer->main) {
            tracer->ended = true;
            tracer->result->wait_status = status;
            if (tracer->end > now() + LINGER)
                tracer->end = now() + LINGER;
        }
}

/* Those of the killed become ours: until there are none. */
static void kill_all(struct tracer *tracer)
{
    int64_t end = now() + LINGER;

    tracer->result->hung = !tracer->ended;
    tracer->result->left = tracer->ended ? count_children(tracer, false) : 0;
    while (count_children(tracer, true) > 0 && now() < end) {
        poll(NULL, 0, TICK);
        reap(tracer);
    }
}

static void follow(struct tracer *tracer, int pidfd)
{
    struct pollfd fds[] = {{.fd = tracer->listener, .events = POLLIN},
                           {.fd = pidfd, .events = POLLIN}};

    while (now() < tracer->end) {
        poll(fds, 2, tracer->ended ? TICK : 1000);
        if ((fds[0].revents & POLLIN) != 0)
            answer(tracer);
        else if ((fds[0].revents & POLLHUP) != 0)
            fds[0].fd = -1; /* nobody is under the filter any more */
        if (fds[1].revents != 0 || tracer->ended)
            reap(tracer);
        if (tracer->ended)
            fds[1].fd = -1;
        if (tracer->ended && count_children(tracer, false) == 0)
            return;
    }
    kill_all(tracer);
}

void inject_run(const struct inject_plan *plan, struct inject_result *result)
{
    static struct tracer tracer;
    int pidfd;

    memset(result, 0, sizeof *result);
    tracer.plan = plan;
    tracer.result = result;
    tracer.ended = tracer.loaded = false;
    tracer.task_count = tracer.children = tracer.seen.count = 0;
    tracer.end = now() + plan->seconds * INT64_C(1000);
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    tracer.main = inject_start(plan, &tracer.listener);
    if (tracer.main < 0)
        return;
    pidfd = (int)syscall(SYS_pidfd_open, tracer.main, 0);
    tracer.null = open("/dev/null", O_RDWR | O_CLOEXEC);
    result->began = tracer.listener >= 0;
    if (!result->began)
        tracer.end = now();
    follow(&tracer, pidfd);
    close(pidfd);
    close(tracer.null);
    if (result->began)
        close(tracer.listener);
}
