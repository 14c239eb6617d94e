/*
 * Who this process is, asked of the kernel each time: a fork or an exec changes the answers.
 * Safe in a signal handler; errno is not kept. Where the kernel does not say, a text is empty
 * and a number 0.
 */
#ifndef IMDSHIM_SHIM_KERNEL_PROCESS_H
#define IMDSHIM_SHIM_KERNEL_PROCESS_H

#include "shim/wire/wire.h"

/*
 * A file of proc(5) about this thread, such as "maps"; -1 if it cannot be opened. The thread's,
 * because the process's are empty once main() has called pthread_exit(3).
 */
int process_open(const char *name);

/* The base name of the program. Not inlined: its stack is not to be the caller's. */
__attribute__((noinline)) void process_exe(char name[NAME_SIZE]);

void process_comm(char name[COMM_SIZE]); /* the kernel's name of this thread */
void process_host(char name[HOST_SIZE]);
unsigned process_netns(void);            /* inode of the network namespace, namespaces(7) */
unsigned process_descriptor_slots(void); /* in the kernel's table, more than are open */

/* "NAME (deleted)" is how the kernel names a file that was removed or replaced. */
void process_strip_deleted(char *name);

#endif
