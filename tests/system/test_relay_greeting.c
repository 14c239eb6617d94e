/*
 * What clients of IMD version 3 are told that they will get, while an engine of version 2, which
 * does not say it, has not sent its first frame. They wait only some seconds for it.
 */
#include <string.h>
#include <unistd.h>

#include "tests/support/sandbox.h"
#include "tests/system/support/relay.h"

TEST_OPTIONS(IN_SANDBOX);

static struct relayed relayed;

static struct viewer greeted(const char *engine, const char *options)
{
    struct viewer viewer;

    relayed_start(&relayed, engine, options);
    viewer = viewer_connect(relayed.port);
    viewer_greet(&viewer);
    ck_assert_uint_eq(viewer.imd.frames, 0);
    return viewer;
}

/* All three frames, and so many lines of the relay. */
static void assert_served(struct viewer *viewer, uint64_t energies, int lines)
{
    ck_assert(viewer_read_all(viewer));
    ck_assert_uint_eq(viewer->imd.frames, 3);
    ck_assert_uint_eq(viewer->imd.energies, energies);
    close(viewer->fd);
    relayed_finish(&relayed, 0);
    ck_assert_int_eq(shell_count_lines(relayed.relay.err, "imdshim: "), lines);
}

/* They have energies: to be told of none means to be greeted before the first one came. */
TEST(a_late_first_frame_is_not_waited_for_and_has_coordinates_alone)
{
    struct viewer viewer = greeted("frames=3 late=8000", "--time-step 1");

    ck_assert(shell_wait_for_err(&relayed.relay, "give --step-ahead"));
    assert_served(&viewer, 0, 2);
    ck_assert(!viewer.imd.has_time);
}

/* Without it the run of the test before would be this one's. */
TEST(who_says_that_each_frame_has_energies_gets_them_however_late_the_first_one_is)
{
    struct viewer viewer = greeted("frames=3 late=8000", "--time-step 1 --step-ahead 0");

    assert_served(&viewer, 3, 1);
    ck_assert(viewer.imd.has_time);
}

TEST(clients_of_version_2_are_greeted_at_once)
{
    struct viewer viewer = greeted("frames=3 late=4000", "--imd-version 2");

    assert_served(&viewer, 3, 1);
}

TEST(of_energies_alone_clients_are_told_in_time_and_the_user_what_to_do)
{
    struct viewer viewer = greeted("frames=0 atoms=0 pace=1", "--time-step 1");

    ck_assert(shell_wait_for_err(&relayed.relay, "--imd-version 2 passes energies on"));
    close(viewer.fd);
    relayed_end(&relayed);
}

/* GROMACS is known by the name of what listens: each of its frames has energies. */
TEST(gromacs_is_known_to_send_energies_however_late_its_first_frame_is)
{
    struct shell shell;

    shell_run(&shell, "cp $DOUBLES/imd-engine gmx\n"
                      "exec $IMDSHIM run --relay --time-step 0.5 --client '"
                      "$IMDSHIM watch --csv $IMD_URL >frames' -- ./gmx frames=3 late=4000");
    ck_assert_int_eq(shell_status(&shell), 0);
    ck_assert_ptr_null(strstr(shell.err, "give --step-ahead"));
    shell_run(&shell, "cat frames");
    ck_assert_ptr_nonnull(
        strstr(shell.out, "\n2,19,")); /* its step is one ahead of the frame */
}
