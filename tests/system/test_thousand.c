/*
 * A thousand runs at once on one machine, all with port 8888 in their input.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/crowd.h"
#include "tests/support/suite.h"
#include "tests/system/support/launcher.h"

enum { PORTS = 65536, LISTEN = 0x0a /* TCP_LISTEN of net/tcp_states.h, as /proc says it */ };

static struct crowd crowd;

/* A sanitizer takes its time and its memory for each. */
static int runs(void)
{
    return built_with_sanitizer() ? CROWD_MOST / 10 : CROWD_MOST;
}

/* Without what RUN_WITH puts before it. */
static const char *bare_launcher(void)
{
    const char *blank = strrchr(sandbox_launcher(), ' ');

    return blank != NULL ? blank + 1 : sandbox_launcher();
}

/* What the kernel says: the ports on which IPv4 is listened to on this host. */
static void read_listening(bool *listening)
{
    FILE *file = fopen("/proc/net/tcp", "re");
    char line[256];
    unsigned port, state;

    ck_assert_ptr_nonnull(file);
    memset(listening, 0, PORTS);
    while (fgets(line, sizeof line, file) != NULL)
        if (sscanf(line, " %*u: %*8x:%4x %*8x:%*4x %2x", &port, &state) == 2 && state == LISTEN)
            listening[port] = true;
    fclose(file);
}

static unsigned port_in_file(int run)
{
    char path[16], line[128];

    snprintf(path, sizeof path, "%d", run);
    wait_for_file(path);
    read_line(path, line, sizeof line);
    return (unsigned)atoi(strrchr(line, ':') + 1);
}

static bool has_room(void)
{
    const char *obstacle = crowd_obstacle(runs());

    return obstacle == NULL || suite_skip("a thousand runs", obstacle);
}

TEST_OPTIONS(IN_SANDBOX, .needs = has_room);

TEST(a_thousand_runs_that_all_ask_for_one_port_each_have_their_own)
{
    static bool listening[PORTS];
    char engine[4096];
    const char *const command[] = {bare_launcher(), "run", "-q",   "--port",
                                   "8888",          "-o",  "{}",   "--",
                                   engine,          "{}",  "8888", NULL};
    int failed;

    snprintf(engine, sizeof engine, "%s/gated", sandbox_doubles());
    ck_assert_msg(crowd_start(&crowd, runs(), command), "%d have started", crowd.count);
    ck_assert_msg(crowd_gather(&crowd), "%d have come to the door", crowd.at_door);
    ck_assert_msg(crowd_open(&crowd), "%d have answered", crowd.answered);
    read_listening(listening);
    for (int i = 0; i < crowd.count; i++) {
        ck_assert_msg(crowd.ports[i] != 8888 && listening[crowd.ports[i]],
                      "run %d listens on %u", i, crowd.ports[i]);
        listening[crowd.ports[i]] = false; /* it is this run's alone */
        ck_assert_uint_eq(port_in_file(i), crowd.ports[i]);
    }
    failed = crowd_end(&crowd);
    ck_assert_msg(failed == 0, "%d runs have failed", failed);
    ck_assert_int_eq(system("test -z \"$(ls -A imdshim-$(id -u))\""), 0);
}
