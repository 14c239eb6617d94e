/*
 * LD_PRELOAD and what Open MPI is told of it: any list that was there, any library, any
 * command.
 *
 * Lines: the list, the library, the user's launch agent, the nodes of the job, and the words of
 * a command.
 */
#include <ctype.h>

#include "launcher/preload/carry.h"
#include "launcher/preload/cluster.h"
#include "launcher/preload/library.h"
#include "tests/fuzz/support/fuzz.h"

enum { MOST_WORDS = 16 };

static bool is_separator(char c)
{
    return c == ' ' || c == ':';
}

/* As ld.so(8) takes it apart. */
static bool holds(const char *list, const char *name)
{
    size_t length = strlen(name);

    for (const char *at = list; (at = strstr(at, name)) != NULL; at++)
        if ((at == list || is_separator(at[-1])) &&
            (at[length] == '\0' || is_separator(at[length])))
            return true;
    return false;
}

static char *demand_preloaded(const char *existing, const char *name)
{
    char *list = library_compose_preload(existing, name);
    char *again = library_compose_preload(list, name);

    DEMAND(holds(list, name));
    DEMAND(strncmp(list, existing, strlen(existing)) == 0);
    DEMAND(strcmp(again, list) == 0);
    free(again);
    return list;
}

/* In the agent there is nothing that a shell would take amiss, but what the user has put there.
 */
static void demand_agent(const char *user_value, const char *list)
{
    char *agent = carry_openmpi_4(user_value, list);
    size_t length = strlen("env LD_PRELOAD=");

    if (agent == NULL)
        return;
    DEMAND(strncmp(agent, "env LD_PRELOAD=", length) == 0);
    for (size_t i = 0; list[i] != '\0'; i++) {
        char c = agent[length + i];

        DEMAND(isalnum((unsigned char)c) || strchr("_@%+=:,./-", c) != NULL);
        DEMAND(c == list[i] || (c == ':' && list[i] == ' '));
    }
    DEMAND(agent[length + strlen(list)] == ' ');
    free(agent);
}

/* srun takes the names from the list, whatever the user's own is. */
static void demand_carried(const char *user_value)
{
    static const char *const names[] = {"LD_PRELOAD", "IMDSHIM_FIFO"};
    static const char end[] = "LD_PRELOAD,IMDSHIM_FIFO";
    char *list = carry_slurm(user_value, names, 2);

    if (list == NULL)
        return;
    DEMAND(strlen(list) >= strlen(end));
    DEMAND(strcmp(list + strlen(list) - strlen(end), end) == 0);
    free(list);
}

static void demand_judged(struct input *input)
{
    char *nodes = take_text(input, '\n'), *words[MOST_WORDS + 1] = {NULL};
    const char *const with[] = {"env", "/usr/bin/mpirun", "-np", "2", "gmx_mpi", NULL};
    int count = 0;
    bool leaves;

    while (input->left > 0 && count < MOST_WORDS)
        words[count++] = take_text(input, '\n');
    leaves = cluster_may_leave_host((const char *const *)words, nodes);
    DEMAND(leaves || !cluster_may_leave_host((const char *const *)words, NULL));
    DEMAND(cluster_may_leave_host(with, nodes));
    while (count > 0)
        free(words[--count]);
    free(nodes);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct input input = {bytes, size};
    char *existing = take_text(&input, '\n'), *name = take_text(&input, '\n');
    char *user_value = take_text(&input, '\n'), *list;

    if (name[0] != '\0' && strpbrk(name, " :") == NULL) {
        list = demand_preloaded(existing, name);
        demand_agent(user_value, list);
        demand_carried(user_value);
        free(list);
    }
    demand_judged(&input);
    free(user_value);
    free(name);
    free(existing);
    return 0;
}
