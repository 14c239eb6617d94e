#include "tests/system/support/relay.h"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>

#include "tests/support/process.h"

enum { PATIENCE = 20000 /* milliseconds, for the next bytes */ };

void relayed_start(struct relayed *relayed, const char *engine, const char *options)
{
    char line[64];

    shell_start(&relayed->engine, "exec $DOUBLES/imd-engine %s", engine);
    ck_assert(shell_wait_for_out(&relayed->engine, "\n"));
    unlink("relay.port");
    shell_start(&relayed->relay, "exec $IMDSHIM relay -o relay.port %s %d", options,
                atoi(relayed->engine.out));
    wait_for_file("relay.port");
    read_line("relay.port", line, sizeof line);
    ck_assert_msg(strrchr(line, ':') != NULL, "'%s'", line);
    relayed->port = atoi(strrchr(line, ':') + 1);
}

void relayed_finish(struct relayed *relayed, int status)
{
    shell_finish(&relayed->relay);
    shell_finish(&relayed->engine);
    ck_assert_msg(shell_status(&relayed->relay) == status, "%d: %s",
                  shell_status(&relayed->relay), relayed->relay.err);
}

void relayed_end(struct relayed *relayed)
{
    kill(relayed->relay.pid, SIGTERM);
    shell_finish(&relayed->relay);
    ck_assert_msg(shell_status(&relayed->relay) == 0, "%s", relayed->relay.err);
    kill(relayed->engine.pid, SIGTERM);
    shell_finish(&relayed->engine);
}

struct viewer viewer_connect(int port)
{
    struct viewer viewer = {.in_order = true, .contiguous = true, .first_step = -1};
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    viewer.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_ge(viewer.fd, 0);
    ck_assert_int_eq(connect(viewer.fd, (struct sockaddr *)&address, sizeof address), 0);
    imd_start(&viewer.imd);
    return viewer;
}

void viewer_say(const struct viewer *viewer, int32_t type, int32_t value)
{
    unsigned char header[IMD_HEADER_SIZE];

    imd_encode_header(header, (enum imd_type)type, value);
    ck_assert_int_eq(send(viewer->fd, header, sizeof header, MSG_NOSIGNAL), sizeof header);
}

static void note_frame(struct viewer *viewer)
{
    int64_t step = viewer->imd.step, before = viewer->last_step;

    if (viewer->first_step < 0)
        viewer->first_step = step;
    else if (step <= before)
        viewer->in_order = false;
    else if (step != before + 10)
        viewer->contiguous = false;
    viewer->last_step = step;
}

/* False at the end of the stream. */
bool viewer_read_some(struct viewer *viewer)
{
    struct pollfd readable = {.fd = viewer->fd, .events = POLLIN};
    static unsigned char bytes[1 << 16];
    ssize_t got;

    ck_assert_msg(poll(&readable, 1, PATIENCE) == 1, "nothing comes after %llu frames",
                  (unsigned long long)viewer->imd.frames);
    got = recv(viewer->fd, bytes, sizeof bytes, 0);
    for (size_t at = 0; got > 0 && at < (size_t)got;) {
        unsigned news;
        uint64_t frames = viewer->imd.frames;

        at += imd_take(&viewer->imd, bytes + at, (size_t)got - at, &news);
        ck_assert_msg((news & IMD_FAILED) == 0, "%s", viewer->imd.error);
        if (viewer->imd.frames == frames)
            continue;
        note_frame(viewer);
    }
    return got > 0;
}

void viewers_read_all(struct viewer *viewers, int count)
{
    struct pollfd readable[8];
    int left = count;

    ck_assert_int_le(count, 8);
    while (left > 0) {
        for (int i = 0; i < count; i++)
            readable[i] =
                (struct pollfd){.fd = viewers[i].ended ? -1 : viewers[i].fd, .events = POLLIN};
        ck_assert_int_gt(poll(readable, (nfds_t)count, PATIENCE), 0);
        for (int i = 0; i < count; i++)
            if (readable[i].revents != 0 && !viewer_read_some(&viewers[i])) {
                viewers[i].ended = true;
                left--;
            }
    }
}

void viewer_greet(struct viewer *viewer)
{
    while (!viewer->imd.greeted)
        ck_assert(viewer_read_some(viewer));
    viewer_say(viewer, IMD_GO, 0);
}

struct viewer viewer_start(int port)
{
    struct viewer viewer = viewer_connect(port);

    viewer_greet(&viewer);
    return viewer;
}

bool viewer_read(struct viewer *viewer, uint64_t frames)
{
    while (viewer->imd.frames < frames)
        if (!viewer_read_some(viewer))
            return false;
    return true;
}

bool viewer_read_all(struct viewer *viewer)
{
    while (viewer_read_some(viewer))
        continue;
    return imd_end(&viewer->imd);
}

void viewer_leave(struct viewer *viewer)
{
    viewer_say(viewer, IMD_DISCONNECT, 0);
    close(viewer->fd);
}

void viewer_die(struct viewer *viewer)
{
    const struct linger at_once = {.l_onoff = 1, .l_linger = 0};

    setsockopt(viewer->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    close(viewer->fd);
}
