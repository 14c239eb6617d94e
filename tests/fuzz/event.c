/*
 * The event parser, and what a run makes of its events: lines of any bytes.
 */
#include "launcher/event.h"

#include "launcher/endpoint.h"
#include "launcher/findings.h"
#include "tests/fuzz/support/fuzz.h"

enum { ENGINE = 4711, EXPLANATION = 2048 };

static const char *const names[] = {
    [KIND_LISTENING] = EVENT_LISTENING, [KIND_READY] = EVENT_READY,
    [KIND_LOADED] = EVENT_LOADED,       [KIND_ENDED] = EVENT_ENDED,
    [KIND_PASSED] = EVENT_PASSED,       [KIND_REFUSED] = EVENT_REFUSED,
    [KIND_CONNECTED] = EVENT_CONNECTED, [KIND_DENIED] = EVENT_DENIED,
};

static void demand_plain(const char *value, size_t size)
{
    DEMAND(memchr(value, '\0', size) != NULL);
    DEMAND(is_printable(value) && strchr(value, ' ') == NULL);
}

static void demand_in_range(const struct event *event)
{
    bool listens = event->kind == KIND_LISTENING || event->kind == KIND_PASSED;

    DEMAND((unsigned)event->kind < sizeof names / sizeof names[0]);
    DEMAND(event->port <= UINT16_MAX && event->asked <= UINT16_MAX);
    DEMAND(event->pid > 0 && event->error >= 0 && event->peer[0] == '\0');
    DEMAND(event->has_uid || event->uid == 0);
    DEMAND(event->kind != KIND_DENIED || event->port > 0);
    DEMAND(event->address[0] == '\0' || is_address(event->address));
    DEMAND(!listens || (event->port > 0 && event->address[0] != '\0'));
    demand_plain(event->host, sizeof event->host);
    demand_plain(event->exe, sizeof event->exe);
    demand_plain(event->object, sizeof event->object);
    demand_plain(event->comm, sizeof event->comm);
    demand_plain(event->reason, sizeof event->reason);
}

/* Behind their NUL the values may differ. */
static void demand_same(const struct event *a, const struct event *b)
{
    DEMAND(a->kind == b->kind && a->port == b->port && a->asked == b->asked);
    DEMAND(a->pid == b->pid && a->error == b->error);
    DEMAND(a->has_uid == b->has_uid && a->uid == b->uid);
    DEMAND(strcmp(a->address, b->address) == 0 && strcmp(a->host, b->host) == 0);
    DEMAND(strcmp(a->exe, b->exe) == 0 && strcmp(a->object, b->object) == 0);
    DEMAND(strcmp(a->comm, b->comm) == 0 && strcmp(a->reason, b->reason) == 0);
}

/* What was understood, said again, is understood in the same way. */
static void demand_comes_back(const struct event *event)
{
    char line[2 * EVENT_MAX];
    struct event back;
    int length = snprintf(line, sizeof line, "%u %s pid=%ld asked=%u error=%d host=%s exe=%s",
                          event->port, names[event->kind], (long)event->pid, event->asked,
                          event->error, event->host, event->exe);

    snprintf(line + length, sizeof line - (size_t)length, " object=%s comm=%s reason=%s%s%s",
             event->object, event->comm, event->reason,
             event->address[0] != '\0' ? " addr=" : "", event->address);
    if (event->has_uid)
        snprintf(line + strlen(line), sizeof line - strlen(line), " uid=%lu",
                 (unsigned long)event->uid);
    DEMAND(event_parse(line, &back));
    demand_same(&back, event);
}

static void demand_endpoints(const struct event *event)
{
    char *host = malloc(ENDPOINT_HOST_SIZE);

    endpoint_for_client(event, "here", host);
    demand_plain(host, ENDPOINT_HOST_SIZE);
    endpoint_for_others(event, host);
    demand_plain(host, ENDPOINT_HOST_SIZE);
    endpoint_bracket(host);
    demand_plain(host, ENDPOINT_HOST_SIZE);
    DEMAND(event->address[0] == '\0' || is_address(endpoint_numeric(event)));
    free(host);
}

static void demand_explained(const struct findings *findings, size_t size)
{
    const struct present present = {.engine_comm = "other", .last_comm = ""};
    char *text = malloc(size);

    DEMAND((unsigned)findings_explain(findings, &present, text, size) <= WHY_NEVER_LISTENED);
    DEMAND(memchr(text, '\0', size) != NULL && is_printable(text));
    free(text);
}

static void take_line(char *line, struct findings *findings)
{
    struct event event, again;
    char *copy = fuzz_block(line, strlen(line) + 1);
    bool taken = event_parse(line, &event);

    DEMAND(event_parse(copy, &again) == taken);
    free(copy);
    if (!taken)
        return;
    demand_same(&again, &event);
    demand_in_range(&event);
    demand_comes_back(&event);
    if (event.address[0] != '\0')
        demand_endpoints(&event);
    DEMAND((unsigned)findings_add(findings, &event) <= NEWS_DENIED);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct input input = {bytes, size};
    struct findings *findings = malloc(sizeof *findings);

    findings_begin(findings, ENGINE);
    while (input.left > 0) {
        char *line = take_text(&input, '\n');

        take_line(line, findings);
        free(line);
    }
    DEMAND(IS_STRING(findings->passed));
    demand_explained(findings, EXPLANATION);
    demand_explained(findings, 1 + size % 64);
    DEMAND(!findings->ready || findings->listening);
    DEMAND(!findings->connected || findings->ready);
    free(findings);
    return 0;
}
