/*
 * watch: a server that sends any bytes, in pieces; what the client sends it, and what the user
 * gets to see.
 *
 * A piece is a length in one byte, 255 for the end of the stream, and that many bytes.
 */
#include "launcher/imd/session.h"

#include <sys/socket.h>
#include <unistd.h>

#include "launcher/imd/summary.h"
#include "tests/fuzz/support/fuzz.h"

enum { WIDTH = 80, MOST_SHOWN = 1024, MOST_PIECES = 64, END = 255 };

/* The session, its server, and what stands on the terminal. */
struct scene {
    struct session session;
    struct meter meter;
    int server;
    int64_t now;
    char *shown;
    size_t shown_length;
    FILE *terminal;
};

static struct scene *begin(void)
{
    struct scene *scene = calloc(1, sizeof *scene);
    int ends[2];

    DEMAND(scene != NULL);
    DEMAND(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) == 0);
    DEMAND(connection_parse(&scene->session.connection, "localhost:8888") == NULL);
    scene->session.connection.fd = ends[0];
    scene->server = ends[1];
    scene->session.phase = GREETING;
    imd_start(&scene->session.imd);
    scene->terminal = open_memstream(&scene->shown, &scene->shown_length);
    meter_start(&scene->meter, scene->terminal);
    scene->meter.live = true;
    return scene;
}

static void end(struct scene *scene)
{
    connection_close(&scene->session.connection);
    close(scene->server);
    fclose(scene->terminal);
    free(scene->shown);
    free(scene);
}

/* Everything shown so far is text, of some length; then the terminal is wiped. */
static void demand_shown(struct scene *scene, size_t least, const char *controls)
{
    fflush(scene->terminal);
    DEMAND(scene->shown_length >= least && scene->shown_length <= MOST_SHOWN);
    for (size_t i = 0; i < scene->shown_length; i++) {
        char c = scene->shown[i];

        DEMAND((c >= ' ' && c <= '~') || (c != '\0' && strchr(controls, c) != NULL));
    }
    rewind(scene->terminal);
}

static void step(struct scene *scene)
{
    if (scene->session.phase == GONE)
        return;
    DEMAND(session_events(&scene->session) != 0);
    session_advance(&scene->session);
    session_check_deadline(&scene->session);
    if (scene->session.phase == STREAMING) {
        scene->now += 150;
        meter_update(&scene->meter, &scene->session.imd, scene->now);
        demand_shown(scene, 1, "\r");
        DEMAND(scene->meter.length < WIDTH); /* whole fields only, and no more than fit */
    }
}

static void play(struct scene *scene, struct input *input)
{
    for (int pieces = 0; input->left > 0 && pieces < MOST_PIECES; pieces++) {
        size_t length = take_byte(input);
        const uint8_t *bytes;

        if (length == END)
            break;
        bytes = take_bytes(input, &length);
        send(scene->server, bytes, length, MSG_NOSIGNAL);
        step(scene);
    }
    shutdown(scene->server, SHUT_WR);
    step(scene);
    step(scene);
    DEMAND(scene->session.phase == GONE);
}

/* GO, once, if there was a handshake; DISCONNECT at most, and nothing else. */
static void demand_sent(const struct scene *scene)
{
    static const unsigned char go[IMD_HEADER_SIZE] = {0, 0, 0, IMD_GO};
    static const unsigned char disconnect[IMD_HEADER_SIZE] = {0, 0, 0, IMD_DISCONNECT};
    unsigned char sent[4 * IMD_HEADER_SIZE];
    ssize_t length = recv(scene->server, sent, sizeof sent, 0);

    if (length <= 0)
        return;
    DEMAND(scene->session.imd.greeted && length <= 2 * IMD_HEADER_SIZE);
    DEMAND(memcmp(sent, go, sizeof go) == 0);
    DEMAND(length == IMD_HEADER_SIZE ||
           (length == 2 * IMD_HEADER_SIZE &&
            memcmp(sent + IMD_HEADER_SIZE, disconnect, sizeof disconnect) == 0));
}

static void demand_summary(struct scene *scene, int64_t milliseconds)
{
    summary_print(scene->terminal, &scene->session.imd, milliseconds);
    demand_shown(scene, 2, "\n");
    DEMAND(strchr(scene->shown, '\n') != NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct input input = {bytes, size};
    struct scene *scene = begin();
    const struct session *session = &scene->session;

    play(scene, &input);
    demand_sent(scene);
    DEMAND(IS_STRING(session->failure));
    DEMAND(is_printable(session->failure));
    DEMAND((session->failure[0] == '\0') == (session->imd.error[0] == '\0'));
    meter_clear(&scene->meter);
    demand_shown(scene, 0, "\r");
    demand_summary(scene, 0);
    demand_summary(scene, 12345);
    end(scene);
    return 0;
}
