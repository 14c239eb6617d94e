/*
 * The ways into a container, one for each kind of runtime: each changes the job's command or
 * environment, or tells what it cannot do. Pure.
 */
#ifndef IMDSHIM_LAUNCHER_CONTAINER_WAYS_H
#define IMDSHIM_LAUNCHER_CONTAINER_WAYS_H

#include "launcher/container/job.h"

void way_apptainer(struct job *job); /* apptainer.c */
void way_bwrap(struct job *job);     /* bwrap.c */
void way_chrun(struct job *job);     /* chrun.c */
void way_nspawn(struct job *job);    /* nspawn.c */
void way_podman(struct job *job);    /* podman.c */

#endif
