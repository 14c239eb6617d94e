#include "launcher/notify/decision.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "launcher/notify/listener.h"
#include "launcher/notify/task.h"

void rules_read(struct rules *rules, const struct options *options)
{
    memset(rules, 0, sizeof *rules);
    if (options->listen != NULL)
        bind_override_parse(&rules->override, options->listen);
    if (options->port != 0) {
        rules->match.port = (unsigned)options->port;
        rules->override.has_ports = true; /* any free one, if --listen names none */
    }
    rules->overrides = options->port != 0 || options->listen != NULL;
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

/* ---- bind ---- */

/*
 * Without --port nothing tells the IMD socket from one that is bound before it and never
 * listens: the first that is no runtime's is taken for it.
 */
static bool is_to_be_rebound(const struct rules *rules, const struct request *request,
                             unsigned asked)
{
    return rules->overrides && (rules->match.port != 0 || rules->imd_socket == 0) &&
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

static struct decision rebind(struct rules *rules, const struct request *request,
                              const union address *address)
{
    struct bound_socket *socket = find_or_add(rules, request->inode, address_port(address));
    int error;

    if (socket->unanswered)
        return (struct decision){.done = true};
    if (!is_to_be_rebound(rules, request, socket->asked))
        return (struct decision){.done = false};
    error =
        listener_bind(request->copy, *address, &rules->override, (unsigned)request->process);
    if (error != 0)
        return refuse(socket, address, error);
    socket->unanswered = true;
    return (struct decision){.done = true};
}

/*
 * Another thread may write to the address between our look and the kernel's: then the port that
 * is told as asked for is wrong, and nothing else.
 */
static struct decision decide_bind(struct rules *rules, const struct request *request)
{
    struct sockaddr_storage raw;
    socklen_t length = (socklen_t)request->arguments[2];
    union address address;

    memset(&raw, 0, sizeof raw);
    if (length > sizeof raw ||
        !task_read(request->process, request->arguments[1], &raw, length) ||
        !listener_accepts(request->copy, &raw, length, &address))
        return (struct decision){.done = false};
    return rebind(rules, request, &address);
}

/* ---- listen ---- */

static struct decision pass(const struct request *request, unsigned asked, const char *reason)
{
    struct decision decision = {.kind = KIND_PASSED, .asked = asked, .reason = reason};

    decision.told = listener_bound_to(request->copy, &decision.address) &&
                    address_port(&decision.address) != 0;
    return decision;
}

/* A socket that listens without bind(2) gets any free port: as if it had asked for 0. */
static struct decision bind_unbound(struct rules *rules, const struct request *request)
{
    union address address;

    if (!listener_bound_to(request->copy, &address) || address_port(&address) != 0)
        return (struct decision){.done = false};
    return rebind(rules, request, &address);
}

static struct decision decide_listen(struct rules *rules, const struct request *request)
{
    const struct bound_socket *socket = find(rules, request->inode);
    struct decision decision = {.done = true, .kind = KIND_LISTENING, .reason = ""}, bound;
    const char *reason;

    decision.asked = socket != NULL ? socket->asked : 0;
    reason = refuses(rules, request, decision.asked);
    if (reason == NULL && rules->imd_socket != 0)
        reason = REASON_SECOND;
    if (reason != NULL)
        return pass(request, decision.asked, reason);
    bound = bind_unbound(rules, request);
    if (bound.error != 0)
        return bound;
    if (listen(request->copy, (int)request->arguments[1]) != 0) {
        decision.error = errno;
        return decision;
    }
    decision.told = listener_bound_to(request->copy, &decision.address);
    if (decision.told)
        rules->imd_socket = request->inode;
    return decision;
}

struct decision decide(struct rules *rules, const struct request *request)
{
    if (request->inode == 0 || request->inode == rules->imd_socket)
        return (struct decision){.done = false};
    return request->call == SYS_bind ? decide_bind(rules, request)
                                     : decide_listen(rules, request);
}
