/*
 * The few functions of the BSDs that the launcher uses, as their man pages have them, for C
 * libraries that lack some: glibc has strlcpy(3) since 2.38, closefrom(3) since 2.34, musl has
 * no closefrom, and neither has strtonum. So the launcher needs the C library alone.
 */
#ifndef IMDSHIM_LAUNCHER_LIBC_BSD_H
#define IMDSHIM_LAUNCHER_LIBC_BSD_H

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#if defined __GLIBC__ && __GLIBC_MINOR__ < 38
#define BSD_WITHOUT_STRLCPY
#endif
#if !defined __GLIBC__ || __GLIBC_MINOR__ < 34
#define BSD_WITHOUT_CLOSEFROM
#endif

#ifdef BSD_WITHOUT_STRLCPY
/* The length that it tried to make: what was cut off is seen by its being >= size. */
size_t strlcpy(char *to, const char *from, size_t size);
size_t strlcat(char *to, const char *from, size_t size);
#endif

#ifdef BSD_WITHOUT_CLOSEFROM
void closefrom(int least);
#endif

/* The number; or 0, errno, and *reason: "invalid", "too small" or "too large". Else NULL there. */
long long strtonum(const char *text, long long least, long long most, const char **reason);

#endif
