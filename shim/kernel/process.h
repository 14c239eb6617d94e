/*
 * Who this process is, asked of the kernel each time: a fork or an exec changes the answers.
 * Safe in a signal handler. Where the kernel does not say, the text is empty.
 */
#ifndef IMDSHIM_SHIM_KERNEL_PROCESS_H
#define IMDSHIM_SHIM_KERNEL_PROCESS_H

#include "shim/wire/wire.h"

/* The base name of the program. Not inlined: its stack is not to be the caller's. */
__attribute__((noinline)) void process_exe(char name[NAME_SIZE]);

void process_comm(char name[COMM_SIZE]); /* the kernel's name of this thread */
void process_host(char name[HOST_SIZE]);

#endif
