#include "launcher/notify/notify.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "launcher/base/child.h"
#include "launcher/base/clock.h"
#include "launcher/notify/accept_look.h"
#include "launcher/notify/caller.h"
#include "launcher/notify/decision.h"
#include "launcher/notify/filter.h"
#include "launcher/notify/listener.h"
#include "launcher/notify/ready_look.h"
#include "launcher/notify/task.h"
#include "launcher/notify/warden.h"
#include "shim/wire/text.h"

enum { TURNS = 256 }; /* a program that binds without end must not keep us here */

struct notify {
    struct source source; /* the filter's descriptor, while there are programs under it */
    struct warden warden;
    struct rules rules;
    struct ready_look ready;
    struct accept_look accepted; /* looked for once it is ready */
    pid_t started;               /* the engine, until that is told */
    unsigned port;               /* of the IMD socket */

    /* Texts of the last event, escaped as shim/wire/wire.h says. */
    char host[3 * HOST_SIZE], exe[3 * NAME_SIZE], object[3 * NAME_SIZE], comm[3 * COMM_SIZE];
};

/* ---- events ---- */

static void escape(char *to, size_t size, const char *from)
{
    struct text text = {to, 0, size - 1};

    text_put_escaped(&text, from);
    text_end(&text);
}

static void put_listener(struct notify *notify, const struct request *request,
                         const struct decision *decision, struct received *received)
{
    char host[HOST_SIZE] = "";

    gethostname(host, sizeof host - 1);
    escape(notify->host, sizeof notify->host, host);
    escape(notify->exe, sizeof notify->exe, request->exe);
    escape(notify->object, sizeof notify->object, request->object);
    received->event = (struct event){
        .kind = decision->kind,
        .has = EVENT_OF_LISTENER | EVENT_HAS(KEY_NETNS) | EVENT_HAS(KEY_REASON) |
               EVENT_HAS(KEY_ERROR),
        .port = address_port(&decision->address),
        .address = decision->address,
        .asked = decision->asked,
        .pid = (unsigned)request->process,
        .fd = (unsigned)request->arguments[0],
        .error = (unsigned)decision->error,
        .netns = task_netns(request->process),
        .host = notify->host,
        .reason = decision->reason,
        .exe = notify->exe,
        .object = notify->object,
        .comm = "",
    };
}

/* One that has ended has a name still. */
static void read_names(struct notify *notify, pid_t process)
{
    char exe[NAME_SIZE], comm[COMM_SIZE];

    task_exe(process, exe);
    child_read_comm(process, comm);
    escape(notify->exe, sizeof notify->exe, exe[0] != '\0' ? exe : comm);
    escape(notify->comm, sizeof notify->comm, comm);
}

/* Of read_names(). */
static void put_process(struct notify *notify, enum event_kind kind, pid_t process,
                        struct received *received)
{
    received->event = (struct event){
        .kind = kind,
        .has = EVENT_HAS(KEY_PID) | EVENT_HAS(KEY_EXE) | EVENT_HAS(KEY_COMM),
        .port = notify->port,
        .pid = (unsigned)process,
        .host = "",
        .reason = "",
        .exe = notify->exe,
        .object = "",
        .comm = notify->comm,
    };
}

/* ---- calls ---- */

/* False: the kernel is to do it, for it is no TCP socket, or we may not look at it. */
static bool read_request(const struct notify *notify, const struct notification *call,
                         struct request *request)
{
    request->thread = (pid_t)call->thread;
    request->process = task_process(request->thread);
    request->call = call->call;
    memcpy(request->arguments, call->arguments, sizeof request->arguments);
    request->copy =
        request->process == 0
            ? -1
            : task_copy_descriptor(request->thread, request->process, (int)call->arguments[0]);
    request->inode = request->copy >= 0 ? listener_tcp_inode(request->copy) : 0;
    if (request->inode == 0)
        return false;
    task_exe(request->process, request->exe);
    caller_find(request->process, request->thread, request->object);
    return filter_still_waits(notify->source.fd, call->id);
}

/*
 * The copy is closed before the program goes on: it may close its own at once, and then the
 * port must be free.
 */
static bool on_call(struct notify *notify, struct received *received)
{
    const struct notification *call = notify->warden.received;
    struct request request = {.copy = -1};
    struct decision decision = {.done = false};

    if (!filter_receive(notify->source.fd, notify->warden.received))
        return false;
    if (read_request(notify, call, &request))
        decision = decide(&notify->rules, &request);
    if (request.copy >= 0)
        close(request.copy);
    if (!decision.done)
        filter_let_through(notify->source.fd, call->id);
    else if (filter_answer(notify->source.fd, call->id, decision.error))
        rules_note_answer(&notify->rules, request.inode);
    if (!decision.told)
        return false;
    put_listener(notify, &request, &decision, received);
    if (decision.kind == KIND_LISTENING) {
        notify->port = received->event.port;
        ready_look_begin(&notify->ready, request.process, request.thread, request.inode);
        notify->accepted.next = 0;
    }
    return true;
}

/* Once no program is under the filter poll(2) would not rest. */
static void close_filter(struct source *source)
{
    close(source->fd);
    source->fd = -1;
}

static bool take_calls(struct notify *notify, struct received *received)
{
    struct pollfd calls = {.fd = notify->source.fd, .events = POLLIN};
    bool told = false;

    for (int i = 0; i < TURNS && !told && poll(&calls, 1, 0) == 1; i++) {
        if ((calls.revents & POLLIN) == 0) {
            close_filter(&notify->source);
            break;
        }
        told = on_call(notify, received);
    }
    return told;
}

static bool tell_started(struct notify *notify, struct received *received)
{
    if (notify->started == 0)
        return false;
    put_process(notify, KIND_LOADED, notify->started, received);
    notify->started = 0;
    return true;
}

static bool is_due(int64_t next)
{
    return next != 0 && next <= clock_now();
}

static bool tell_of(struct notify *notify, enum event_kind kind, pid_t process,
                    struct received *received)
{
    if (process == 0)
        return false;
    read_names(notify, process);
    put_process(notify, kind, process, received);
    return true;
}

static bool look(struct notify *notify, struct received *received)
{
    const struct ready_look *ready = &notify->ready;

    if (is_due(ready->next) &&
        tell_of(notify, KIND_READY, ready_look_now(&notify->ready), received)) {
        accept_look_begin(&notify->accepted, ready->process, ready->socket, notify->port);
        return true;
    }
    return is_due(notify->accepted.next) &&
           tell_of(notify, KIND_CONNECTED, accept_look_now(&notify->accepted), received);
}

/* ---- the source ---- */

/* In the engine's process. */
static int enter(void *source)
{
    const struct notify *notify = source;
    int fd = filter_enter();

    return fd >= 0 && warden_entrust(&notify->warden, fd) ? fd : -1;
}

static void started(struct source *source, pid_t engine, int received)
{
    struct notify *notify = (struct notify *)source;

    source->fd = received;
    source->deadline = clock_now();
    notify->started = engine;
    read_names(notify, engine);
}

static bool next_event(struct source *source, struct received *received)
{
    struct notify *notify = (struct notify *)source;
    bool told;

    received->remote = false;
    told = tell_started(notify, received) || take_calls(notify, received) ||
           look(notify, received);
    source->deadline =
        told ? clock_now() : clock_sooner(notify->ready.next, notify->accepted.next);
    return told;
}

static void close_notify(struct source *source)
{
    struct notify *notify = (struct notify *)source;
    struct pollfd calls = {.fd = source->fd};
    bool all_ended = source->fd < 0 || (poll(&calls, 1, 0) == 1 && calls.revents != 0);

    if (source->fd >= 0)
        close_filter(source);
    warden_leave(&notify->warden, all_ended);
    free(notify);
}

static const struct source_class notify_class = {
    .name = "seccomp user notification",
    .enter = enter,
    .started = started,
    .next = next_event,
    .close = close_notify,
};

struct source *notify_open(const struct options *options, unsigned only_from)
{
    struct notify *notify = calloc(1, sizeof *notify);
    int error;

    if (notify == NULL)
        return NULL;
    notify->source.class = &notify_class;
    notify->source.fd = -1;
    rules_read(&notify->rules, options, only_from);
    if (warden_start(&notify->warden))
        return &notify->source;
    error = errno;
    free(notify);
    errno = error;
    return NULL;
}
