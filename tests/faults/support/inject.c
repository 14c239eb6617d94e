#include "tests/faults/support/inject.h"

#include <fcntl.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "launcher/base/clock.h"
#include "tests/faults/support/inject_tasks.h"
#include "tests/support/process.h"

enum {
    MOST_CHILDREN = 64,
    LINGER = 3000, /* milliseconds that processes may take to end when the program has */
    TICK = 5,
};

struct tracer {
    const struct inject_plan *plan;
    struct inject_result *result;
    int listener, null;
    bool ended, loaded;
    int64_t end; /* milliseconds */
    struct inject_tasks tasks;
    struct inject_calls seen; /* only counted: the number of each call in each role */
};

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
    struct inject_task *task = inject_task_find(&tracer->tasks, (pid_t)asked->pid);
    struct inject_call call = {.number = asked->data.nr};

    if (task == NULL)
        return 0;
    if (inject_task_follow(&tracer->tasks, task, call.number))
        tracer->result->changed = true;
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

/* Children of ours, but for the one that is spared; each is killed if so asked. */
static int count_children(const struct tracer *tracer, bool to_kill)
{
    pid_t pids[MOST_CHILDREN];
    int count = process_children(getpid(), pids, MOST_CHILDREN), children = 0;

    for (int i = 0; i < count; i++) {
        if (pids[i] == tracer->plan->spared)
            continue;
        children++;
        if (to_kill)
            kill(pids[i], SIGKILL);
    }
    return children;
}

static void reap(struct tracer *tracer)
{
    int status;
    pid_t pid;

    while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
        if (pid == tracer->tasks.program) {
            tracer->ended = true;
            tracer->result->wait_status = status;
            if (tracer->end > clock_now() + LINGER)
                tracer->end = clock_now() + LINGER;
        }
}

/* Those of the killed become ours: until there are none. */
static void kill_all(struct tracer *tracer)
{
    int64_t end = clock_now() + LINGER;

    tracer->result->hung = !tracer->ended;
    tracer->result->left = tracer->ended ? count_children(tracer, false) : 0;
    while (count_children(tracer, true) > 0 && clock_now() < end) {
        poll(NULL, 0, TICK);
        reap(tracer);
    }
}

static void follow(struct tracer *tracer, int pidfd)
{
    struct pollfd fds[] = {{.fd = tracer->listener, .events = POLLIN},
                           {.fd = pidfd, .events = POLLIN}};

    while (clock_now() < tracer->end) {
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
    pid_t main;
    int pidfd;

    memset(result, 0, sizeof *result);
    tracer.plan = plan;
    tracer.result = result;
    tracer.ended = tracer.loaded = false;
    tracer.seen.count = 0;
    tracer.end = clock_now() + plan->seconds * INT64_C(1000);
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    main = inject_start(plan, &tracer.listener);
    if (main < 0)
        return;
    inject_tasks_begin(&tracer.tasks, main, plan->program);
    pidfd = (int)syscall(SYS_pidfd_open, main, 0);
    tracer.null = open("/dev/null", O_RDWR | O_CLOEXEC);
    result->began = tracer.listener >= 0;
    if (!result->began)
        tracer.end = clock_now();
    follow(&tracer, pidfd);
    close(pidfd);
    close(tracer.null);
    if (result->began)
        close(tracer.listener);
}
