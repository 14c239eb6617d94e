#include "launcher/run/diagnosis.h"

#include <bsd/string.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "launcher/base/status.h"

void findings_begin(struct findings *findings, pid_t engine)
{
    memset(findings, 0, sizeof *findings);
    findings->engine = engine;
}

static void add_loaded(struct findings *findings, const struct received *received)
{
    struct image *image = &findings->last_image;

    image->pid = (pid_t)received->event.pid;
    image->remote = received->remote;
    strlcpy(image->exe, received->event.exe, sizeof image->exe);
    strlcpy(image->comm, received->event.comm, sizeof image->comm);
    if (image->pid == findings->engine && !image->remote)
        findings->engine_image = *image;
}

/* The text names as many as it has room for. */
static enum news add_passed(struct findings *findings, const struct event *event)
{
    char address[ENDPOINT_HOST_SIZE];
    size_t length = strlen(findings->passed);

    endpoint_address(&event->address, address);
    endpoint_bracket(address);
    findings->passed_count++;
    findings->unmatched |= strcmp(event->reason, REASON_UNMATCHED) == 0;
    snprintf(findings->passed + length, sizeof findings->passed - length, "%s%s:%u (%.40s)",
             length > 0 ? ", " : "", address, event->port, event->object);
    return NEWS_PASSED;
}

/* The first listener is taken; another process's claim to be it too is one that is passed. */
static enum news add_listening(struct findings *findings, const struct received *received)
{
    if (findings->listening)
        return add_passed(findings, &received->event);
    findings->listening = true;
    listener_keep(&findings->listener, received);
    return NEWS_LISTENING;
}

/* The process that waits may be a child of the one that listens: the port tells. */
static enum news add_ready(struct findings *findings, const struct event *event)
{
    if (findings->ready || !findings->listening || findings->listener.port != event->port)
        return NEWS_NONE;
    findings->ready = true;
    return NEWS_READY;
}

static enum news add_connected(struct findings *findings, const struct event *event)
{
    if (findings->connected || !findings->ready || findings->listener.port != event->port)
        return NEWS_NONE;
    findings->connected = true;
    return NEWS_CONNECTED;
}

enum news findings_add(struct findings *findings, const struct received *received)
{
    const struct event *event = &received->event;

    switch (event->kind) {
    case KIND_LISTENING:
        return add_listening(findings, received);
    case KIND_READY:
        return add_ready(findings, event);
    case KIND_PASSED:
        return add_passed(findings, event);
    case KIND_CONNECTED:
        return add_connected(findings, event);
    case KIND_REFUSED:
        findings->refused = true;
        return NEWS_REFUSED;
    case KIND_DENIED:
        return NEWS_DENIED;
    case KIND_LOADED:
        add_loaded(findings, received);
        break;
    case EVENT_KINDS:
        break;
    }
    return NEWS_NONE;
}

/*
 * A process is named by its last exec(2), with or without the library. comm in the event is
 * escaped; a name that has to be is not compared.
 */
static bool became_another(const struct image *image, const char *comm)
{
    return comm[0] != '\0' && strchr(image->comm, '%') == NULL &&
           strcmp(image->comm, comm) != 0;
}

enum why findings_explain(const struct findings *findings, const struct present *present,
                          char *text, size_t size)
{
    static const char advice[] =
        "put imdshim behind what clears LD_PRELOAD there (env -i, sudo, a static wrapper)";
    const struct image *own = &findings->engine_image, *last = &findings->last_image;

    if (last->pid == 0) {
        snprintf(text, size,
                 "nothing in process %ld had the library: ask 'imdshim check ENGINE'",
                 (long)findings->engine);
        return WHY_NOT_LOADED;
    }
    if (findings->passed_count > 0) {
        snprintf(text, size,
                 findings->unmatched
                     ? "only %s listened, none as --port and --match say: see -v"
                     : "only %s listened, of an MPI or cluster runtime: is IMD switched on?",
                 findings->passed);
        return WHY_NOTHING_MATCHED;
    }
    if (own->pid != 0 && became_another(own, present->engine_comm)) {
        snprintf(text, size, "%s[%ld] became '%s' without the library: %s", own->exe,
                 (long)own->pid, present->engine_comm, advice);
        return WHY_NOT_LOADED;
    }
    if (last->pid != findings->engine && !last->remote &&
        became_another(last, present->last_comm)) {
        snprintf(text, size, "%s[%ld] became a program without the library: %s", last->exe,
                 (long)last->pid, advice);
        return WHY_NOT_LOADED;
    }
    if (present->ended && present->wait_status != 0)
        snprintf(text, size,
                 "%s[%ld] opened no port; it ended with status %d: see what it printed",
                 last->exe, (long)last->pid, status_of_wait(present->wait_status));
    else
        snprintf(text, size,
                 "%s[%ld] opened no port: is IMD switched on in its input and its options?",
                 last->exe, (long)last->pid);
    return WHY_NEVER_LISTENED;
}
