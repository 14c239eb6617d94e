/*
 * After listen(): the launcher learns of the listener. Safe in a signal handler; errno is kept.
 */
#ifndef IMDSHIM_SHIM_HOOKS_REPORT_H
#define IMDSHIM_SHIM_HOOKS_REPORT_H

/* listen(fd) has returned 0. The caller is an address in the module that called it. */
void after_listen(int fd, const void *caller);

#endif
