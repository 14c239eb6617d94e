#include "tests/faults/support/kill_tally.h"

#include <stdio.h>

static const char *const phase_names[KILL_PHASES] = {
    "beginning", "starting", "listening", "ready", "connected", "ending", "over"};
static const char *const victim_names[VICTIMS] = {"launcher", "engine", "client", "reader"};

const char *victim_name(enum victim victim)
{
    return victim_names[victim];
}

void kill_tally_count(struct kill_tally *tally, const struct killing *killing,
                      const struct verdict *verdict)
{
    if (verdict->failed)
        printf("kills: %s, %s killed when %s (call %ld, after %.2f ms):%s\n",
               killing->run->name, victim_names[killing->victim], phase_names[verdict->phase],
               killing->step, killing->moment, verdict->why);
    tally->tried += verdict->killed || verdict->failed;
    tally->failed += verdict->failed;
    tally->late += !verdict->killed;
    tally->temporary += verdict->temporary;
    tally->daemon += verdict->daemon;
    tally->half += verdict->half;
    tally->engine_first += verdict->engine_first;
    if (!verdict->killed)
        return;
    tally->victims[killing->victim]++;
    tally->phases[verdict->phase]++;
    if (!verdict->half && verdict->length > tally->slowest)
        tally->slowest = verdict->length;
}

void kill_tally_add(struct kill_tally *all, const struct kill_tally *one)
{
    all->tried += one->tried;
    all->failed += one->failed;
    all->late += one->late;
    all->temporary += one->temporary;
    all->daemon += one->daemon;
    all->half += one->half;
    all->engine_first += one->engine_first;
    for (int j = 0; j < VICTIMS; j++)
        all->victims[j] += one->victims[j];
    for (int j = 0; j < KILL_PHASES; j++)
        all->phases[j] += one->phases[j];
    if (one->slowest > all->slowest)
        all->slowest = one->slowest;
}

static void print_counts(const char *const *names, const int *counts, int count)
{
    for (int i = 0; i < count; i++)
        if (counts[i] > 0)
            printf(" %s %d", names[i], counts[i]);
}

void kill_tally_print(const struct kill_tally *all, const char *name)
{
    printf("== %s: %d tried, %d failed;", name, all->tried, all->failed);
    print_counts(victim_names, all->victims, VICTIMS);
    printf(", run");
    print_counts(phase_names, all->phases, KILL_PHASES);
    printf(", late %d, all ended within %.0f ms", all->late, all->slowest);
    if (all->engine_first > 0)
        printf(", engine ended by its client's death before that was known %d",
               all->engine_first);
    if (all->daemon > 0)
        printf(", Open MPI's daemon left by an engine that was ended %d", all->daemon);
    if (all->half > 0)
        printf(", client left by the kernel with half a connection %d", all->half);
    if (all->temporary > 0)
        printf(", temporary port files where files must have a name %d", all->temporary);
    putchar('\n');
}
