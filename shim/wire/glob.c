#include "shim/wire/glob.h"

#include <stddef.h>
#include <string.h>

/* The ']' of the set that starts behind a '['; NULL if there is none. */
static const char *set_end(const char *set)
{
    if (*set == '!')
        set++;
    return *set != '\0' ? strchr(set + 1, ']') : NULL; /* a ']' that comes first is a member */
}

static bool set_holds(const char *set, const char *end, unsigned char c)
{
    bool wanted = *set != '!', found = false;

    for (set += !wanted; set < end; set++) {
        unsigned char low = (unsigned char)*set, high = low;

        if (set + 2 < end && set[1] == '-') {
            high = (unsigned char)set[2];
            set += 2;
        }
        found |= low <= c && c <= high;
    }
    return found == wanted;
}

/* What follows one element of the pattern if it matches the character, else NULL. */
static const char *match_one(const char *pattern, char c)
{
    const char *end = *pattern == '[' ? set_end(pattern + 1) : NULL;

    if (c == '\0' || *pattern == '\0')
        return NULL;
    if (end != NULL)
        return set_holds(pattern + 1, end, (unsigned char)c) ? end + 1 : NULL;
    return *pattern == '?' || *pattern == c ? pattern + 1 : NULL;
}

/* Only the last '*' needs to be tried again: what came before it has matched as early as it
 * can. */
bool glob_matches(const char *pattern, const char *text)
{
    const char *star = NULL, *from = text, *next;

    for (;;) {
        if (*pattern == '*') {
            star = ++pattern;
            from = text;
        } else if ((next = match_one(pattern, *text)) != NULL) {
            pattern = next;
            text++;
        } else if (*pattern == '\0' && *text == '\0') {
            return true;
        } else if (star != NULL && *from != '\0') {
            pattern = star;
            text = ++from;
        } else {
            return false;
        }
    }
}
