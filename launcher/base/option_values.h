/*
 * The values of options, from their text. What is no such value ends imdshim with status 125 and
 * a line that says what to give instead.
 */
#ifndef IMDSHIM_LAUNCHER_BASE_OPTION_VALUES_H
#define IMDSHIM_LAUNCHER_BASE_OPTION_VALUES_H

#include "shim/wire/match.h"

enum backend { BACKEND_NOT_SAID, BACKEND_PRELOAD, BACKEND_NOTIFY };
enum when { WHEN_NOT_SAID, WHEN_LISTENING, WHEN_READY };

/* A whole number; the name is the option's, for the line. */
int option_number(const char *name, const char *text, int least, int most);

enum when option_when(const char *text);
enum backend option_backend(const char *text);
double option_time_step(const char *text); /* picoseconds */

/* These are kept as text, and are right. */
const char *option_listen(const char *text);
const char *option_client(const char *text);

/* One more of the rules, which are kept as match_parse() takes them. */
void option_add_match(char rules[MATCH_SIZE], const char *text);

#endif
