/*
 * run --relay with real engines: what a client gets is what the engine sends it without.
 *
 * A client in bash says GO and writes all that comes to a file. The same run twice gives the
 * same bytes.
 */
#include <stdlib.h>

#include "launcher/imd/translation.h"
#include "tests/support/engines.h"
#include "tests/support/shell.h"
#include "tests/support/suite.h"
#include "tests/system/support/launcher.h"

enum { MOST = 1 << 22 };

#define CAPTURE                                                                                \
    "cat >capture <<'END'\n"                                                                   \
    "exec 3<>/dev/tcp/$IMD_HOST/$IMD_PORT\n"                                                   \
    "printf '\\0\\0\\0\\3\\0\\0\\0\\0' >&3\n"                                                  \
    "exec cat <&3 >$1\n"                                                                       \
    "END\n"

#define MDRUN "gmx -quiet mdrun -s argon.tpr -deffnm seg -nt 1 -reprod -imdwait -imdport "
#define LMP "lmp -log none -in $SOURCE/scripts/argon-lammps.in -var steps 300 -var port "

static const struct engine {
    const char *direct, *gated; /* the second asks for 8888 */
    int frames, atoms;
    bool (*is_there)(void);
} engines[] = {
    {MDRUN "0", MDRUN "8888", 501, 216, engines_have_gromacs},
    {LMP "8888", LMP "8888", 30, 256, engines_have_lammps},
};

static struct shell shell;
static unsigned char direct[MOST], relayed[MOST], expected[MOST + TRANSLATION_ADDED];

static const struct engine *enter(int i)
{
    if (!engines[i].is_there())
        return NULL;
    if (engines[i].atoms == 216)
        engines_prepare_argon();
    return &engines[i];
}

static size_t read_file(const char *path, unsigned char *bytes)
{
    FILE *file = fopen(path, "r");
    size_t length;

    ck_assert_msg(file != NULL, "%s: %s", path, shell.err);
    length = fread(bytes, 1, MOST, file);
    fclose(file);
    ck_assert_uint_lt(length, MOST);
    return length;
}

/* What a client gets. */
static size_t capture(const char *options, const char *engine, unsigned char *bytes)
{
    shell_run(&shell, CAPTURE "exec $IMDSHIM run %s --client 'bash capture bytes' -- %s >out",
              options, engine);
    ck_assert_msg(shell_status(&shell) == 0, "%s", shell.err);
    return read_file("bytes", bytes);
}

/* The same, as the translation has it: its unit tests say that it is right. */
static size_t translate(size_t length, int version, double time_step, int step_ahead)
{
    struct translation translation = {
        .version = version, .time_step = time_step, .step_ahead = step_ahead};
    size_t put = TRANSLATION_GREETING;
    struct piece piece;
    struct imd imd;

    imd_start(&imd);
    for (size_t at = 0; at < length; at += piece.taken) {
        piece = translation_take(&translation, &imd, direct + at, length - at, expected + put);
        ck_assert_msg(piece.taken > 0, "%s", imd.error);
        put += piece.put;
    }
    translation_greet(&translation, &imd, expected);
    return put;
}

TEST_OPTIONS(IN_SANDBOX);

LOOP_TEST(in_version_2_a_client_gets_the_engines_own_bytes, COUNT(engines))
{
    const struct engine *engine = enter(_i);
    size_t length;

    if (engine == NULL)
        return;
    length = capture("--port 8888", engine->gated, direct);
    ck_assert_uint_gt(length, (size_t)engine->frames * (size_t)engine->atoms * 12);
    ck_assert_uint_eq(capture("--port 8888 --relay --imd-version 2", engine->gated, relayed),
                      length);
    ck_assert_mem_eq(relayed, direct, length);
}

LOOP_TEST(in_version_3_a_client_gets_every_frame_translated, COUNT(engines))
{
    const struct engine *engine = enter(_i);
    size_t length;

    if (engine == NULL)
        return;
    length = translate(capture("--port 8888", engine->gated, direct), 3, 0.002, 1);
    ck_assert_uint_eq(capture("--port 8888 --relay --time-step 0.002", engine->gated, relayed),
                      length);
    ck_assert_mem_eq(relayed, expected, length);
}

LOOP_TEST(watch_counts_every_frame_and_the_engines_status_is_its_own, COUNT(engines))
{
    const struct engine *engine = enter(_i);
    char frames[64];

    if (engine == NULL)
        return;
    shell_run(&shell,
              "exec $IMDSHIM run --port 8888 --relay --only-me --client '$IMDSHIM watch "
              "$IMD_URL >frames' -- %s >out",
              engine->gated);
    ck_assert_msg(shell_status(&shell) == 0, "%s", shell.err);
    snprintf(frames, sizeof frames, "%d frames of %d atoms, IMD v3", engine->frames,
             engine->atoms);
    ck_assert_msg(strstr(engines_read("frames"), frames) != NULL, "%s", engines_read("frames"));
}

/* Without --port, and with somebody else beside: whom the relay's port is told by its file. */
TEST(a_second_client_looks_at_the_run_by_the_port_file, .needs = engines_have_gromacs)
{
    engines_prepare_argon();
    shell_run(&shell, "$IMDSHIM run --relay --time-step 0.002 -o port --client '$IMDSHIM watch "
                      "$IMD_URL >frames' -- " MDRUN "0 -nsteps 20000 >out 2>log & run=$!;"
                      "until [ -s port ]; do sleep 0.01; done;"
                      "$IMDSHIM watch $(cat port) >other || echo failed; wait $run");
    ck_assert_msg(shell_status(&shell) == 0, "%s", shell.err);
    ck_assert_msg(strstr(engines_read("frames"),
                         "of 216 atoms, IMD v3, last step 20000, time 40.000") != NULL,
                  "%s", engines_read("frames"));
    ck_assert_msg(strstr(engines_read("other"),
                         "of 216 atoms, IMD v3, last step 20000, time 40.000") != NULL,
                  "%s", engines_read("other"));
}
