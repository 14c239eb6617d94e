/* The engine's sleep(3) ends when its client comes, and no other does. */
#include "tests/support/suite.h"
#include "tests/system/support/launcher.h"

#define MANY_SLEEPS "sleep=20 accept sleep=20 sleep=1"

/* What each scene prints: with the library, and with --no-wake or without it. */
static const struct {
    const char *steps, *with, *without;
} scenes[] = {
    {"wait call-soon sleep=20", "woken\n", NULL},
    {"wait call-soon " MANY_SLEEPS, "woken\nwoken\nslept\n", NULL}, /* as GROMACS */
    {"wait call " MANY_SLEEPS, "woken\nwoken\nslept\n", NULL},
    {"wait call sleep-all=3 print=end", "woken\nslept\nend\n", "slept\nend\n"},
    {"wait alarm-every=100 sleep-on=1 print=end", "end\n", "end\n"},
    {"wait alarm-every=300 sleep-left=20", "19\n", "19\n"},
    {"call sleep=1", "slept\n", "slept\n"},                        /* before it waits */
    {"call wait accept pause=2100 sleep=1", "slept\n", "slept\n"}, /* late */
    {"wait call thread sleep=1", "slept\n", "slept\n"},
    {"wait call fork sleep=1", "slept\n", "slept\n"},
    {"wait close sleep=1", "slept\n", "slept\n"},
    {"wait replace sleep=1", "slept\n", "slept\n"},
    {"wait shutdown sleep-all=2", "woken\nslept\n", "slept\n"},
    {"wait call usleep=300", "slept\n", "slept\n"},
    {"cancel=300 wait sleep=20", "cancelled\n", "cancelled\n"},
    {"wait sleep=0", "slept\n", "slept\n"},
};

enum { SCENES = COUNT(scenes) };

static struct shell shells[SCENES];

/* All woken: they do nothing but sleep. */
static void play(const char *prefix, bool with)
{
    for (int i = 0; i < SCENES; i++)
        if (with || scenes[i].without != NULL)
            shell_start(&shells[i], "exec %s $DOUBLES/engine listen=127.0.0.1 %s 9>/dev/null",
                        prefix, scenes[i].steps);
    for (int i = 0; i < SCENES; i++) {
        const char *expected = with ? scenes[i].with : scenes[i].without;

        if (expected == NULL)
            continue;
        shell_finish(&shells[i]);
        ck_assert_msg(shell_status(&shells[i]) == 0 && strcmp(shells[i].out, expected) == 0,
                      "%s: %s, not: %s; stderr: %s", scenes[i].steps, shells[i].out, expected,
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
