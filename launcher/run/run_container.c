#include <unistd.h>

#include "launcher/base/clock.h"
#include "launcher/run/run.h"

enum { PATIENCE = 20 }; /* seconds: podman rm waits ten of them for what ignores SIGTERM */

/*
 * podman and docker are killed without their container, and by a SIGTERM that comes before they
 * pass signals on. What they say of one that has ended already is no news.
 */
void run_end_container(struct run *run)
{
    const struct child_plan plan = {
        .argv = (const char *const *)run->container.kill.list,
        .environment = environ,
        .without_input = true,
        .without_output = true,
    };

    if (run->container.kill.count == 0 || run->ender.state != CHILD_NONE)
        return;
    run->ender_until = clock_now() + PATIENCE * INT64_C(1000);
    run->orphans.spared = &run->ender;
    child_start(&run->ender, &plan, &run->signals);
}
