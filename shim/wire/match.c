#include "shim/wire/match.h"

#include <stddef.h>
#include <string.h>

#include "shim/wire/glob.h"
#include "shim/wire/text.h"

enum what { MODULE, PROGRAM };

/*
 * MPI and cluster runtimes. A module is known by a pattern, glob.h, for versions and components
 * follow its name; of a program the name is the whole, or what stands before a dot.
 */
static const struct runtime {
    enum what what;
    const char *name;
} runtimes[] = {
    /* Open MPI: ORTE up to 4, PRRTE from 5, PMIx with both */
    {MODULE, "mca_*"},
    {MODULE, "pmix_mca_*"},
    {MODULE, "prte_mca_*"},
    {MODULE, "libmpi*"},
    {MODULE, "libopen-pal*"},
    {MODULE, "libopen-rte*"},
    {MODULE, "libpmi*"},
    {MODULE, "libprte*"},
    {MODULE, "libprrte*"},
    {PROGRAM, "mpirun"},
    {PROGRAM, "mpiexec"},
    {PROGRAM, "orterun"},
    {PROGRAM, "orted"},
    {PROGRAM, "prte"},
    {PROGRAM, "prterun"},
    {PROGRAM, "prted"},
    {PROGRAM, "prun"},
    /* what carries the bytes: UCX, libfabric, PSM, NCCL, NVSHMEM */
    {MODULE, "libucp*"},
    {MODULE, "libuct*"},
    {MODULE, "libucs*"},
    {MODULE, "libfabric*"},
    {MODULE, "lib*-fi.so*"}, /* its providers, where they are files of their own: Intel MPI */
    {MODULE, "libpsm*"},
    {MODULE, "libnccl*"},
    {MODULE, "libnvshmem*"},
    /* MPICH, Intel MPI, MVAPICH: libmpi* is theirs too, and so is mpiexec.hydra */
    {PROGRAM, "hydra_pmi_proxy"},
    {PROGRAM, "pmi_proxy"},
    {PROGRAM, "hydra_bstrap_proxy"},
    {PROGRAM, "hydra_nameserver"},
    {PROGRAM, "mpirun_rsh"},
    {PROGRAM, "mpispawn"},
    /* Slurm, and the launchers of other batch systems */
    {MODULE, "libslurm*"},
    {MODULE, "libmunge*"},
    {PROGRAM, "srun"},
    {PROGRAM, "salloc"},
    {PROGRAM, "slurmd"},
    {PROGRAM, "slurmstepd"},
    {PROGRAM, "aprun"},
    {PROGRAM, "jsrun"},
    {PROGRAM, "ibrun"},
    /* Charm++, which starts NAMD */
    {PROGRAM, "charmrun"},
};

static const char *const keys[] = {
    [MATCH_PORT] = "port=",
    [MATCH_EXE] = "exe=",
    [MATCH_OBJECT] = "object=",
};

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static bool names_program(const char *runtime, const char *exe)
{
    size_t length = strlen(runtime);

    return strncmp(exe, runtime, length) == 0 && (exe[length] == '\0' || exe[length] == '.');
}

static bool is_of(enum what what, const char *name)
{
    for (size_t i = 0; i < COUNT(runtimes); i++)
        if (runtimes[i].what == what &&
            (what == MODULE ? glob_matches(runtimes[i].name, name)
                            : names_program(runtimes[i].name, name)))
            return true;
    return false;
}

bool match_is_runtime_program(const char *exe)
{
    return is_of(PROGRAM, exe);
}

bool match_is_runtime(const char *exe, const char *object)
{
    return is_of(MODULE, object) || is_of(PROGRAM, exe);
}

/* What launchers are linked with: ORTE, PRRTE, PMIx, Slurm, Flux, PALS and ALPS (Cray), POE, JSM. */
bool match_is_launcher_module(const char *object)
{
    static const char *const patterns[] = {
        "libopen-rte*", "libprrte*", "libprte*", "libpmix*", "libslurm*",
        "libflux-*",    "libpals*",  "libalps*", "libpoe*",  "libjsm*",
    };

    for (size_t i = 0; i < COUNT(patterns); i++)
        if (glob_matches(patterns[i], object))
            return true;
    return false;
}

bool match_is_rank_module(const char *object)
{
    return glob_matches("libmpi*", object);
}

static bool add_rule(struct match *match, const char *word)
{
    for (size_t i = 0; i < COUNT(keys) && match->count < MATCH_RULES; i++) {
        size_t length = strlen(keys[i]);

        if (strncmp(word, keys[i], length) != 0 || word[length] == '\0')
            continue;
        match->rules[match->count].key = (enum match_key)i;
        match->rules[match->count].glob = word + length;
        match->count++;
        return true;
    }
    return false;
}

bool match_parse(struct match *match, const char *text)
{
    size_t length = strlen(text);
    char *word = match->text, *blank;

    match->count = 0;
    if (length >= sizeof match->text)
        return false;
    memcpy(match->text, text, length + 1);
    while ((blank = strchr(word, ' ')) != NULL) {
        *blank = '\0';
        if (!add_rule(match, word))
            return false;
        word = blank + 1;
    }
    return add_rule(match, word);
}

static bool rule_holds(const struct match *match, unsigned i,
                       const struct listener_facts *facts)
{
    char port[8] = "";
    struct text text = {port, 0, sizeof port - 1};
    const char *const values[] = {
        [MATCH_PORT] = port,
        [MATCH_EXE] = facts->exe,
        [MATCH_OBJECT] = facts->object,
    };

    text_put_number(&text, facts->asked);
    return glob_matches(match->rules[i].glob, values[match->rules[i].key]);
}

/* A rule about the caller stands in place of ours: the user may mean a runtime's own socket. */
static bool names_the_caller(const struct match *match)
{
    for (unsigned i = 0; i < match->count; i++)
        if (match->rules[i].key != MATCH_PORT)
            return true;
    return false;
}

const char *match_refuses(const struct match *match, const struct listener_facts *facts)
{
    if (!names_the_caller(match) && match_is_runtime(facts->exe, facts->object))
        return REASON_RUNTIME;
    if (match->port != 0 && match->port != facts->asked)
        return REASON_UNMATCHED;
    for (unsigned i = 0; i < match->count; i++)
        if (!rule_holds(match, i, facts))
            return REASON_UNMATCHED;
    return NULL;
}
