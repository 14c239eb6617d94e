/*
 * What WESTPA's workers do, with scripts/runseg.sh and real GROMACS: many segments at once,
 * each with its standard input closed and its output in a log; iteration after iteration, and
 * the numbers of the segments begin at 0 in each.
 *
 * A segment goes on where its parent ended, so its first distance is its parent's last: a
 * client that were served by another segment's engine would show. All are seeded: each run is
 * the same.
 */
#include <math.h>
#include <stdio.h>

#include "tests/system/support/scripts.h"

enum { ITERATIONS = 3, SEGMENTS = 8, FRAMES = 11 };

/* A simulation as WESTPA's tutorials have it, and one segment as WESTPA calls for it. */
#define SIMULATION                                                                             \
    "export WEST_SIM_ROOT=$PWD; mkdir -p gromacs_config traj_segs seg_logs;"                   \
    "cp $SOURCE/scripts/pcoord.py . && cp argon.top gromacs_config/topol.top &&"               \
    "sed 's/gen-seed.*/gen-seed = RAND/' argon.mdp >gromacs_config/md.mdp;"                    \
    "segment() { ("                                                                            \
    " export WEST_CURRENT_ITER=$1 WEST_CURRENT_SEG_ID=$2 WEST_PARENT_ID=$2"                    \
    " WEST_RAND16=$((1000 * $1 + $2)) WEST_PCOORD_RETURN=$PWD/$1.$2.pcoord"                    \
    " WEST_CURRENT_SEG_DATA_REF=$PWD/traj_segs/$1/$2"                                          \
    " WEST_CURRENT_SEG_INITPOINT_TYPE=SEG_INITPOINT_CONTINUES"                                 \
    " WEST_PARENT_DATA_REF=$PWD/traj_segs/$(($1 - 1))/$2;"                                     \
    " [ $1 -gt 1 ] || export WEST_CURRENT_SEG_INITPOINT_TYPE=SEG_INITPOINT_NEWTRAJ"            \
    " WEST_PARENT_DATA_REF=$PWD/argon.gro;"                                                    \
    " eval \"$3\"; $SOURCE/scripts/runseg.sh <&- >seg_logs/$1-$2.log 2>&1"                     \
    " || echo \"$2 failed: $(tail -n 3 seg_logs/$1-$2.log)\"); };"
#define EIGHT "0 1 2 3 4 5 6 7"
#define NOTHING_LEFT "imdshim list --json"

static struct shell shell;

static void enter(void)
{
    scripts_enter();
    engines_prepare_argon();
}

static int read_distances(int iteration, int segment, double distances[FRAMES + 1])
{
    char path[64];
    FILE *file;
    int count = 0;

    snprintf(path, sizeof path, "%d.%d.pcoord", iteration, segment);
    file = fopen(path, "re");
    if (file == NULL)
        return 0;
    while (count <= FRAMES && fscanf(file, "%lf", &distances[count]) == 1)
        count++;
    fclose(file);
    return count;
}

static bool can_run_westpa(void)
{
    return scripts_have_numpy() && engines_have_gromacs();
}

TEST_OPTIONS(.setup = enter, .teardown = sandbox_leave, .timeout = 120,
             .needs = can_run_westpa);

TEST(every_progress_coordinate_has_its_full_length_and_is_its_own)
{
    double now[FRAMES + 1], last[SEGMENTS] = {0};

    for (int iteration = 1; iteration <= ITERATIONS; iteration++) {
        shell_run(&shell,
                  SIMULATION "for s in " EIGHT "; do segment %d $s & done; wait;" NOTHING_LEFT,
                  iteration);
        ck_assert_str_eq(shell.out, "[]\n");
        for (int i = 0; i < SEGMENTS; i++) {
            ck_assert_int_eq(read_distances(iteration, i, now), FRAMES);
            for (int other = 0; other < i && iteration > 1; other++)
                ck_assert_double_gt(fabs(last[other] - now[0]), 2e-4);
            ck_assert_msg(iteration == 1 || fabs(last[i] - now[0]) < 1e-4, "%d.%d: %f after %f",
                          iteration, i, now[0], last[i]);
            last[i] = now[FRAMES - 1];
        }
    }
}

/*
 * The engine of 1 fails before it listens, that of 3 ends too soon, that of 6 is killed; the
 * client of 2 fails at once, and that of 5 in the middle of the stream. The engine of 6 may die
 * at the very end of frame 500: the coordinate that its client has then written whole is taken
 * back, because that is what WESTPA goes by.
 */
#define FAULTS                                                                                 \
    "gmx=$(command -v gmx); mkdir fault other;"                                                \
    "printf '#!/bin/sh\\n[ \"$1\" = grompp ] || eval \"$FAULT\"\\nexec %%s \"$@\"\\n' $gmx"    \
    " >fault/gmx; chmod +x fault/gmx; cp -r pcoord.py gromacs_config other;"                   \
    "sed -i 's/nsteps.*/nsteps = 100/' other/gromacs_config/md.mdp;"                           \
    "fault() { export PATH=$PWD/fault:$PATH FAULT=\"$1\"; };"                                  \
    "set -- : 'fault \"exit 3\"' 'export WEST_PCOORD_RETURN=/nonexistent/pcoord'"              \
    " 'export WEST_SIM_ROOT=$PWD/other' : 'fault \"set -- \\\"\\$@\\\" -nsteps 700\"'"         \
    " 'fault \"(sleep 0.5; kill -KILL \\$\\$) & set -- \\\"\\$@\\\" -nsteps -1\"' :;"

TEST(a_segment_fails_alone)
{
    double distances[FRAMES + 1];

    shell_run(&shell, SIMULATION FAULTS "for s in " EIGHT "; do segment 1 $s \"$1\" & shift;"
                                        "done; wait; " NOTHING_LEFT);
    for (int i = 0; i < SEGMENTS; i++) {
        bool fails = i == 1 || i == 2 || i == 3 || i == 5 || i == 6;
        int frames = read_distances(1, i, distances);
        char line[32];

        snprintf(line, sizeof line, "%d failed:", i);
        ck_assert_msg((strstr(shell.out, line) != NULL) == fails, "%d: %s", i, shell.out);
        ck_assert_msg(frames == (fails ? 0 : FRAMES), "%d: %d frames", i, frames);
    }
    ck_assert_ptr_nonnull(strstr(shell.out, "[]\n"));
    fprintf(stderr, "%s\n", shell.out);
}
