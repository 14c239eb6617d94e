/*
 * The beginning of a run in the working directory, and who reads its events.
 */
#ifndef IMDSHIM_TESTS_FAULTS_RUN_START_H
#define IMDSHIM_TESTS_FAULTS_RUN_START_H

#include <stdbool.h>
#include <sys/types.h>

/* Start the launcher with these words; what it says on standard error is in the file "err". */
pid_t run_start(const char *const *words, bool traced);

struct run_reader {
    pid_t pid;
    int *events; /* that it has read; NULL without a reader */
};

/* It reads the FIFO "fifo", which is made, for ever. */
void run_start_reader(struct run_reader *reader);
void run_forget_reader(struct run_reader *reader);

#endif
