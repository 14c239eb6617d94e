/*
 * --match: any rules, and any program, module and port that they are held against; and patterns
 * against a matcher of another kind.
 *
 * The input is RULES, PROGRAM and MODULE, each ended by a newline, and two bytes of a port.
 * What is a pattern or a text for glob_matches() stands there too.
 */
#include "shim/wire/match.h"

#include "shim/wire/glob.h"
#include "tests/fuzz/support/fuzz.h"

enum { MOST_ELEMENTS = 4096 };

/* Of a pattern: '*', or the bytes that it takes. */
struct element {
    bool star;
    bool takes[256];
};

static struct element elements[MOST_ELEMENTS];

/* The set behind a '['; the text behind its ']', NULL if it is not closed. */
static const char *read_set(const char *at, struct element *element)
{
    bool negated = *at == '!';
    const char *start = at + negated, *end = start;

    if (*end != '\0')
        end++;
    while (*end != '\0' && *end != ']')
        end++;
    if (*end == '\0' || end == start)
        return NULL;
    for (at = start; at < end; at++) {
        unsigned low = (unsigned char)*at, high = low;

        if (end - at > 2 && at[1] == '-') {
            high = (unsigned char)at[2];
            at += 2;
        }
        for (unsigned byte = low; byte <= high; byte++)
            element->takes[byte] = true;
    }
    for (unsigned byte = 0; byte < 256; byte++)
        element->takes[byte] = element->takes[byte] != negated;
    return end + 1;
}

static size_t read_pattern(const char *pattern)
{
    size_t count = 0;

    while (*pattern != '\0' && count < MOST_ELEMENTS) {
        struct element *element = &elements[count++];
        const char *behind = NULL;

        memset(element, 0, sizeof *element);
        if (*pattern == '[')
            behind = read_set(pattern + 1, element);
        if (behind != NULL) {
            pattern = behind;
            continue;
        }
        element->star = *pattern == '*';
        if (*pattern == '?')
            memset(element->takes, true, sizeof element->takes);
        element->takes[(unsigned char)*pattern++] = true;
    }
    return count;
}

/* reached[i]: the text so far is matched by the first i elements. */
static bool expect_match(const char *pattern, const char *text)
{
    static bool reached[MOST_ELEMENTS + 1], next[MOST_ELEMENTS + 1];
    size_t count = read_pattern(pattern);

    memset(reached, 0, count + 1);
    reached[0] = true;
    for (size_t i = 0; i < count && elements[i].star; i++)
        reached[i + 1] = true;
    for (; *text != '\0'; text++) {
        next[0] = false;
        for (size_t i = 0; i < count; i++)
            next[i + 1] = elements[i].star
                              ? reached[i + 1] || next[i]
                              : reached[i] && elements[i].takes[(unsigned char)*text];
        memcpy(reached, next, count + 1);
    }
    return reached[count];
}

static bool rule_holds(const struct match *match, unsigned i,
                       const struct listener_facts *facts)
{
    char port[16];

    snprintf(port, sizeof port, "%u", facts->asked);
    return expect_match(match->rules[i].glob, match->rules[i].key == MATCH_PORT ? port
                                              : match->rules[i].key == MATCH_EXE
                                                  ? facts->exe
                                                  : facts->object);
}

/* The rules, written again, are the text. */
static void demand_rules(const struct match *match, const char *text)
{
    static const char *const keys[] = {"port", "exe", "object"};
    char again[MATCH_SIZE + 16];
    size_t length = 0;

    DEMAND(match->count > 0 && match->count <= MATCH_RULES);
    for (unsigned i = 0; i < match->count; i++) {
        const char *glob = match->rules[i].glob;

        DEMAND(glob > match->text && glob < match->text + sizeof match->text && *glob != '\0');
        length += (size_t)snprintf(again + length, sizeof again - length, "%s%s=%s",
                                   i > 0 ? " " : "", keys[match->rules[i].key], glob);
    }
    DEMAND(strcmp(again, text) == 0);
}

static void demand_judged(const struct match *match, const struct listener_facts *facts)
{
    bool holds = match->port == 0 || match->port == facts->asked, of_caller = false;
    const char *reason = match_refuses(match, facts);

    for (unsigned i = 0; i < match->count; i++) {
        holds &= rule_holds(match, i, facts);
        of_caller |= match->rules[i].key != MATCH_PORT;
    }
    if (!of_caller && match_is_runtime(facts->exe, facts->object))
        DEMAND(reason != NULL && strcmp(reason, REASON_RUNTIME) == 0);
    else if (holds)
        DEMAND(reason == NULL);
    else
        DEMAND(reason != NULL && strcmp(reason, REASON_UNMATCHED) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct input input = {bytes, size};
    char *rules = take_text(&input, '\n'), *exe = take_text(&input, '\n');
    char *object = take_text(&input, '\n');
    struct listener_facts facts = {exe, object, (unsigned)take_number(&input, 2)};
    struct match *match = calloc(1, sizeof *match);

    match->port = size % 3 == 0 ? facts.asked : 0;
    if (match_parse(match, rules)) {
        demand_rules(match, rules);
        demand_judged(match, &facts);
    }
    DEMAND(glob_matches(exe, object) == expect_match(exe, object));
    DEMAND(!match_is_runtime_program(exe) || match_is_runtime(exe, ""));
    free(match);
    free(object);
    free(exe);
    free(rules);
    return 0;
}
