/*
 * --only-me: what the library will need of the kernel, tried before the engine is started. It
 * closes every connection of this host whose user it is not told, and the engine would wait for
 * ever.
 */
#ifndef IMDSHIM_LAUNCHER_PRELOAD_PEER_CHECK_H
#define IMDSHIM_LAUNCHER_PRELOAD_PEER_CHECK_H

/* Dies with 125 if the kernel does not tell whose a connection is. */
void peer_check(void);

#endif
