/* The engine's sleep(3) ends when its client comes, and no other does. */
#include "tests/support/suite.h"
#include "tests/system/launcher.h"

/* What each scene of the double prints: with the library, and with --no-wake or without it. */
static const struct {
    const char *name, *with, *without;
} scenes[] = {
    {"woken", "woken\n", NULL},
    {"gromacs", "woken\nwoken\nslept\n", NULL},
    {"pending", "woken\nwoken\nslept\n", NULL},
    {"never-accepted", "woken\nslept\nend\n", "slept\nend\n"},
    {"timer", "end\n", "end\n"},
    {"signal", "19\n", "19\n"},
    {"before", "slept\n", "slept\n"},
    {"late", "slept\n", "slept\n"},
    {"thread", "slept\n", "slept\n"},
    {"child", "slept\n", "slept\n"},
    {"closed", "slept\n", "slept\n"},
    {"replaced", "slept\n", "slept\n"},
    {"shut-down", "woken\nslept\n", "slept\n"},
    {"usleep", "slept\n", "slept\n"},
    {"cancel", "cancelled\n", "cancelled\n"},
    {"zero", "slept\n", "slept\n"},
};

enum { SCENES = COUNT(scenes) };

static struct shell shells[SCENES];

/* All woken: they do nothing but sleep. */
static void play(const char *prefix, bool with)
{
    for (int i = 0; i < SCENES; i++)
        if (with || scenes[i].without != NULL)
            shell_start(&shells[i], "exec %s $DOUBLES/sleeper %s 9>/dev/null", prefix,
                        scenes[i].name);
    for (int i = 0; i < SCENES; i++) {
        const char *expected = with ? scenes[i].with : scenes[i].without;

        if (expected == NULL)
            continue;
        shell_finish(&shells[i]);
        ck_assert_msg(shell_status(&shells[i]) == 0 && strcmp(shells[i].out, expected) == 0,
                      "%s: %s, not: %s; stderr: %s", scenes[i].name, shells[i].out, expected,
                      shells[i].err);
    }
}

TEST_OPTIONS(IN_SANDBOX);

TEST(the_engine_wakes_up_for_its_client_twice_and_from_no_other_sleep)
{
    play("$IMDSHIM exec --fd 9 --", true);
}

TEST(without_wake_no_sleep_is_touched)
{
    play("$IMDSHIM exec --no-wake --fd 9 --", false);
}

TEST(the_scenes_are_true_without_us)
{
    play("", false);
}
