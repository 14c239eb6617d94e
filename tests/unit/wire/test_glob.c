/* Patterns: fnmatch(3) is what they are compared with where the two agree. */
#include "shim/wire/glob.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/suite.h"

enum { RANDOM_PATTERNS = 400000, LONGEST = 9, SEED = 3, LONG_TEXT = 2000 };

static const struct {
    const char *pattern, *text;
    bool matches;
} cases[] = {
    {"", "", true},
    {"", "a", false},
    {"a", "", false},
    {"gmx", "gmx", true},
    {"gmx", "gm", false},
    {"gmx", "gmxx", false},
    {"gmx", "GMX", false},
    {"*", "", true},
    {"*", "anything at all", true},
    {"**", "", true},
    {"***a", "ba", true},
    {"lib*.so*", "libgromacs.so.7", true},
    {"lib*.so*", "liblammps.sa", false},
    {"*ab", "aab", true}, /* the star has to let go of what it took */
    {"*ab*ab", "abab", true},
    {"*ab*ab", "ab", false},
    {"a*a", "a", false},
    {"*.", "..", true}, /* neither a leading dot nor a slash is special */
    {"*", "/usr/bin/gmx", true},
    {"?", "", false},
    {"?", "/", true},
    {"?", "\xff", true},
    {"???", "ab", false},
    {"*?", "", false},
    {"*?", "a", true},
    {"[abc]", "b", true},
    {"[abc]", "d", false},
    {"[abc]", "", false},
    {"[a-c]", "b", true},
    {"[a-c]", "-", false},
    {"[c-a]", "b", false}, /* a range that is empty */
    {"[a-cx-z]", "y", true},
    {"[\x80-\xff]", "\xc3", true},
    {"[\x80-\xff]", "a", false},
    {"[-a]", "-", true},
    {"[a-]", "-", true}, /* at an end it is no range */
    {"[+--]", ",", true},
    {"[--/]", ".", true},
    {"[!a]", "b", true},
    {"[!a]", "a", false},
    {"[!a]", "", false},
    {"[!a-c]", "b", false},
    {"[a!]", "!", true},
    {"[]]", "]", true}, /* first it is a member */
    {"[]a]", "a", true},
    {"[!]]", "a", true},
    {"[!]]", "]", false},
    {"[!]a-c]x", "dx", true},
    {"[]-a]", "^", true},
    {"[!!]", "!", false},
    {"[*]", "*", true},
    {"[*]", "a", false},
    {"[?]", "a", false},
    {"[[]", "[", true},
    {"[", "[", true}, /* without its end it is itself */
    {"[", "a", false},
    {"[]", "[]", true},
    {"[!]", "[!]", true},
    {"[a-", "[a-", true},
    {"*[", "x[", true},
    {"[[a]", "a", true},
    {"]", "]", true},
    {"\\*", "\\anything", true}, /* nothing escapes */
    {"{a,b}", "{a,b}", true},
    {"node[0-9]*", "node12", true},
};

TEST_OPTIONS(.timeout = 120);

LOOP_TEST(a_pattern_matches_the_whole_text_or_not_at_all, COUNT(cases))
{
    ck_assert_msg(glob_matches(cases[_i].pattern, cases[_i].text) == cases[_i].matches,
                  "'%s' %s '%s'", cases[_i].pattern,
                  cases[_i].matches ? "does not match" : "matches", cases[_i].text);
}

static void make_random(char *to, const char *alphabet, unsigned short *state)
{
    long length = nrand48(state) % (LONGEST + 1), letters = (long)strlen(alphabet);

    for (long i = 0; i < length; i++)
        *to++ = alphabet[nrand48(state) % letters];
    *to = '\0';
}

/* glibc takes a '[' without its end otherwise in some places: those are in the table above. */
static bool has_every_end(const char *pattern)
{
    while ((pattern = strchr(pattern, '[')) != NULL) {
        pattern++;
        pattern += *pattern == '!';
        if (*pattern == '\0' || (pattern = strchr(pattern + 1, ']')) == NULL)
            return false;
    }
    return true;
}

TEST(any_pattern_matches_what_fnmatch_has_it_match)
{
    unsigned short state[3] = {SEED, 0, 0};
    char pattern[LONGEST + 1], text[LONGEST + 1];
    unsigned compared = 0, matched = 0;

    for (int i = 0; i < RANDOM_PATTERNS; i++) {
        bool expected;

        make_random(pattern, i % 2 == 0 ? "ab*?" : "abc*[]!-", state);
        make_random(text, i % 2 == 0 ? "ab" : "abc]-!", state);
        if (!has_every_end(pattern))
            continue;
        expected = fnmatch(pattern, text, FNM_NOESCAPE) == 0;
        ck_assert_msg(glob_matches(pattern, text) == expected, "'%s' and '%s': fnmatch says %s",
                      pattern, text, expected ? "yes" : "no");
        compared++;
        matched += expected;
    }
    ck_assert_uint_gt(compared, RANDOM_PATTERNS / 2); /* else nothing has been tested */
    ck_assert_uint_gt(matched, compared / 50);
}

/* With a search that tried every star anew it would not end before the sun does. */
TEST(a_pattern_of_many_stars_costs_little)
{
    char pattern[LONG_TEXT + 2] = "", text[LONG_TEXT + 1] = "";

    for (int i = 0; i < LONG_TEXT; i += 2)
        memcpy(pattern + i, "*a", 2);
    memset(text, 'a', LONG_TEXT);
    ck_assert(glob_matches(pattern, text));
    pattern[LONG_TEXT] = 'b';
    ck_assert(!glob_matches(pattern, text));
    memset(pattern, '[', LONG_TEXT);
    ck_assert(!glob_matches(pattern, text));
}

/* The memory ends with the text: a sanitizer would see a step beyond it. */
TEST(nothing_behind_the_end_is_read)
{
    static const char *const patterns[] = {"[",  "[!", "[a", "[a-", "[!]",
                                           "[]", "*[", "a*", "?*["};

    for (size_t i = 0; i < sizeof patterns / sizeof patterns[0]; i++) {
        char *pattern = strdup(patterns[i]), *text = strdup("a");

        glob_matches(pattern, text);
        glob_matches(pattern, "");
        glob_matches(text, pattern);
        free(pattern);
        free(text);
    }
}
