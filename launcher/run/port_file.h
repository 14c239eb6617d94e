/*
 * --port-file: HOST:PORT and a newline, in a file that is there whole or not at all.
 */
#ifndef IMDSHIM_LAUNCHER_RUN_PORT_FILE_H
#define IMDSHIM_LAUNCHER_RUN_PORT_FILE_H

/*
 * Remove what an earlier run has left, and see that the file could be written. Dies with 125 if
 * it could not.
 */
void port_file_prepare(const char *path);

/* 0, or -1 and errno. HOST is as it goes into a URL: IPv6 addresses in brackets. */
int port_file_write(const char *path, const char *host, unsigned port);

#endif
