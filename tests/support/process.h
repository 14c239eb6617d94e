/*
 * Processes as proc(5) tells of them, and how one of ours becomes a program.
 */
#ifndef IMDSHIM_TESTS_PROCESS_H
#define IMDSHIM_TESTS_PROCESS_H

#include <sys/types.h>

enum { PROCESS_STAT = 512 };

/* What follows "PID (NAME) " in /proc/PID/stat; "" if there is no such process. */
void process_read_stat(pid_t pid, char rest[PROCESS_STAT]);

/* R, S, T, Z ... or 0 if there is no such process. */
char process_state(pid_t pid);

/* 0 if there is no such process. */
pid_t process_parent(pid_t pid);

/* The children of a process's first thread, as they were born; how many, of `most` at most. */
int process_children(pid_t pid, pid_t *children, int most);

/* What whoever started us has ignored or blocked, as nohup(1) does, is so no more. */
void process_default_signals(void);

#endif
