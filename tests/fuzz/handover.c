/*
 * What the launcher hands over in the environment, and the lines that begin with a secret: any
 * text.
 *
 * The first byte says what the rest is.
 */
#include "shim/wire/handover.h"

#include "tests/fuzz/support/fuzz.h"

enum { FILE_OF_OURS, FIFO, TCP, SIGNED, KINDS };

#define SECRET "0123456789abcdef0123456789abcdef"

static void demand_file(const char *text)
{
    struct handover_fd file, back;
    char again[128];
    struct text put = {again, 0, sizeof again - 1};
    bool parsed = handover_parse_fd(&file, text);

    DEMAND(parsed == (file.fd >= 0));
    if (!parsed)
        return;
    handover_put_fd(&put, &file);
    text_end(&put);
    DEMAND(handover_parse_fd(&back, again));
    DEMAND(back.fd == file.fd && back.device == file.device && back.inode == file.inode &&
           back.birth == file.birth);
}

static void demand_fifo(const char *text)
{
    char *path = malloc(PATH_MAX);

    if (handover_parse_fifo(path, text))
        DEMAND(path[0] == '/' && strcmp(path, text) == 0);
    else
        DEMAND(path[0] == '\0' && (text[0] != '/' || strlen(text) >= PATH_MAX));
    free(path);
}

static void demand_tcp(const char *text)
{
    struct handover_tcp *tcp = malloc(sizeof *tcp), *back = malloc(sizeof *back);
    char again[2048];
    struct text put = {again, 0, sizeof again - 1};
    bool parsed = handover_parse_tcp(tcp, text);

    DEMAND(parsed == (tcp->count > 0));
    if (parsed) {
        DEMAND(tcp->count <= HANDOVER_ADDRESSES && strlen(tcp->secret) == HANDOVER_SECRET);
        DEMAND(IS_STRING(tcp->host) && strchr(tcp->host, ':') == NULL);
        for (unsigned i = 0; i < tcp->count; i++)
            DEMAND(address_port(&tcp->addresses[i]) == address_port(&tcp->addresses[0]) &&
                   address_port(&tcp->addresses[i]) > 0);
        handover_put_tcp(&put, tcp);
        text_end(&put);
        DEMAND(handover_parse_tcp(back, again) && back->count == tcp->count);
        DEMAND(strcmp(back->host, tcp->host) == 0 && strcmp(back->secret, tcp->secret) == 0);
        DEMAND(memcmp(back->addresses, tcp->addresses, tcp->count * sizeof *tcp->addresses) ==
               0);
    }
    free(back);
    free(tcp);
}

/* Behind the secret and a blank; and what is signed is believed. */
static void demand_signed(char *text)
{
    size_t size = strlen(text) + 1;
    const char *line = handover_check_signed(text, SECRET);
    char *whole = malloc(HANDOVER_SIGNATURE + size);

    DEMAND((line != NULL) == (strncmp(text, SECRET " ", sizeof SECRET) == 0));
    DEMAND(line == NULL || line == text + sizeof SECRET);
    memcpy(whole + HANDOVER_SIGNATURE, text, size);
    DEMAND(handover_sign(whole + HANDOVER_SIGNATURE, SECRET) == whole);
    line = handover_check_signed(whole, SECRET);
    DEMAND(line == whole + HANDOVER_SIGNATURE && strcmp(line, text) == 0);
    free(whole);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct input input = {bytes, size};
    unsigned kind = take_byte(&input) % KINDS;
    char *text = take_text(&input, '\0');

    if (kind == FILE_OF_OURS)
        demand_file(text);
    else if (kind == FIFO)
        demand_fifo(text);
    else if (kind == TCP)
        demand_tcp(text);
    else
        demand_signed(text);
    free(text);
    return 0;
}
