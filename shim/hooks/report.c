#include "shim/hooks/report.h"

#include <string.h>

#include "shim/hooks/admission.h"
#include "shim/hooks/wait.h"
#include "shim/kernel/listener.h"
#include "shim/kernel/process.h"
#include "shim/state/settings.h"
#include "shim/state/sockets.h"
#include "shim/wire/local_address.h"
#include "shim/wire/sys.h"

/* NULL: it is the IMD socket, and claimed. */
static const char *reason_to_pass(const struct settings *settings,
                                  const struct listener *listener)
{
    const struct listener_facts facts = listener_facts(listener);
    const char *reason = match_refuses(&settings->match, &facts);

    if (reason != NULL)
        return reason;
    return imd_socket_claim(listener->inode, listener->fd, listener->object) ? NULL
                                                                             : REASON_SECOND;
}

static void tell_passed(const struct settings *settings, const struct listener *listener,
                        const char *reason)
{
    struct event event = listener_event(listener, KIND_PASSED);

    if (!settings->all_events)
        return;
    event.has |= EVENT_HAS(KEY_REASON);
    event.reason = reason;
    event_sink_tell(&settings->sink, &event, EVENT_OPTIONAL);
}

static void tell_listening(const struct settings *settings, const struct listener *listener)
{
    struct event event = listener_event(listener, KIND_LISTENING);

    if (settings->only_ready)
        return;
    if (settings->all_events) {
        event.has |= EVENT_HAS(KEY_NETNS);
        event.netns = process_netns();
    }
    event_sink_tell(&settings->sink, &event, EVENT_REQUIRED);
}

void after_listen(int fd, const void *caller)
{
    KEEP_ERRNO;
    const struct settings *settings = settings_get();
    struct listener listener = {.fd = fd, .inode = socket_inode(fd)};
    const char *reason;
    bool is_second;

    if (settings == NULL || listener.inode == 0 || listener.inode == imd_socket() ||
        !sys_is_tcp(fd) || !address_of_socket(&listener.address, fd) ||
        !listener_read_caller(&listener, caller))
        return;
    listener.asked = socket_asked(listener.inode);
    reason = reason_to_pass(settings, &listener);
    is_second = reason != NULL && strcmp(reason, REASON_SECOND) == 0;
    if (settings->only_me && (reason == NULL || is_second))
        admission_begin(listener.inode);
    if (reason != NULL) {
        tell_passed(settings, &listener, reason);
        if (is_second)
            wait_on_twin(&listener);
        return;
    }
    /* The event first: a launcher that reads "ready" has read the port. */
    tell_listening(settings, &listener);
    wait_begin(&listener, settings);
}
