#include "launcher/notify/decision.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "launcher/libc/bsd.h"
#include "launcher/notify/listener.h"
#include "launcher/notify/task.h"
#include "launcher/proc/proc_sockets.h"
#include "shim/wire/local_address.h"

/* With --relay, --listen is about the relay's socket. */
void rules_read(struct rules *rules, const struct options *options, unsigned only_from)
{
    const char *place = options->relay ? NULL : options->listen;

    memset(rules, 0, sizeof *rules);
    rules->only_from = only_from;
    if (place != NULL)
        bind_override_parse(&rules->override, place);
    if (options->port != 0) {
        rules->match.port = (unsigned)options->port;
        rules->override.has_ports = true; /* any free one, if --listen names none */
    }
    rules->overrides = options->port != 0 || place != NULL;
    if (options->match[0] != '\0')
        match_parse(&rules->match, options->match);
}

/* ---- sockets ---- */

static struct bound_socket *find(struct rules *rules, uint64_t inode)
{
    for (unsigned i = 0; i < BOUND_SOCKETS; i++)
        if (rules->sockets[i].inode == inode)
            return &rules->sockets[i];
    return NULL;
}

static struct bound_socket *find_or_add(struct rules *rules, uint64_t inode, unsigned asked)
{
    struct bound_socket *socket = find(rules, inode);

    if (socket == NULL) {
        socket = &rules->sockets[rules->sockets_used++ % BOUND_SOCKETS];
        *socket = (struct bound_socket){.inode = inode, .asked = asked};
    }
    return socket;
}

void rules_note_answer(struct rules *rules, uint64_t inode)
{
    struct bound_socket *socket = find(rules, inode);

    if (socket != NULL)
        socket->unanswered = false;
}

static const char *refuses(const struct rules *rules, const struct request *request,
                           unsigned asked)
{
    const struct listener_facts facts = {request->exe, request->object, asked};

    return match_refuses(&rules->match, &facts);
}

/* True too if it has more sockets than can be looked through. */
static bool has_open(pid_t process, uint64_t socket)
{
    struct proc_sockets sockets;
    char directory[64];

    snprintf(directory, sizeof directory, "/proc/%ld", (long)process);
    proc_sockets_read(directory, &sockets);
    return proc_sockets_have(&sockets, socket) || sockets.count == PROC_SOCKETS;
}

/* Another process's or module's, or one that is not closed. */
static bool has_other_imd_socket(const struct rules *rules, const struct request *request)
{
    return rules->imd_socket != 0 && (request->process != rules->imd_process ||
                                      strcmp(request->object, rules->imd_object) != 0 ||
                                      has_open(request->process, rules->imd_socket));
}

/* ---- bind ---- */

/* What the program asks bind(2) for. */
struct asked {
    struct sockaddr_storage raw;
    socklen_t length;
    union address address;
};

/*
 * Without --port nothing tells the IMD socket from one that is bound before it and never
 * listens: the first that is no runtime's is taken for it.
 */
static bool may_be_imd_socket(const struct rules *rules, const struct request *request,
                              unsigned asked)
{
    return (rules->match.port != 0 || !has_other_imd_socket(rules, request)) &&
           refuses(rules, request, asked) == NULL;
}

/* Told once for each socket. */
static struct decision refuse(struct bound_socket *socket, const union address *address,
                              int error)
{
    struct decision decision = {.done = true,
                                .error = error,
                                .told = !socket->refused,
                                .kind = KIND_REFUSED,
                                .address = *address,
                                .asked = socket->asked,
                                .reason = ""};

    address_set_port(&decision.address, 0);
    socket->refused = true;
    return decision;
}

/*
 * As asked too it is done here, so that a failure can be told. Not if we may not: the program
 * may be root in a network namespace of its own.
 */
static struct decision bind_here(struct rules *rules, const struct request *request,
                                 const struct asked *asked)
{
    struct bound_socket *socket =
        find_or_add(rules, request->inode, address_port(&asked->address));
    int error;

    if (socket->unanswered)
        return (struct decision){.done = true};
    if (!may_be_imd_socket(rules, request, socket->asked))
        return (struct decision){.done = false};
    if (rules->overrides)
        error = listener_bind(request->copy, asked->address, &rules->override,
                              (unsigned)request->process, &rules->given);
    else
        error = listener_bind_as_asked(request->copy, &asked->raw, asked->length);
    if (!rules->overrides && (error == EACCES || error == EPERM))
        return (struct decision){.done = false};
    if (error != 0)
        return refuse(socket, &asked->address, error);
    socket->unanswered = true;
    return (struct decision){.done = true};
}

/*
 * Another thread may write to the address between our look and the kernel's: then the port that
 * is told as asked for is wrong, and nothing else.
 */
static struct decision decide_bind(struct rules *rules, const struct request *request)
{
    struct asked asked = {.length = (socklen_t)request->arguments[2]};

    if (asked.length > sizeof asked.raw ||
        !task_read(request->process, request->arguments[1], &asked.raw, asked.length) ||
        !listener_accepts(request->copy, &asked.raw, asked.length, &asked.address))
        return (struct decision){.done = false};
    return bind_here(rules, request, &asked);
}

/* ---- listen ---- */

/* With --relay --only-me. 0 or an errno. */
static int close_to_others(const struct rules *rules, const struct request *request)
{
    return rules->only_from == 0 ? 0 : listener_admit_only(request->copy, rules->only_from);
}

/* On the IMD socket's port, in the other family perhaps, a client would be the engine's too. */
static struct decision pass(const struct rules *rules, const struct request *request,
                            unsigned asked, const char *reason)
{
    struct decision decision = {.kind = KIND_PASSED, .asked = asked, .reason = reason};

    decision.told = address_of_socket(&decision.address, request->copy) &&
                    address_port(&decision.address) != 0;
    if (rules->imd_socket != 0 && address_port(&decision.address) == rules->imd_port)
        decision.error = close_to_others(rules, request);
    decision.done = decision.error != 0;
    decision.told &= !decision.done;
    return decision;
}

/* A socket that listens without bind(2) gets any free port: as if it had asked for 0. */
static struct decision bind_unbound(struct rules *rules, const struct request *request)
{
    struct asked asked = {.length = 0};

    if (!rules->overrides || !address_of_socket(&asked.address, request->copy) ||
        address_port(&asked.address) != 0)
        return (struct decision){.done = false};
    return bind_here(rules, request, &asked);
}

static struct decision decide_listen(struct rules *rules, const struct request *request)
{
    const struct bound_socket *socket = find(rules, request->inode);
    struct decision decision = {.done = true, .kind = KIND_LISTENING, .reason = ""}, bound;
    const char *reason;

    decision.asked = socket != NULL ? socket->asked : 0;
    reason = refuses(rules, request, decision.asked);
    if (reason == NULL && has_other_imd_socket(rules, request))
        reason = REASON_SECOND;
    if (reason != NULL)
        return pass(rules, request, decision.asked, reason);
    bound = bind_unbound(rules, request);
    if (bound.error != 0)
        return bound;
    decision.error = close_to_others(rules, request);
    if (decision.error == 0 && listen(request->copy, (int)request->arguments[1]) != 0)
        decision.error = errno;
    if (decision.error != 0)
        return decision;
    decision.told = address_of_socket(&decision.address, request->copy);
    if (!decision.told)
        return decision;
    rules->imd_socket = request->inode;
    rules->imd_port = address_port(&decision.address);
    rules->imd_process = request->process;
    strlcpy(rules->imd_object, request->object, sizeof rules->imd_object);
    return decision;
}

struct decision decide(struct rules *rules, const struct request *request)
{
    if (request->inode == 0 || request->inode == rules->imd_socket)
        return (struct decision){.done = false};
    return request->call == SYS_bind ? decide_bind(rules, request)
                                     : decide_listen(rules, request);
}
