/*
 * Lines on standard error, "imdshim: ..." each: the only place that writes there.
 *
 * A line is one write(2) of at most PIPE_BUF bytes, so that it stays whole among the lines of
 * others. To say something never stops us, ends us or keeps us waiting: a background job that
 * writes under "stty tostop" is not stopped by it, a pipe without a reader sends no SIGPIPE,
 * and if there is no room within a tenth of a second the line is lost.
 */
#ifndef IMDSHIM_LAUNCHER_BASE_SAY_H
#define IMDSHIM_LAUNCHER_BASE_SAY_H

#include <stdarg.h>

#define SAY_FORMAT(text, first) __attribute__((format(printf, text, first)))

void say(const char *format, ...) SAY_FORMAT(1, 2);

/* With the error's text behind it, and what to do if descriptors have run out. */
void say_error(int error, const char *format, ...) SAY_FORMAT(2, 3);

/* The same from a va_list; error is 0 if there is none. */
void say_list(int error, const char *format, va_list arguments) SAY_FORMAT(2, 0);

/* Say it, and exit(3). */
__attribute__((noreturn)) void die(int status, const char *format, ...) SAY_FORMAT(2, 3);
__attribute__((noreturn)) void die_error(int status, int error, const char *format, ...)
    SAY_FORMAT(3, 4);

/*
 * Control characters become '?', also the ones that UTF-8 has (U+0080 to U+009F): names of
 * files and programs may hold anything, and a terminal would obey it.
 */
void say_clean(char *text);

#endif
