#include "shim/state/settings.h"

#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "shim/kernel/memory.h"
#include "shim/wire/sys.h"

enum state { UNREAD, READING, INERT, ACTIVE };

enum { READING_TURNS = 1000 }; /* reading takes microseconds; this bounds a wait for it */

static struct settings settings;
static _Atomic int state = UNREAD;

/* A variable's value by its own name, or by the one that Open MPI carries; a literal. */
#define READ(name) read_either(name, WIRE_OPENMPI name)

static const char *read_either(const char *name, const char *name_by_openmpi)
{
    const char *value = secure_getenv(name);

    return value != NULL ? value : secure_getenv(name_by_openmpi);
}

static bool is(const char *value, const char *expected)
{
    return value != NULL && strcmp(value, expected) == 0;
}

static bool read_only(const char *only)
{
    static const char me[] = WIRE_ONLY_ME;

    if (only == NULL)
        return true;
    settings.only_me = true;
    if (strncmp(only, me, sizeof me - 1) != 0)
        return false;
    only += sizeof me - 1;
    if (*only == ':')
        only = text_take_port(only + 1, 1, &settings.only_from);
    return is(only, "");
}

/* False if one of the variables is there and not of its form. */
static bool read_socket_rules(void)
{
    const char *port = READ(WIRE_PORT), *match = READ(WIRE_MATCH);
    const char *listen = READ(WIRE_LISTEN);

    if (listen != NULL && bind_override_parse(&settings.bind, listen) != NULL)
        return false;
    if (port != NULL) {
        const char *behind = text_take_port(port, 1, &settings.match.port);

        if (behind == NULL || *behind != '\0')
            return false;
        settings.bind.has_ports = true; /* any free one, if LISTEN names none */
    }
    settings.overrides_bind = port != NULL || listen != NULL;
    return (match == NULL || match_parse(&settings.match, match)) && read_only(READ(WIRE_ONLY));
}

static bool read_sink(void)
{
    const char *fd = secure_getenv(WIRE_FD), *fifo = READ(WIRE_FIFO);
    const char *tcp = READ(WIRE_TCP);

    if (fd != NULL && handover_parse_fd(&settings.sink.file, fd))
        return true;
    settings.sink.file.fd = -1;
    if (fifo == NULL && tcp == NULL)
        return false;
    return (fifo == NULL || handover_parse_fifo(settings.sink.fifo, fifo)) &&
           (tcp == NULL || handover_parse_tcp(&settings.sink.tcp, tcp));
}

static enum state read_environment(void)
{
    const char *events = READ(WIRE_EVENTS), *gate = secure_getenv(WIRE_GATE);
    const char *preload = secure_getenv("LD_PRELOAD");

    if (preload != NULL && strstr(preload, "/vgpreload_") != NULL)
        memory_is_under_valgrind();
    settings.all_events = is(events, WIRE_EVENTS_ALL);
    settings.only_ready = is(events, WIRE_EVENTS_READY);
    settings.cuts_sleep = !is(READ(WIRE_WAKE), WIRE_WAKE_OFF);
    settings.reports_events = read_sink() && read_socket_rules();
    if (gate != NULL)
        gate_text_parse(&settings.gate, gate);
    return settings.reports_events || settings.gate.port != 0 ? ACTIVE : INERT;
}

/* Another thread is reading. It will not be long, but a wait inside an engine has an end. */
static enum state wait_for_reading(void)
{
    enum state now = READING;

    for (int i = 0; now == READING && i < READING_TURNS; i++) {
        sched_yield();
        now = (enum state)atomic_load_explicit(&state, memory_order_acquire);
    }
    return now;
}

static enum state read_once(void)
{
    /* A signal handler that came here while this thread reads would wait for itself. */
    BLOCK_SIGNALS;
    int now = UNREAD;

    if (atomic_compare_exchange_strong(&state, &now, READING)) {
        now = read_environment();
        atomic_store_explicit(&state, now, memory_order_release);
    } else if (now == READING) {
        now = wait_for_reading();
    }
    return (enum state)now;
}

const struct settings *settings_get(void)
{
    enum state now = (enum state)atomic_load_explicit(&state, memory_order_acquire);

    if (now == UNREAD || now == READING)
        now = read_once();
    return now == ACTIVE ? &settings : NULL;
}

bool settings_are_read(void)
{
    return atomic_load_explicit(&state, memory_order_acquire) > READING;
}
