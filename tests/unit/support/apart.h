/*
 * Acts that end the program, change who we are or have state of their own go into a process of
 * their own.
 */
#ifndef IMDSHIM_TESTS_UNIT_APART_H
#define IMDSHIM_TESTS_UNIT_APART_H

#include <check.h>
#include <sys/wait.h>
#include <unistd.h>

/*
 * The exit status of a child that does it; 128 + the signal that ended it. An act that fails
 * says so by _exit(2), an act that returns exits with 0.
 */
int apart(void (*act)(const void *), const void *with);

#endif
