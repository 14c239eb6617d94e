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

/* Up to `end`, which is stepped over. NULL if it is not there or there is no room. */
static const char *take_field(const char *text, char end, char *to, size_t size)
{
    const char *stop = strchr(text, end);
    size_t length = stop != NULL ? (size_t)(stop - text) : size;

    if (length >= size)
        return NULL;
    memcpy(to, text, length);
    to[length] = '\0';
    return stop + (end != '\0');
}

/* To the end of the text. */
static bool parse_addresses(struct handover_tcp *tcp, const char *text, unsigned port)
{
    char address[INET6_ADDRSTRLEN];

    do {
        char end = strchr(text, ',') != NULL ? ',' : '\0';

        text = take_field(text, end, address, sizeof address);
        if (text == NULL || tcp->count == HANDOVER_ADDRESSES ||
            !address_parse(&tcp->addresses[tcp->count], address))
            return false;
        address_set_port(&tcp->addresses[tcp->count++], port);
        if (end == '\0')
            return true;
    } while (true);
}

bool handover_parse_tcp(struct handover_tcp *tcp, const char *text)
{
    unsigned port = 0;

    tcp->count = 0;
    text = take_field(text, ':', tcp->host, sizeof tcp->host);
    if (text != NULL)
        text = text_take_port(text, 1, &port);
    if (text != NULL && *text == ':')
        text = take_field(text + 1, ':', tcp->secret, sizeof tcp->secret);
    else
        text = NULL;
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
