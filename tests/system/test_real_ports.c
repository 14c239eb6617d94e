/*
 * One port in every input: real engines under --port, alone, eight at once and under mpirun.
 * What is told is compared with what ss(8) says of the engine's own process.
 */
#include <unistd.h>

#include "tests/system/support/real_mpi.h"

#define MPIRUN "mpirun --oversubscribe -np "
#define GMX "gmx_mpi -quiet mdrun -s argon.tpr -deffnm seg -ntomp 1 -imdwait -imdport "

static struct shell shell;

/* ---- eight at once ---- */

/* Runs have 50, 100 ... steps and a frame every ten: a client's frames tell whose they are. */
static const struct {
    const char *engine, *client, *name;
} eights[] = {
    {LMP "8888 -var steps ${i}00", "$IMDSHIM watch $IMD_URL >frames", "lmp"},
    {"$DOUBLES/engine namd 8888 3000", "timeout 1 $DOUBLES/engine client $IMD_PORT; true",
     "engine"},
};

enum { LMPS, NAMDS, EIGHTS };

/*
 * No client goes on before all engines wait for theirs: all then listen at the same time. Each
 * in its own directory, with what Open MPI makes there: test_real_gate.c.
 */
#define EIGHT_AT_ONCE                                                                          \
    "for i in 1 2 3 4 5 6 7 8; do mkdir $i; (cd $i; export OMPI_MCA_orte_tmpdir_base=$PWD;"    \
    "$IMDSHIM run --port 8888 --client "                                                       \
    "'until grep -q listens err; do sleep 0.1; done; >here; until test -e ../go; do sleep "    \
    "0.1; done; %s' -- %s >out 2>err ||"                                                       \
    "{ echo $i failed: $?; cat err out; }) & done; until test -e 1/here -a -e 2/here -a -e "   \
    "3/here -a -e 4/here -a -e 5/here"                                                         \
    " -a -e 6/here -a -e 7/here -a -e 8/here; do sleep 0.1; done;"                             \
    "ss -Hltnp | grep '\"%s\",' >sockets; touch go; wait"

/* As ss has it: State Recv-Q Send-Q Address:Port, then the process. Their backlog is 5. */
static int count_imd_sockets(long pid, unsigned port)
{
    char process[32], lines[SHELL_OUTPUT], *rest = NULL;
    unsigned found_port, backlog;
    int count = 0;

    snprintf(process, sizeof process, ",pid=%ld,", pid);
    strcpy(lines, engines_read("sockets"));
    for (char *line = strtok_r(lines, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
        if (strstr(line, process) != NULL &&
            sscanf(line, "LISTEN %*u %u 0.0.0.0:%u", &backlog, &found_port) == 2 &&
            backlog == 5) {
            ck_assert_msg(found_port == port, "port %u is told of: %s", port, line);
            count++;
        }
    return count;
}

static unsigned assert_own_port(unsigned run, const char *name)
{
    char path[16], start[32];
    const char *err, *told;
    unsigned port;
    long pid;

    snprintf(path, sizeof path, "%u/err", run);
    snprintf(start, sizeof start, "imdshim: %s[", name);
    err = engines_read(path);
    told = strstr(err, start);
    ck_assert_msg(told != NULL &&
                      sscanf(told + strlen(start),
                             "%ld] listens on 0.0.0.0:%u (asked for 8888)", &pid, &port) == 2,
                  "%s", err);
    ck_assert_uint_ne(port, 8888);
    ck_assert_int_eq(count_imd_sockets(pid, port), 1);
    return port;
}

static void assert_served(int which, unsigned run)
{
    char path[16], text[64];

    snprintf(path, sizeof path, which == LMPS ? "%u/frames" : "%u/err", run);
    snprintf(text, sizeof text, "%u frames of 256 atoms", 10 * run);
    assert_has(engines_read(path), which == LMPS ? text : "a client came\n");
    if (which == NAMDS) /* the port that it believes: it has not moved to another */
        assert_has(engines_read(path), "INTERACTIVE MD BIND     8888\n");
}

static bool has_engines(void)
{
    return engines_have("gmx_mpi") && engines_have("lmp") && engines_have("mpirun") &&
           engines_have("ss");
}

TEST_OPTIONS(IN_REAL_SANDBOX, .needs = has_engines);

LOOP_TEST(eight_engines_with_one_port_in_their_input_each_have_their_own, EIGHTS)
{
    unsigned ports[9] = {0};

    shell_run(&shell, EIGHT_AT_ONCE, eights[_i].client, eights[_i].engine, eights[_i].name);
    ck_assert_str_eq(shell.out, "");
    for (unsigned run = 1; run <= 8; run++) {
        ports[run] = assert_own_port(run, eights[_i].name);
        assert_served(_i, run);
        for (unsigned other = 1; other < run; other++)
            ck_assert_uint_ne(ports[other], ports[run]);
    }
}

/* ---- MPI ---- */

static const struct {
    const char *options, *command;
    int ranks, has_mpirun;
    const char *frames, *object;
} mpi_runs[] = {
    {"", MPIRUN "4 " GMX "0", 4, 1, "501 frames of 216", "libgromacs_mpi.so."},
    {"", MPIRUN "4 " LMP "$asked", 4, 1, "50 frames of 256", "liblammps.so."},
    {"--port $asked", MPIRUN "4 " LMP "$asked", 4, 1, "50 frames of 256", "liblammps.so."},
    {"--port $asked", MPIRUN "2 " GMX "$asked", 2, 1, "501 frames of 216",
     "libgromacs_mpi.so."},
    {"--port $asked", LMP "$asked", 1, 0, "50 frames of 256", "liblammps.so."},
};

enum { MPI_RUNS = sizeof mpi_runs / sizeof *mpi_runs };

/* With --port it is there before the engine listens. */
#define CLIENT                                                                                 \
    "until p=$($IMDSHIM list | sed -n \"s/.* ready .*:\\\\([0-9]*\\\\) .*/\\\\1/p\") && test " \
    "-n"                                                                                       \
    " \"$p\"; do sleep 0.1; done; ss -Hltnp \"sport = :$p\" >socket;"                          \
    "exec $IMDSHIM watch $IMD_URL >frames"

/* The runtime's: one of PMIx, one a family of each daemon and of each rank. */
static void assert_all_others_named(int ranks)
{
    int families = access("/proc/net/if_inet6", F_OK) == 0 ? 2 : 1;

    ck_assert_int_eq(shell_count_lines(shell.err, "(libpmix.so."), 1);
    ck_assert_int_eq(shell_count_lines(shell.err, "(mca_oob_tcp.so)"), families);
    ck_assert_int_eq(shell_count_lines(shell.err, "(mca_btl_tcp.so)"), ranks * families);
    ck_assert_int_eq(shell_count_lines(shell.err, ": its listener is an MPI or"),
                     1 + families * (1 + ranks));
    ck_assert_int_eq(shell_count_lines(shell.err, "ignored port "), 1 + families * (1 + ranks));
}

LOOP_TEST(of_all_that_mpi_listens_on_the_imd_socket_is_told_and_the_others_are_named, MPI_RUNS)
{
    unsigned asked = engines_free_port();
    char text[32];

    if (strstr(mpi_runs[_i].command, "gmx") != NULL)
        engines_prepare_argon();
    shell_run(&shell, "asked=%u; $IMDSHIM run -v %s --client '" CLIENT "' -- %s >out", asked,
              mpi_runs[_i].options, mpi_runs[_i].command);
    assert_status(&shell, 0);
    assert_has(engines_read("frames"), mpi_runs[_i].frames);
    ck_assert_int_eq(shell_count_lines(shell.err, "] listens on "), 1);
    ck_assert_int_eq(shell_count_lines(shell.err, mpi_runs[_i].object), 1);
    assert_all_others_named(mpi_runs[_i].ranks);
    snprintf(text, sizeof text, "0.0.0.0:%u ", engines_port_told(&shell));
    assert_has(engines_read("socket"), text);
    assert_has(engines_read("socket"), mpi_runs[_i].object[3] == 'g' ? " 1 " : " 5 ");
    if (mpi_runs[_i].options[0] != '\0')
        ck_assert_uint_ne(engines_port_told(&shell), asked);
}

/* ---- what MPI asks the kernel for ---- */

static const char *const traced[] = {
    MPIRUN "2 " LMP "$port -var nowait on",
    MPIRUN "2 gmx_mpi -quiet mdrun -s argon.tpr -deffnm seg -ntomp 1 -nsteps 20 -imdterm"
           " -imdport $port",
};

/*
 * A line for each thread, of all its calls in their order. What differs from run to run has a
 * name instead: descriptors, the ports that the kernel gives, and those from 1024 on that Open
 * MPI tries one by one, which other programs may have.
 */
#define TRACED                                                                                 \
    "traced() { name=$1; shift;"                                                               \
    "\"$@\" strace -f -ff -qq -e signal=none -e trace=bind,listen,connect -o $name. "          \
    "$command >$name-out 2>$name-err || { cat $name-err; echo $name failed; };"                \
    "for file in $name.*; do grep -v '= -1 EADDRINUSE' $file |"                                \
    "sed -E -e 's/\\([0-9]+, /(FD, /' -e 's/htons\\(1[0-9]{3}\\)/htons(MPI)/'"                 \
    " -e 's/htons\\([3-6][0-9]{4}\\)/htons(ANY)/' | tr '\\n' ';'; echo; done | grep . |"       \
    "LC_ALL=C sort >$name; };"

static bool has_strace(void)
{
    return system("strace -o /dev/null true") == 0 ||
           suite_skip("calls of MPI", "strace cannot trace here");
}

LOOP_TEST(no_argument_of_any_call_of_mpi_is_changed, 2, .needs = has_strace)
{
    unsigned port = engines_free_port();
    char expected[256];

    engines_prepare_argon();
    shell_run(&shell,
              "port=%u command=\"%s\";" TRACED "traced alone; traced under $IMDSHIM run -q --;"
              "traced port $IMDSHIM run -q --port $port --; diff alone under >&2;"
              "sed s/htons\\($port\\)/htons\\(0\\)/ alone | LC_ALL=C sort | diff - port >&2;"
              "grep -o \"bind(FD, [^)]*htons($port)\" alone under port;"
              "grep -o 'listen(FD, [0-9]*)' port | sort | uniq -c",
              port, traced[_i]);
    ck_assert_str_eq(shell.err, "");
    snprintf(expected, sizeof expected,
             "alone:bind(FD, {sa_family=AF_INET, sin_port=htons(%u)\n"
             "under:bind(FD, {sa_family=AF_INET, sin_port=htons(%u)\n",
             port, port);
    ck_assert_ptr_eq(strstr(shell.out, expected), shell.out);
    ck_assert_ptr_null(strstr(shell.out, "port:"));
    assert_has(shell.out, _i == 0 ? " 1 listen(FD, 5)\n" : " 1 listen(FD, 1)\n");
    assert_has(shell.out, " listen(FD, 4096)\n");
}
