/* Which back end sees the engine's sockets, and what keeps notification from it. */
#include "launcher/notify/backend.h"

#include <string.h>

#include "tests/support/suite.h"

static const struct {
    enum preflight_verdict verdict;
    bool by_itself;
} verdicts[] = {
    {PREFLIGHT_FINE, false},           {PREFLIGHT_NOT_FOUND, false},
    {PREFLIGHT_NOT_EXECUTABLE, false}, {PREFLIGHT_UNREADABLE, false},
    {PREFLIGHT_LINKER, false},         {PREFLIGHT_STATIC, true},
    {PREFLIGHT_OTHER_LIBC, true},      {PREFLIGHT_OTHER_MACHINE, false},
    {PREFLIGHT_SET_ID, false},         {PREFLIGHT_CAPABILITIES, false},
    {PREFLIGHT_NOEXEC, true},
};

LOOP_TEST(notification_is_chosen_where_no_library_can_be_and_no_privilege_is_lost,
          COUNT(verdicts))
{
    enum preflight_verdict verdict = verdicts[_i].verdict;

    ck_assert(backend_is_to_be_notify(BACKEND_NOT_SAID, verdict) == verdicts[_i].by_itself);
    ck_assert(!backend_is_to_be_notify(BACKEND_PRELOAD, verdict));
    ck_assert(backend_is_to_be_notify(BACKEND_NOTIFY, verdict));
}

static const struct {
    struct options options;
    const char *said;
} obstacles[] = {
    {{.only_me = true}, "add --relay"},
    {{.match = "object=libgromacs*"}, "object="},
    {{.match = "port=8888 exe=gmx object=*"}, "object="},
};

TEST(with_relay_the_kernel_closes_the_engine_to_others)
{
    const struct options options = {.only_me = true, .relay = true};
    const char *reason = backend_obstacle(&options);

    ck_assert(reason == NULL || strstr(reason, "--only-me") == NULL);
}

LOOP_TEST(what_needs_the_library_is_an_obstacle, COUNT(obstacles))
{
    const char *reason = backend_obstacle(&obstacles[_i].options);

    ck_assert_ptr_nonnull(reason);
    ck_assert_ptr_nonnull(strstr(reason, obstacles[_i].said));
}
