#include "shim/hooks/report.h"

#include <errno.h>
#include <stddef.h>
#include <stdint.h>

#include "shim/hooks/accept_filter.h"
#include "shim/hooks/real.h"
#include "shim/hooks/wait.h"
#include "shim/kernel/listener.h"
#include "shim/state/settings.h"
#include "shim/state/sockets.h"
#include "shim/wire/address.h"
#include "shim/wire/event_text.h"
#include "shim/wire/match.h"
#include "shim/wire/sys.h"

_Atomic unsigned attention = ATTEND_EVERYTHING;

static unsigned attention_for(const struct settings *settings)
{
    if (settings == NULL)
        return 0;
    return (settings->tells ? ATTEND_BINDS | ATTEND_LISTENS : 0) |
           (settings->gate.port != 0 ? ATTEND_CONNECTS : 0);
}

/* Of threads that come here together only the first may say what matters: it may be past it. */
void report_start(void)
{
    int error = errno;
    unsigned start = ATTEND_EVERYTHING;
    const struct settings *settings;

    if (!attends(ATTEND_START))
        return;
    real_resolve();
    settings = settings_get();
    if (settings_are_read()) /* else another thread is at it, and the next call starts again */
        atomic_compare_exchange_strong(&attention, &start, attention_for(settings));
    errno = error;
}

static const char second[] = REASON_SECOND;

/* Why it is not the IMD socket, or NULL: then it is taken. */
static const char *reason_to_pass(const struct settings *settings,
                                  const struct listener *listener, uint64_t inode)
{
    const struct candidate candidate = listener_as_candidate(listener);
    const char *reason = match_refuses(&settings->match, &candidate);

    if (reason != NULL)
        return reason;
    return socket_take(inode) ? NULL : second;
}

/* A function of its own: the line is on the stack, perhaps a signal's, only while it is sent.
 */
__attribute__((noinline)) static void send_listener(const struct settings *settings,
                                                    const struct listener *listener,
                                                    const char *reason)
{
    struct event_line line;

    event_format_listener(&line, listener, reason);
    channel_write(&settings->channel, line.bytes, line.length, reason == NULL);
}

static void report_listener(int fd, const void *caller)
{
    const struct settings *settings = settings_get();
    uint64_t inode = socket_inode(fd);
    struct listener listener = {.fd = fd};
    const char *reason;

    if (settings == NULL || inode == 0 || inode == socket_taken() || !listener_is_tcp(fd) ||
        !listener_read_address(&listener, fd))
        return;
    listener.asked = socket_asked(inode);
    listener_read_caller(&listener, caller);
    reason = reason_to_pass(settings, &listener, inode);
    if (settings->only_me && reason == second)
        only_me_begin(inode);
    if (reason != NULL && !settings->all_events)
        return;
    send_listener(settings, &listener, reason);
    /* The event first: a launcher that hears "ready" has heard the port. */
    if (reason == NULL)
        wait_begin(&listener, settings);
}

void report_listen(int fd, int result, const void *caller)
{
    int error = errno;

    if (result == 0)
        report_listener(fd, caller);
    errno = error;
}
