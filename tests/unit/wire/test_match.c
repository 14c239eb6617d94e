/* Which listener is the IMD socket: what Open MPI, MPICH and Slurm open is not. */
#include "shim/wire/match.h"

#include "tests/support/suite.h"

struct caller {
    const char *exe, *object;
};

static void assert_all(const struct caller *callers, size_t count, bool runtime)
{
    for (size_t i = 0; i < count; i++)
        ck_assert_msg(match_is_runtime(callers[i].exe, callers[i].object) == runtime,
                      "exe=%s object=%s is%s taken", callers[i].exe, callers[i].object,
                      runtime ? "" : " not");
}

TEST(the_listeners_of_open_mpi_are_passed)
{
    static const struct caller callers[] = {
        {"mpirun", "libpmix.so.2"},     {"orted", "libpmix.so.2"},
        {"orted", "mca_oob_tcp.so"},    {"lmp", "mca_btl_tcp.so"},
        {"lmp", "libpmix.so.2.5.2"},    {"gmx_mpi", "mca_btl_tcp.so"},
        {"lmp", "libopen-rte.so.40"},   {"lmp", "libopen-pal.so.40"},
        {"lmp", "libmpi.so.40"},        {"python3.11", "mca_oob_tcp.so"},
        {"lmp", "libprrte.so.3"},       {"lmp", "libucs.so.0"},
        {"lmp", "libprte.so.2"},        {"lmp", "libmpi_cxx.so.40"},
        {"lmp", "pmix_mca_ptl_tcp.so"}, {"lmp", "prte_mca_oob_tcp.so"},
    };

    assert_all(callers, COUNT(callers), true);
}

TEST(the_listeners_of_mpich_and_slurm_are_passed)
{
    static const struct caller callers[] = {
        {"lmp", "libmpich.so.12"},  {"lmp", "libmpi.so.12"},
        {"lmp", "libpmi.so.0"},     {"lmp", "libpmi2.so.0"},
        {"lmp", "libfabric.so.1"},  {"lmp", "libpsm2.so.2"},
        {"lmp", "libuct.so.0"},     {"srun", "libslurmfull.so"},
        {"lmp", "libslurm.so.38"},  {"lmp", "libmunge.so.2"},
        {"gmx", "libnccl.so.2"},    {"gmx", "libnvshmem.so.3"},
        {"lmp", "libucp.so.0"},     {"lmp", "libmpicxx.so.12.1.8"},
        {"lmp", "libmpichfort.so"}, {"lmp", "libpsm_infinipath.so.1"},
    };

    assert_all(callers, COUNT(callers), true);
}

/* Intel MPI has libfabric's providers as files of their own, in libfabric/lib/prov. */
TEST(the_listeners_of_intel_mpi_are_passed)
{
    static const struct caller callers[] = {
        {"lmp", "libmpi.so.12.0.0"},
        {"lmp", "libmpifort.so.12"},
        {"lmp", "libmpi_ilp64.so.4"},
        {"lmp", "libtcp-fi.so"},
        {"lmp", "libsockets-fi.so"},
        {"lmp", "libpsm3-fi.so"},
        {"lmp", "libverbs-1.12-fi.so"},
        {"lmp", "librxm-fi.so"},
        {"pmi_proxy", ""},
    };

    assert_all(callers, COUNT(callers), true);
}

/* The daemons listen from their own code too. */
TEST(a_runtimes_own_program_is_passed_whatever_module_listens)
{
    static const struct caller callers[] = {
        {"mpirun", "mpirun"},
        {"mpirun", ""},
        {"mpiexec", "mpiexec"},
        {"mpiexec.hydra", "mpiexec.hydra"},
        {"mpirun.openmpi", "mpirun.openmpi"},
        {"mpirun.mpich", ""},
        {"orterun", "libc.so.6"},
        {"orted", "orted"},
        {"prte", "prte"},
        {"prted", ""},
        {"prterun", "prterun"},
        {"hydra_pmi_proxy", "hydra_pmi_proxy"},
        {"hydra_bstrap_proxy", ""},
        {"hydra_nameserver", "hydra_nameserver"},
        {"srun", "srun"},
        {"slurmstepd", "slurmstepd"},
        {"slurmd", ""},
        {"salloc", "salloc"},
        {"prun", "prun"},
        {"mpirun_rsh", "mpirun_rsh"},
        {"mpispawn", "mpispawn"},
        {"charmrun", "charmrun"}, /* NAMD's nodes tell it where they are by TCP */
    };

    assert_all(callers, COUNT(callers), true);
}

TEST(the_engines_are_taken)
{
    static const struct caller callers[] = {
        {"gmx", "libgromacs.so.7"},
        {"gmx_mpi", "libgromacs_mpi.so.7"},
        {"gmx_mpi_d", "libgromacs_mpi_d.so.7"},
        {"gmx", "gmx"}, /* linked statically with libgromacs */
        {"lmp", "liblammps.so.0"},
        {"lmp_mpi", "lmp_mpi"},
        {"namd2", "namd2"},
        {"namd3", "namd3"},
        {"python3.11", "_socket.cpython-311-x86_64-linux-gnu.so"},
        {"python3.11", "python3.11"},
        {"python3.11", "_lammps_mpi4py.so"},
    };

    assert_all(callers, COUNT(callers), false);
}

TEST(a_name_that_is_only_like_a_runtimes_is_taken)
{
    static const struct caller callers[] = {
        {"mpirun2", "engine"},  {"my_mpirun", "engine"}, {"srun-engine", "engine"},
        {"slurm", "engine"},    {"mca_engine", "mca"},   {"engine", "my_mca_plugin.so"},
        {"engine", "libmp.so"}, {"libmpi", "engine"},    {"lmp", "xlibpmix.so"},
        {"srunner", "engine"},  {"prterunX", "engine"},  {"lmp", "libmpack.so.1"},
        {"mpirun_", "engine"},  {"MPIRUN", "engine"},    {"lmp", "LIBMPI.so"},
        {"lmp", "libwi-fi.a"},  {"lmp", "wifi.so"},      {"lmp", "liblammps_mpi.so.0"},
    };

    assert_all(callers, COUNT(callers), false);
}

TEST(what_is_unknown_is_taken)
{
    static const struct caller callers[] = {{"", ""}, {"gmx", ""}, {"", "libgromacs.so.7"}};

    assert_all(callers, COUNT(callers), false);
}

TEST(a_runtimes_module_is_passed_in_a_program_that_is_unknown)
{
    static const struct caller callers[] = {{"", "mca_btl_tcp.so"}, {"", "libpmix.so.2"}};

    assert_all(callers, COUNT(callers), true);
}

static const struct {
    const char *object;
    bool of_launcher, of_rank;
} modules[] = {
    {"libopen-rte.so.40", true, false}, {"libprrte.so.3", true, false},
    {"libslurmfull.so", true, false},   {"libslurm.so.38", true, false},
    {"libpmix.so.2", true, false},      {"libflux-core.so.2", true, false},
    {"libmpi.so.40", false, true},      {"libmpich.so.12", false, true},
    {"libgromacs.so.7", false, false},  {"libopen-pal.so.40", false, false},
    {"libc.so.6", false, false},        {"", false, false},
};

LOOP_TEST(a_module_tells_a_launcher_from_a_rank, COUNT(modules))
{
    ck_assert_int_eq(match_is_launcher_module(modules[_i].object), modules[_i].of_launcher);
    ck_assert_int_eq(match_is_rank_module(modules[_i].object), modules[_i].of_rank);
}
