/*
 * A thread whose call waits for an answer, and its process: what can be learned of them, and of
 * others, from pidfd_getfd(2), process_vm_readv(2) and proc(5).
 *
 * All of it may be refused (another user's process, Yama, prctl(2) PR_SET_DUMPABLE), and a
 * number may be another thread's by now: filter_still_waits() tells afterwards.
 */
#ifndef IMDSHIM_LAUNCHER_NOTIFY_TASK_H
#define IMDSHIM_LAUNCHER_NOTIFY_TASK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "shim/wire/wire.h"

/* The process that a thread is of; 0 if there is none. */
pid_t task_process(pid_t thread);

/* A copy of its descriptor: the same file. -1 and errno. */
int task_copy_descriptor(pid_t thread, pid_t process, int fd);

/* Bytes of its memory; false unless all could be read. */
bool task_read(pid_t process, uint64_t address, void *to, size_t size);

/* The inode of the socket behind a descriptor; 0: it is none. */
uint64_t task_socket(pid_t process, int fd);

/* The base name of its program, "" if that is not known. */
void task_exe(pid_t process, char exe[NAME_SIZE]);

/* The inode of its network namespace, namespaces(7); 0: not known. */
unsigned task_netns(pid_t process);

/* "/proc/PROCESS/task/THREAD/syscall" as it is now; "" if it cannot be read. */
void task_blocked_call(pid_t process, pid_t thread, char *text, size_t size);

#endif
