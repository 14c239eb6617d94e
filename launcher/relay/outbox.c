#include "launcher/relay/outbox.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

bool outbox_is_empty(const struct outbox *outbox)
{
    return outbox->sent == outbox->length;
}

static bool reserve(struct outbox *outbox, size_t length)
{
    unsigned char *bytes;

    if (outbox->size - outbox->length >= length)
        return true;
    bytes = realloc(outbox->bytes, outbox->length + length);
    if (bytes == NULL)
        return false;
    outbox->bytes = bytes;
    outbox->size = outbox->length + length;
    return true;
}

bool outbox_add(struct outbox *outbox, const void *bytes, size_t length)
{
    if (outbox->sent > 0) {
        outbox->length -= outbox->sent;
        memmove(outbox->bytes, outbox->bytes + outbox->sent, outbox->length);
        outbox->sent = 0;
    }
    if (!reserve(outbox, length))
        return false;
    memcpy(outbox->bytes + outbox->length, bytes, length);
    outbox->length += length;
    return true;
}

/* Once it is empty its memory is given back: a frame may be large, and seldom comes here. */
ssize_t outbox_send(struct outbox *outbox, int fd)
{
    ssize_t sent = send(fd, outbox->bytes + outbox->sent, outbox->length - outbox->sent,
                        MSG_NOSIGNAL | MSG_DONTWAIT);

    if (sent > 0)
        outbox->sent += (size_t)sent;
    if (outbox_is_empty(outbox))
        outbox_free(outbox);
    return sent;
}

void outbox_free(struct outbox *outbox)
{
    free(outbox->bytes);
    *outbox = (struct outbox){.bytes = NULL};
}
