/* What a run says of itself, as text and back. */
#include "launcher/run/record.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/support/suite.h"

static char text[RECORD_TEXT];

static struct record example(void)
{
    return (struct record){
        .pid = 4711,
        .state = READY,
        .host = "127.0.0.1",
        .port = 42165,
        .clients = 3,
        .started = 1234567890123,
        .engine = "gmx",
        .directory = "/tmp/seg 17",
    };
}

static void assert_comes_back(const struct record *record)
{
    static struct record back;

    record_format(record, text);
    ck_assert_uint_eq(strcspn(text, "\n"), strlen(text) - 1);
    ck_assert(record_parse(text, &back));
    ck_assert_int_eq(back.pid, record->pid);
    ck_assert_int_eq(back.state, record->state);
    ck_assert_uint_eq(back.port, record->port);
    ck_assert_uint_eq(back.clients, record->clients);
    ck_assert_int_eq(back.started, record->started);
    ck_assert_str_eq(back.host, record->host);
    ck_assert_str_eq(back.engine, record->engine);
    ck_assert_str_eq(back.directory, record->directory);
}

TEST_OPTIONS(.timeout = 120);

TEST(a_record_comes_back_in_every_state)
{
    static const char *const names[] = {"starting", "listening", "ready", "connected",
                                        "ending"};
    struct record record = example();

    for (int i = STARTING; i <= ENDING; i++) {
        record.state = (enum phase)i;
        ck_assert_str_eq(record_state_name(record.state), names[i]);
        assert_comes_back(&record);
    }
}

static const char *const odd_names[] = {
    "",
    " ",
    "a b",
    "a\nb",
    "100%",
    "%",
    "%4",
    "%41",
    "%%",
    "=",
    "a=b c=d",
    "\x01\x7f\xff",
    "\xc3\xa9t\xc3\xa9",
    "state=ready",
    "\t\r\"'\\",
};

LOOP_TEST(any_name_survives, COUNT(odd_names))
{
    struct record record = example();

    strcpy(record.engine, odd_names[_i]);
    strcpy(record.directory, odd_names[_i]);
    assert_comes_back(&record);
}

/* Each byte of them escaped. */
TEST(the_longest_names_survive)
{
    static struct record record;

    record = example();
    memset(record.engine, '\n', PATH_MAX - 1);
    memset(record.directory, 0xff, PATH_MAX - 1);
    memset(record.host, 'h', sizeof record.host - 1);
    record.pid = 2147483647;
    record.port = 65535;
    record.started = INT64_MAX;
    assert_comes_back(&record);
}

static const char *const junk[] = {
    "",
    "\n",
    "pid=1",
    "pid=0\n",
    "pid=-5\n",
    "pid=x\n",
    "pid=1x\n",
    "pid= 1\n",
    "pid=+1\n",
    "pid=4294967297\n",
    "pid=99999999999999999999\n",
    "state=ready\n",
    "pid=1 state=dead\n",
    "pid=1 state=\n",
    "pid=1 port=65536\n",
    "pid=1 port=-1\n",
    "pid=1 port=80x\n",
    "pid=1 port=\n",
    "pid=1 port=4294967297\n",
    "pid=1 started=99999999999999999999\n",
    "pid=1 started=-1\n",
    "pid=1 junk\n",
    "pid=1  state=ready\n",
    "pid=1 \n",
};

LOOP_TEST(junk_is_no_record, COUNT(junk))
{
    struct record record;

    strcpy(text, junk[_i]);
    ck_assert_msg(!record_parse(text, &record), "%s", junk[_i]);
}

TEST(a_later_version_may_say_more)
{
    struct record record;

    strcpy(text, "pid=1 color=blue state=ready \n");
    ck_assert(!record_parse(text, &record));
    strcpy(text, "pid=1 color=blue state=ready\nthe rest of what it said before");
    ck_assert(record_parse(text, &record));
    ck_assert_int_eq(record.state, READY);
}

static const char *const keys[] = {"host", "engine", "directory"};

LOOP_TEST(a_value_that_is_too_long_is_no_record, COUNT(keys))
{
    static struct record record;
    int length = snprintf(text, sizeof text, "pid=1 %s=", keys[_i]);

    memset(text + length, 'x', PATH_MAX);
    strcpy(text + length + PATH_MAX, "\n");
    ck_assert(!record_parse(text, &record));
}

TEST(random_bytes_harm_nobody)
{
    static struct record record;

    srand(1);
    for (int i = 0; i < 20000; i++) {
        struct record from = example();

        record_format(&from, text);
        for (int hits = rand() % 8; hits >= 0; hits--)
            text[(size_t)rand() % strlen(text)] = (char)(1 + rand() % 255);
        if (record_parse(text, &record))
            record_format(&record, text);
    }
}

TEST(another_process_finds_the_record_and_the_latest_of_it)
{
    struct record record = example(), found;
    int fd = record_create();

    ck_assert_int_ge(fd, 0);
    ck_assert(!record_read(getpid(), &found));
    record_write(fd, &record);
    record.state = ENDING;
    record.host[0] = '\0';
    record.port = 0;
    record_write(fd, &record);
    ck_assert(record_read(getpid(), &found));
    ck_assert_int_eq(found.state, ENDING);
    ck_assert_str_eq(found.directory, record.directory);
    close(fd);
    ck_assert(!record_read(getpid(), &found));
    record_write(-1, &record);
}
