/*
 * The processes below one, from proc(5).
 */
#ifndef IMDSHIM_LAUNCHER_PROC_PROC_TREE_H
#define IMDSHIM_LAUNCHER_PROC_PROC_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "shim/wire/wire.h"

struct proc_node {
    pid_t pid;
    size_t parent; /* its place in the array */
};

/*
 * Fills nodes with the root, its children, their children and so on, at most `most`, and
 * returns how many there are. A process that starts or ends meanwhile may be missing or listed:
 * who reads on must be ready for that.
 */
size_t proc_tree_below(pid_t root, struct proc_node *nodes, size_t most);

/* The same, slower, for kernels without CONFIG_PROC_CHILDREN. */
size_t proc_tree_by_parents(pid_t root, struct proc_node *nodes, size_t most);

/* A number in proc(5), stat, by its place there, from the fourth on; 0 if it cannot be read. */
uint64_t proc_stat_number(const char *directory, int place);

/* State ('R', 'S', 'Z'...) and parent of a process, or of a thread; 0 if there is none. */
char proc_state(const char *directory, pid_t *parent);

/* Is it neither gone nor a zombie? */
static inline bool proc_lives(char state)
{
    return state != 0 && state != 'Z' && state != 'X';
}

/*
 * Has the process an environment, be it an empty one? Not while execve(2) puts another program in
 * its place, and not when it has ended: proc(5), stat, the 51st field, env_end, is 0 then, and the
 * files "environ" and "cmdline" are empty.
 */
bool proc_has_environment(const char *directory);

/*
 * Is the process about to end? All its threads are then on their way out, and no program's code
 * runs in it any more; its files may be closed already, though nobody can wait(2) for it yet.
 */
bool proc_is_exiting(pid_t pid);

/*
 * The file name of its program. One that has been removed or replaced since is named
 * "... (deleted)" there: that is left out. False, and errno, if it may not be read.
 */
bool proc_exe(const char *directory, char exe[NAME_SIZE]);

#endif
