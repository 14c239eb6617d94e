#include "launcher/relay/steer.h"

#include <errno.h>

void steer(struct relay *relay, unsigned char *command, size_t length)
{
    struct steering *steering = &relay->steering;

    steering->client = relay->plan.version;
    steering->engine = relay->session.imd.version;
    if (relay->session.phase == STREAMING && command_translate(steering, command))
        outbox_add(&relay->to_engine, command, length);
}

void steer_resume(struct relay *relay)
{
    unsigned char header[IMD_HEADER_SIZE];

    if (relay->session.phase == STREAMING && command_resume(&relay->steering, header))
        outbox_add(&relay->to_engine, header, sizeof header);
}

/* An error here is seen again, and told, by who reads. */
bool steer_send(struct relay *relay)
{
    ssize_t sent;

    if (!relay->engine_writable || outbox_is_empty(&relay->to_engine))
        return false;
    sent = outbox_send(&relay->to_engine, relay->session.connection.fd);
    if (sent < 0 && errno == EAGAIN)
        relay->engine_writable = false;
    else if (sent < 0 && errno != EINTR)
        outbox_free(&relay->to_engine);
    return sent > 0;
}
