#include "tests/system/support/notify.h"

#include <stdlib.h>

#include "launcher/notify/trial.h"
#include "tests/support/suite.h"

static bool can_be_static(void)
{
    return system("d=$(mktemp -d) && echo 'int main(void) { return 0; }' >$d/x.c && "
                  "${CC:-cc} -static -o $d/x $d/x.c 2>/dev/null; s=$?; rm -r $d; exit $s") ==
               0 ||
           suite_skip("static engines", "no compiler or no static libc");
}

bool notify_can_be_had(void)
{
    const char *obstacle = trial_obstacle();

    if (obstacle != NULL)
        return suite_skip("user notification", obstacle);
    return can_be_static();
}
