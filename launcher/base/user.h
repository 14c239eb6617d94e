/*
 * Who we are to the kernel.
 *
 * fakeroot(1) and its kind answer geteuid(2) and stat(2) themselves, in a library: what the
 * kernel says of sockets, processes and files of ours would not agree with that. The system
 * calls are asked directly.
 */
#ifndef IMDSHIM_LAUNCHER_BASE_USER_H
#define IMDSHIM_LAUNCHER_BASE_USER_H

#include <stdbool.h>
#include <sys/types.h>

/* The effective user. */
uid_t user_id(void);

/*
 * Is the path a directory, no link to one, that is ours and that nobody else may enter? If not,
 * errno says what kept us from looking, or is 0.
 */
bool user_has_alone(const char *path);

#endif
