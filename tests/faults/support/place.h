/*
 * What a program of tests/faults has around it: the launcher, the stand-in engines in PATH, and
 * a directory of its own.
 */
#ifndef IMDSHIM_TESTS_FAULTS_PLACE_H
#define IMDSHIM_TESTS_FAULTS_PLACE_H

/*
 * Make the directory, in TMPDIR; PATH is DOUBLES and `path`. From then on the program is a
 * child of a keeper, that removes the directory once it has ended, if by a signal too, and
 * fails if processes are left. Ends the program, with a line, where IMDSHIM, DOUBLES and SOURCE
 * are not set. Returns the directory's path.
 */
const char *place_enter(const char *path);

/* The launcher's path, without what RUN_WITH puts before it. */
const char *place_launcher(void);

/* A socket that listens at a port of 127.0.0.1 that nobody else has. */
int place_listen(unsigned *port);

/* A port that nobody has now. */
unsigned place_free_port(void);

#endif
