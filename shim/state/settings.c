#include "shim/state/settings.h"

#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "shim/wire/address.h"
#include "shim/wire/sys.h"
#include "shim/wire/wire.h"

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

/* With a name of its own for the port, a run gets a free one. */
static bool read_port(const char *text)
{
    settings.binding.has_ports = true;
    settings.rewrites = true;
    text = address_take_port(text, &settings.match.port);
    return text != NULL && *text == '\0' && settings.match.port > 0;
}

static bool read_listen(const char *text)
{
    bool any_port = settings.binding.has_ports;

    settings.rewrites = true;
    if (binding_parse(&settings.binding, text) != NULL)
        return false;
    settings.binding.has_ports |= any_port;
    return true;
}

/* False if one of them is there and not of its form. */
static bool read_socket_rules(void)
{
    const char *port = READ(WIRE_PORT), *match = READ(WIRE_MATCH);
    const char *listen = READ(WIRE_LISTEN);

    return (port == NULL || read_port(port)) && (listen == NULL || read_listen(listen)) &&
           (match == NULL || match_parse(&settings.match, match));
}

static bool read_channel(void)
{
    const char *fd = secure_getenv(WIRE_FD), *fifo = READ(WIRE_FIFO);
    const char *tcp = READ(WIRE_TCP);

    if (fd != NULL && channel_parse_fd(&settings.channel, fd))
        return true;
    if (fifo == NULL && tcp == NULL)
        return false;
    settings.channel.fd = -1;
    return (fifo == NULL || channel_parse_fifo(&settings.channel, fifo)) &&
           (tcp == NULL || tcp_parse(&settings.channel.tcp, tcp));
}

static enum state read_environment(void)
{
    const char *events = READ(WIRE_EVENTS), *gate = secure_getenv(WIRE_GATE);
    const char *wake = READ(WIRE_WAKE), *only = READ(WIRE_ONLY);

    settings.all_events = events != NULL && strcmp(events, WIRE_EVENTS_ALL) == 0;
    settings.only_me = only != NULL;
    settings.wakes = wake == NULL || strcmp(wake, WIRE_WAKE_OFF) != 0;
    settings.tells = read_channel() && read_socket_rules() &&
                     (only == NULL || strcmp(only, WIRE_ONLY_ME) == 0);
    return settings.tells || (gate != NULL && gate_parse(&settings.gate, gate)) ? ACTIVE
                                                                                : INERT;
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
    sys_sigset mask = sys_block_signals();
    int now = UNREAD;

    if (atomic_compare_exchange_strong(&state, &now, READING)) {
        now = read_environment();
        atomic_store_explicit(&state, now, memory_order_release);
    } else if (now == READING) {
        now = wait_for_reading();
    }
    sys_restore_signals(mask);
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
