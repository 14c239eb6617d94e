#include "launcher/source/tcp_offer.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "launcher/base/entropy.h"
#include "launcher/source/host_addresses.h"
#include "shim/wire/text.h"

static bool make_secret(char secret[HANDOVER_SECRET + 1])
{
    static const char digits[] = "0123456789abcdef";
    unsigned char bytes[HANDOVER_SECRET];

    if (!entropy_fill(bytes, sizeof bytes))
        return false;
    for (size_t i = 0; i < sizeof bytes; i++)
        secret[i] = digits[bytes[i] % 16];
    secret[sizeof bytes] = '\0';
    return true;
}

static bool describe(struct tcp_offer *offer)
{
    struct text text = {offer->text, 0, sizeof offer->text - 1};
    struct text host = {offer->handover.host, 0, sizeof offer->handover.host - 1};
    union address address;
    socklen_t length = sizeof address;
    char name[HOST_SIZE] = "";

    if (getsockname(offer->fd, &address.any, &length) != 0)
        return false;
    gethostname(name, sizeof name - 1);
    text_put_escaped(&host, name);
    text_end(&host);
    offer->handover.count = host_addresses(offer->handover.addresses, HANDOVER_ADDRESSES);
    for (unsigned i = 0; i < offer->handover.count; i++)
        address_set_port(&offer->handover.addresses[i], address_port(&address));
    if (offer->handover.count == 0) {
        errno = EADDRNOTAVAIL;
        return false;
    }
    handover_put_tcp(&text, &offer->handover);
    text_end(&text);
    return text.length < text.size;
}

/* On any address of the family, and any port. */
static int bind_to(const union address *any)
{
    int fd = socket(any->any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), off = 0;

    if (fd < 0)
        return -1;
    if ((any->any.sa_family != AF_INET6 ||
         setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off) == 0) &&
        bind(fd, &any->any, address_length(any)) == 0)
        return fd;
    close(fd);
    return -1;
}

/* For both families at once, or IPv4 where the kernel has no other. */
static int open_socket(void)
{
    const union address ipv6 = {.ipv6 = {.sin6_family = AF_INET6}};
    const union address ipv4 = {.ipv4 = {.sin_family = AF_INET}};
    int fd = bind_to(&ipv6);

    return fd >= 0 ? fd : bind_to(&ipv4);
}

void tcp_offer_close(struct tcp_offer *offer)
{
    if (offer->fd >= 0)
        close(offer->fd);
    offer->fd = -1;
}

bool tcp_offer_make(struct tcp_offer *offer)
{
    int error;

    offer->fd = open_socket();
    if (offer->fd < 0)
        return false;
    if (make_secret(offer->handover.secret) && describe(offer))
        return true;
    error = errno;
    tcp_offer_close(offer);
    errno = error;
    return false;
}
