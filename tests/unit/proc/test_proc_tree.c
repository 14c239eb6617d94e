/* The processes below one, found in both ways. */
#include "launcher/proc/proc_tree.h"

#include <pthread.h>
#include <stdio.h>

#include "tests/support/suite.h"
#include "tests/unit/proc/proc_child.h"

static void fork_twice(void)
{
    for (int i = 0; i < 2; i++)
        if (fork() == 0) {
            if (fork() != 0)
                say_ready();
            for (;;)
                pause();
        }
}

/* A thread that is not the first one starts it. */
static void *fork_in_thread(void *unused)
{
    if (fork() == 0)
        for (;;)
            pause();
    return unused;
}

static void thread_forks(void)
{
    pthread_t thread;

    pthread_create(&thread, NULL, fork_in_thread, NULL);
    pthread_join(thread, NULL);
}

static void kill_all(const struct proc_node *nodes, size_t count)
{
    for (size_t i = 1; i < count; i++)
        kill(nodes[i].pid, SIGKILL);
}

typedef size_t (*tree)(pid_t, struct proc_node *, size_t);

static const tree trees[] = {proc_tree_below, proc_tree_by_parents};

TEST_OPTIONS(.setup = begin_children, .teardown = end_children, .timeout = 60);

LOOP_TEST(a_tree_has_all_that_descend_with_their_parents, 2)
{
    struct proc_node nodes[16];
    size_t count;

    start(fork_twice);
    wait_until_ready();
    wait_until_ready();
    count = trees[_i](child, nodes, 16);
    kill_all(nodes, count);
    ck_assert_uint_eq(count, 5);
    ck_assert_int_eq(nodes[0].pid, child);
    ck_assert_uint_eq(nodes[1].parent, 0);
    ck_assert_uint_eq(nodes[2].parent, 0);
    ck_assert_uint_ne(nodes[3].parent, nodes[4].parent);
}

LOOP_TEST(what_any_thread_has_started_is_in_the_tree, 2)
{
    struct proc_node nodes[16];
    size_t count;

    start(thread_forks);
    count = trees[_i](child, nodes, 16);
    kill_all(nodes, count);
    ck_assert_uint_eq(count, 2);
}

LOOP_TEST(a_tree_ends_where_there_is_no_more_room, 2)
{
    struct proc_node nodes[16];
    size_t count;

    start(fork_twice);
    wait_until_ready();
    wait_until_ready();
    count = trees[_i](child, nodes, 3);
    ck_assert_uint_eq(count, 3);
    count = trees[_i](child, nodes, 16);
    kill_all(nodes, count);
}

LOOP_TEST(a_process_that_is_gone_is_a_tree_of_its_own, 2)
{
    struct proc_node nodes[16];
    pid_t pid;

    start(do_nothing);
    pid = child;
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    child = 0;
    ck_assert_uint_eq(trees[_i](pid, nodes, 16), 1);
}

TEST(a_process_is_exiting_from_its_last_threads_end_until_it_is_reaped)
{
    siginfo_t info;

    start(do_nothing);
    ck_assert(!proc_is_exiting(child));
    ck_assert_int_eq(kill(child, SIGKILL), 0);
    ck_assert_int_eq(waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT), 0);
    ck_assert(proc_is_exiting(child));
    ck_assert_int_eq(waitpid(child, NULL, 0), child);
    ck_assert(!proc_is_exiting(child));
    child = 0;
}

TEST(a_process_whose_first_thread_alone_has_ended_is_not_exiting)
{
    char directory[32];
    pid_t parent;

    start(end_main_thread);
    snprintf(directory, sizeof directory, "/proc/%ld", (long)child);
    while (proc_state(directory, &parent) != 'Z')
        continue;
    ck_assert(!proc_is_exiting(child));
}
