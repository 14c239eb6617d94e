#include "launcher/diagnosis/evidence.h"

#include <stdlib.h>
#include <string.h>

#include "launcher/base/clock.h"
#include "launcher/libc/bsd.h"
#include "launcher/preload/cluster.h"
#include "launcher/preload/command_line.h"
#include "launcher/proc/proc_left.h"
#include "launcher/proc/proc_tree.h"

enum {
    PROCESSES = 64,
    /* Milliseconds in which no host starts 32768 processes, as many as are numbered: pid_max. */
    ONE_ROUND = 100,
};

/*
 * The first is for engines that end at once, the fourth for those whose client waits. Ranks on
 * other hosts may wait in a queue before they start.
 */
static const int64_t times[] = {30, 300, 1000, 3000, 15000, 60000}; /* milliseconds */

/* Programs that only talk to what runs a container: its processes are not below them. */
static bool is_front_of_container(const char *exe, const void *unused)
{
    static const char *const fronts[] = {"podman", "docker", "nerdctl", "conmon"};

    (void)unused;
    for (size_t i = 0; i < sizeof fronts / sizeof fronts[0]; i++)
        if (strcmp(exe, fronts[i]) == 0)
            return true;
    return false;
}

void evidence_begin(struct evidence *evidence, struct looks *looks,
                    const struct reports *reports, const char *const *command)
{
    memset(evidence, 0, sizeof *evidence);
    evidence->reports = reports;
    evidence->command = command;
    evidence->in_container = command_line_names(command, is_front_of_container, NULL);
    evidence->library = looks->wanted.library;
    evidence->fifo = looks->wanted.fifo;
    looks->started = clock_now();
    if (fstat(looks->fifo, &looks->wanted.fifo_status) != 0)
        memset(&looks->wanted.fifo_status, 0, sizeof looks->wanted.fifo_status);
}

int64_t evidence_due(const struct evidence *evidence, const struct looks *looks)
{
    if (evidence->looks >= sizeof times / sizeof times[0])
        return 0;
    return looks->started + times[evidence->looks];
}

static enum known fifo_is_removed(const struct looks *looks)
{
    struct stat ours, there;

    if (fstat(looks->fifo, &ours) != 0)
        return NOT_KNOWN;
    if (ours.st_nlink == 0)
        return YES;
    if (stat(looks->wanted.fifo, &there) != 0)
        return NOT_KNOWN;
    return there.st_dev == ours.st_dev && there.st_ino == ours.st_ino ? NO : YES;
}

/* What is seen in one look. */
struct sight {
    size_t count;
    struct proc_node nodes[PROCESSES];
    bool lives[PROCESSES], is_parent[PROCESSES];
    struct proc_facts facts[PROCESSES];
};

/* A zombie is no process here, and no child of its parent. */
static void see(struct sight *sight, pid_t root, const struct proc_wanted *wanted)
{
    memset(sight->is_parent, 0, sizeof sight->is_parent);
    sight->count = proc_tree_below(root, sight->nodes, PROCESSES);
    for (size_t i = sight->count; i-- > 0;) {
        sight->lives[i] = proc_facts_read(sight->nodes[i].pid, wanted, &sight->facts[i]);
        if (i > 0 && sight->lives[i])
            sight->is_parent[sight->nodes[i].parent] = true;
    }
}

/* A process that listens says more than one that does not, and least one that is closed. */
enum { NOTHING_WRONG, CLOSED, WRONG, SEEN_TO_LISTEN };

static int weigh(enum cause cause, const struct proc_facts *facts,
                 const struct reports *reports)
{
    if (cause <= CAUSE_NONE)
        return NOTHING_WRONG;
    if (suspect_port(facts, reports) != 0)
        return SEEN_TO_LISTEN;
    return cause == CAUSE_CLOSED ? CLOSED : WRONG;
}

/* Or is it one: what podman starts here only prepares the container. */
static bool is_below_front(const struct sight *sight, size_t i)
{
    while (!is_front_of_container(sight->facts[i].exe, NULL)) {
        if (i == 0)
            return false;
        i = sight->nodes[i].parent;
    }
    return true;
}

static bool is_no_runtime(const char *exe)
{
    return !reports_is_runtime(exe) && !cluster_is_agent(exe);
}

/*
 * mpirun and ssh are not the engine. Nor is a process that has started others, unless it is seen
 * to listen.
 */
static bool may_be_engine(const struct sight *sight, size_t i, int weight)
{
    const char *exe = sight->facts[i].exe;

    return is_no_runtime(exe) && !is_below_front(sight, i) &&
           (!sight->is_parent[i] || weight == SEEN_TO_LISTEN);
}

static void suspect(struct evidence *evidence, const struct proc_facts *facts)
{
    evidence->suspect = *facts;
    evidence->has_suspect = true;
}

static void judge(struct evidence *evidence, const struct sight *sight)
{
    pid_t before = evidence->has_suspect ? evidence->suspect.pid : 0;
    int most = NOTHING_WRONG;
    bool sound = false;

    for (size_t i = 0; i < sight->count; i++) {
        const struct proc_facts *facts = &sight->facts[i];
        enum cause cause =
            sight->lives[i] ? suspect_cause(facts, evidence->reports) : CAUSE_NOT_KNOWN;
        int weight = weigh(cause, facts, evidence->reports);

        if (sight->lives[i] && cluster_is_agent(facts->exe))
            strlcpy(evidence->agent, facts->exe, sizeof evidence->agent);
        if (!may_be_engine(sight, i, weight))
            continue;
        sound |= cause == CAUSE_NONE;
        if (cause == CAUSE_NONE && facts->pid == evidence->suspect.pid)
            evidence->has_suspect = false; /* it was only being started */
        if (weight > most) {
            most = weight;
            suspect(evidence, facts);
        }
    }
    /* One that was in order before the suspect was there has only led to it: a script's sed(1). */
    if (most == NOTHING_WRONG || evidence->suspect.pid == before)
        sound |= evidence->sound;
    evidence->sound = sound;
    evidence->suspect_looks = most == NOTHING_WRONG             ? 0
                              : evidence->suspect.pid == before ? evidence->suspect_looks + 1
                                                                : 1;
}

void evidence_look(struct evidence *evidence, struct looks *looks)
{
    struct sight *sight = malloc(sizeof *sight);

    if (evidence->looks++ == 0)
        proc_sockets_read("/proc/self", &looks->wanted.inherited);
    evidence->fifo_removed = fifo_is_removed(looks);
    if (sight == NULL)
        return;
    see(sight, evidence->reports->engine, &looks->wanted);
    judge(evidence, sight);
    free(sight);
}

void evidence_end(struct evidence *evidence, const struct looks *looks, int wait_status,
                  const char *comm)
{
    bool at_once = clock_now() - looks->started < ONE_ROUND;
    pid_t since = at_once ? evidence->reports->engine : 0;

    evidence->ended = true;
    evidence->wait_status = wait_status;
    evidence->fifo_removed = fifo_is_removed(looks);
    strlcpy(evidence->comm, comm, sizeof evidence->comm);
    if (wait_status == 0)
        evidence->left = proc_left(evidence->fifo, since, is_no_runtime, evidence->left_exe);
}

bool evidence_of_client(const struct looks *looks, pid_t client, struct proc_facts *facts)
{
    struct sight *sight = malloc(sizeof *sight);
    bool lost = false, sound = false;

    if (sight == NULL)
        return false;
    see(sight, client, &looks->wanted);
    for (size_t i = 0; i < sight->count; i++) {
        if (!sight->lives[i] || sight->is_parent[i])
            continue;
        sound |= sight->facts[i].has_library != NO;
        if (sight->facts[i].has_library == NO && !lost) {
            lost = true;
            *facts = sight->facts[i];
        }
    }
    free(sight);
    return lost && !sound;
}
