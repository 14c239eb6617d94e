/* What the user says of the IMD socket, --port and --match, beside the rule without them. */
#include "shim/wire/match.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/suite.h"

TEST(rules_are_kept_in_their_order)
{
    char text[] = "port=88[0-9]* exe=lmp* object=*lammps* port=?=";
    struct match match = {.port = 8888};

    ck_assert(match_parse(&match, text));
    memset(text, 'x', sizeof text - 1); /* what it was read from may change */
    ck_assert_uint_eq(match.count, 4);
    ck_assert_int_eq(match.rules[0].key, MATCH_PORT);
    ck_assert_str_eq(match.rules[0].glob, "88[0-9]*");
    ck_assert_int_eq(match.rules[1].key, MATCH_EXE);
    ck_assert_str_eq(match.rules[1].glob, "lmp*");
    ck_assert_int_eq(match.rules[2].key, MATCH_OBJECT);
    ck_assert_str_eq(match.rules[2].glob, "*lammps*");
    ck_assert_str_eq(match.rules[3].glob, "?=");
    ck_assert_uint_eq(match.port, 8888);
}

static const char *const damaged[] = {
    "",
    " ",
    "gmx",
    "=gmx",
    "exe",
    "exe=",
    "port=",
    "object=",
    "exe= ",
    "exe=gmx ",
    " exe=gmx",
    "exe=gmx  port=1", /* a rule of nothing between two blanks */
    "exe=gmx port=",
    "exe=gmx name=gmx",
    "EXE=gmx",
    "Exe=gmx",
    "exec=gmx",
    "xexe=gmx",
    "port:8888",
    "port =8888",
    "exe\t=gmx",
};

LOOP_TEST(what_is_no_rule_is_refused, COUNT(damaged))
{
    struct match match;

    ck_assert_msg(!match_parse(&match, damaged[_i]), "taken: '%s'", damaged[_i]);
}

static void repeat(char *to, const char *word, int times)
{
    *to = '\0';
    for (int i = 0; i < times; i++)
        to += sprintf(to, "%s%s", i > 0 ? " " : "", word);
}

TEST(there_is_room_for_eight_rules_and_no_more)
{
    char text[256];
    struct match match;

    repeat(text, "exe=gmx", MATCH_RULES);
    ck_assert(match_parse(&match, text));
    ck_assert_uint_eq(match.count, MATCH_RULES);
    ck_assert_str_eq(match.rules[MATCH_RULES - 1].glob, "gmx");
    repeat(text, "exe=gmx", MATCH_RULES + 1);
    ck_assert(!match_parse(&match, text));
    ck_assert_uint_le(match.count, MATCH_RULES);
}

/* On the heap, where a sanitizer sees the end of it. */
TEST(a_text_is_taken_whole_or_not_at_all)
{
    static const size_t lengths[] = {MATCH_SIZE - 1, MATCH_SIZE, MATCH_SIZE + 1, 1 << 20};
    struct match *match = malloc(sizeof *match);

    for (int i = 0; i < COUNT(lengths); i++) {
        char *text = malloc(lengths[i] + 1);

        memset(text, '*', lengths[i]);
        memcpy(text, "exe=", 4);
        text[lengths[i]] = '\0';
        ck_assert_int_eq(match_parse(match, text), i == 0);
        if (i == 0)
            ck_assert_uint_eq(strlen(match->rules[0].glob), MATCH_SIZE - 1 - 4);
        free(text);
    }
    free(match);
}

TEST(a_second_text_replaces_the_first)
{
    struct match match;

    ck_assert(match_parse(&match, "exe=gmx port=1"));
    ck_assert(match_parse(&match, "object=lib*"));
    ck_assert_uint_eq(match.count, 1);
    ck_assert_int_eq(match.rules[0].key, MATCH_OBJECT);
}

/* reason NULL: it may be the IMD socket. rules NULL: no --match; port 0: no --port. */
static const struct {
    unsigned port;
    const char *rules;
    struct listener_facts facts;
    const char *reason;
} decisions[] = {
    {0, NULL, {"gmx", "libgromacs.so.7", 0}, NULL},
    {0, NULL, {"", "", 0}, NULL},
    {0, NULL, {"lmp", "mca_btl_tcp.so", 1024}, REASON_RUNTIME},
    {0, NULL, {"mpirun", "anything", 8888}, REASON_RUNTIME},

    {8888, NULL, {"lmp", "liblammps.so.0", 8888}, NULL},
    {8888, NULL, {"lmp", "liblammps.so.0", 8889}, REASON_UNMATCHED},
    {8888, NULL, {"lmp", "liblammps.so.0", 0}, REASON_UNMATCHED},
    {8888, NULL, {"lmp", "mca_btl_tcp.so", 8888}, REASON_RUNTIME}, /* MPI may count that far */
    {8888, NULL, {"lmp", "mca_btl_tcp.so", 1024}, REASON_RUNTIME},
    {65535, NULL, {"lmp", "lmp", 65535}, NULL},

    {0, "port=8888", {"lmp", "liblammps.so.0", 8888}, NULL},
    {0, "port=8888", {"lmp", "liblammps.so.0", 88}, REASON_UNMATCHED},
    {0, "port=88", {"lmp", "liblammps.so.0", 8888}, REASON_UNMATCHED},
    {0, "port=88*", {"lmp", "liblammps.so.0", 8888}, NULL},
    {0, "port=*", {"lmp", "liblammps.so.0", 0}, NULL},
    {0, "port=0", {"gmx", "libgromacs.so.7", 0}, NULL},
    {0, "port=65535", {"lmp", "lmp", 65535}, NULL},
    {0, "port=?", {"lmp", "lmp", 10}, REASON_UNMATCHED},
    {0,
     "port=*",
     {"lmp", "mca_btl_tcp.so", 1024},
     REASON_RUNTIME}, /* says nothing of a caller */
    {0, "port=8888", {"orted", "orted", 8888}, REASON_RUNTIME},

    {0, "exe=lmp*", {"lmp_mpi", "liblammps.so.0", 1}, NULL},
    {0, "exe=lmp*", {"gmx", "libgromacs.so.7", 1}, REASON_UNMATCHED},
    {0, "exe=lmp", {"", "", 1}, REASON_UNMATCHED},
    {0, "exe=*", {"", "", 1}, NULL},
    {0, "exe=mpirun", {"mpirun", "libpmix.so.2", 1}, NULL}, /* replaces the rule of runtimes */
    {0, "exe=mpirun", {"gmx", "libgromacs.so.7", 1}, REASON_UNMATCHED},
    {0, "object=mca_*", {"lmp", "mca_btl_tcp.so", 1024}, NULL},
    {0, "object=liblammps*", {"lmp", "mca_btl_tcp.so", 1024}, REASON_UNMATCHED},
    {0, "object=liblammps*", {"lmp", "liblammps.so.0", 5}, NULL},
    {0, "object=lib[!m]*", {"lmp", "libmpi.so.40", 5}, REASON_UNMATCHED},

    {0, "exe=lmp object=lib*", {"lmp", "liblammps.so.0", 5}, NULL}, /* all must hold */
    {0, "exe=lmp object=lib*", {"lmp", "lmp", 5}, REASON_UNMATCHED},
    {0, "exe=lmp object=lib*", {"gmx", "libgromacs.so.7", 5}, REASON_UNMATCHED},
    {0, "port=5 port=6", {"lmp", "lmp", 5}, REASON_UNMATCHED},
    {0, "port=5 exe=orted", {"orted", "orted", 5}, NULL},
    {0, "port=5 exe=orted", {"orted", "orted", 6}, REASON_UNMATCHED},

    {8888, "exe=lmp", {"lmp", "liblammps.so.0", 8888}, NULL}, /* and --port with it */
    {8888, "exe=lmp", {"lmp", "liblammps.so.0", 1}, REASON_UNMATCHED},
    {8888, "exe=lmp", {"gmx", "libgromacs.so.7", 8888}, REASON_UNMATCHED},
    {8888, "exe=lmp", {"lmp", "mca_btl_tcp.so", 8888}, NULL},
    {8888, "port=1", {"lmp", "lmp", 8888}, REASON_UNMATCHED},
    {8888, "port=1", {"lmp", "lmp", 1}, REASON_UNMATCHED},
    {8888, "port=8*", {"lmp", "mca_btl_tcp.so", 8888}, REASON_RUNTIME},
};

LOOP_TEST(a_socket_is_taken_or_refused_for_its_reason, COUNT(decisions))
{
    const struct listener_facts *facts = &decisions[_i].facts;
    const char *expected = decisions[_i].reason, *rules = decisions[_i].rules;
    struct match match = {.port = decisions[_i].port};
    const char *reason;

    ck_assert(rules == NULL || match_parse(&match, rules));
    reason = match_refuses(&match, facts);
    ck_assert_msg(
        expected == NULL ? reason == NULL : reason != NULL && !strcmp(reason, expected),
        "--port %u --match '%s', exe=%s object=%s asked=%u: %s, not %s", decisions[_i].port,
        rules != NULL ? rules : "", facts->exe, facts->object, facts->asked,
        reason != NULL ? reason : "taken", expected != NULL ? expected : "taken");
}
