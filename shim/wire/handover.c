#include "shim/wire/handover.h"

#include <string.h>

void handover_put_fd(struct text *text, const struct handover_fd *file)
{
    const uint64_t numbers[] = {(uint64_t)file->fd, file->device, file->inode, file->birth};

    for (int i = 0; i < 4; i++) {
        if (i > 0)
            text_put_char(text, ':');
        text_put_number(text, numbers[i]);
    }
}

bool handover_parse_fd(struct handover_fd *file, const char *text)
{
    uint64_t numbers[4];

    file->fd = -1;
    for (int i = 0; i < 4; i++) {
        text = text_take_number(text, i == 0 ? INT_MAX : UINT64_MAX, &numbers[i]);
        if (text == NULL || *text != (i < 3 ? ':' : '\0'))
            return false;
        text++;
    }
    *file = (struct handover_fd){(int)numbers[0], numbers[1], numbers[2], numbers[3]};
    return true;
}

bool handover_parse_fifo(char path[PATH_MAX], const char *text)
{
    size_t length = strlen(text);

    path[0] = '\0';
    if (text[0] != '/' || length >= PATH_MAX)
        return false;
    memcpy(path, text, length + 1);
    return true;
}

void handover_put_tcp(struct text *text, const struct handover_tcp *tcp)
{
    text_put_string(text, tcp->host);
    text_put_char(text, ':');
    text_put_number(text, address_port(&tcp->addresses[0]));
    text_put_char(text, ':');
    text_put_string(text, tcp->secret);
    for (unsigned i = 0; i < tcp->count; i++) {
        text_put_char(text, i == 0 ? ':' : ',');
        address_put(text, &tcp->addresses[i]);
    }
}

/* Up to a colon, which is stepped over. NULL if it is not there or there is no room. */
static const char *take_field(const char *text, char *to, size_t size)
{
    size_t length = strcspn(text, ":");

    if (text[length] == '\0' || length >= size)
        return NULL;
    memcpy(to, text, length);
    to[length] = '\0';
    return text + length + 1;
}

/* To the end of the text. */
static bool parse_addresses(struct handover_tcp *tcp, const char *text, unsigned port)
{
    for (; tcp->count < HANDOVER_ADDRESSES; text++) {
        union address *address = &tcp->addresses[tcp->count++];
        size_t length = strcspn(text, ",");

        if (!address_parse_part(address, text, length))
            return false;
        address_set_port(address, port);
        text += length;
        if (*text == '\0')
            return true;
    }
    return false;
}

bool handover_parse_tcp(struct handover_tcp *tcp, const char *text)
{
    unsigned port = 0;

    tcp->count = 0;
    text = take_field(text, tcp->host, sizeof tcp->host);
    if (text != NULL)
        text = text_take_port(text, 1, &port);
    if (text == NULL || *text != ':')
        return false;
    text = take_field(text + 1, tcp->secret, sizeof tcp->secret);
    if (text != NULL && strlen(tcp->secret) == HANDOVER_SECRET &&
        parse_addresses(tcp, text, port))
        return true;
    tcp->count = 0;
    return false;
}

char *handover_sign(char *line, const char secret[HANDOVER_SECRET + 1])
{
    line -= HANDOVER_SIGNATURE;
    memcpy(line, secret, HANDOVER_SECRET);
    line[HANDOVER_SECRET] = ' ';
    return line;
}

/* Its time does not tell how much of the secret was right. */
char *handover_check_signed(char *text, const char secret[HANDOVER_SECRET + 1])
{
    unsigned char difference = 0;

    if (strlen(text) <= HANDOVER_SECRET)
        return NULL;
    for (int i = 0; i < HANDOVER_SECRET; i++)
        difference |= (unsigned char)(text[i] ^ secret[i]);
    return difference == 0 && text[HANDOVER_SECRET] == ' ' ? text + HANDOVER_SECRET + 1 : NULL;
}
