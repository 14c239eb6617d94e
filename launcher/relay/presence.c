#include "launcher/relay/presence.h"

#include <errno.h>
#include <string.h>

#include "launcher/base/clock.h"
#include "shim/wire/local_address.h"
#include "shim/wire/peer.h"

enum { INTERVAL = 3000 /* milliseconds */ };

/* Whatever keeps the kernel from answering, it is no proof that nobody listens. */
static bool may_listen(const union address *address)
{
    return peer_listens(address) || errno != ENOENT;
}

static bool any(const struct connection *engine, bool (*holds)(const union address *), bool is)
{
    for (const struct addrinfo *at = engine->addresses; at != NULL; at = at->ai_next) {
        union address address = {.any.sa_family = AF_UNSPEC};

        memcpy(&address, at->ai_addr, at->ai_addrlen);
        if (holds(&address) == is)
            return true;
    }
    return false;
}

void presence_start(struct presence *presence, const struct connection *engine)
{
    bool is_remote = any(engine, address_is_local, false);

    *presence = (struct presence){.due = is_remote ? 0 : clock_now() + INTERVAL,
                                  .seen = any(engine, may_listen, true)};
}

bool presence_is_lost(struct presence *presence, const struct connection *engine,
                      bool has_client)
{
    int64_t now = clock_now();
    bool listens;

    if (presence->due == 0 || (!has_client && now < presence->due))
        return false;
    presence->due = now + INTERVAL;
    if (has_client)
        return false;
    listens = any(engine, may_listen, true);
    presence->seen |= listens;
    return presence->seen && !listens;
}
