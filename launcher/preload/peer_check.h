/*
 * --only-me: does the kernel say to which user a connection belongs? The check comes before the
 * engine starts: the library closes every local connection whose user it cannot find out, and
 * the engine would wait for ever.
 */
#ifndef IMDSHIM_LAUNCHER_PRELOAD_PEER_CHECK_H
#define IMDSHIM_LAUNCHER_PRELOAD_PEER_CHECK_H

/* Dies with 125 if the kernel does not tell whose a connection is. */
void peer_check(void);

#endif
