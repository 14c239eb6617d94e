/* Text for events: what is put together in a signal handler. */
#include "shim/wire/text.h"
#include "tests/support/suite.h"

TEST(a_value_survives_any_byte)
{
    char buffer[64] = "";
    struct text text = {buffer, 0, sizeof buffer - 1};

    text_put_escaped(&text, "a b%\n\xff=");
    ck_assert_str_eq(buffer, "a%20b%25%0A%FF=");
}

TEST(text_that_does_not_fit_is_cut_off)
{
    char buffer[4] = "xxx";
    struct text text = {buffer, 0, 2};

    text_put_string(&text, "abc");
    ck_assert_str_eq(buffer, "abx");
    ck_assert_uint_eq(text.length, 2);
}

TEST(a_text_ends_where_it_is_full)
{
    char buffer[4] = "xxx";
    struct text text = {buffer, 0, sizeof buffer - 1};

    text_put_string(&text, "a");
    text_end(&text);
    ck_assert_str_eq(buffer, "a");
    text_put_string(&text, "bcd");
    text_end(&text);
    ck_assert_str_eq(buffer, "abc");
}

TEST(numbers_of_every_size_are_written)
{
    char buffer[64] = "";
    struct text text = {buffer, 0, sizeof buffer - 1};

    text_put_number(&text, 0);
    text_put_char(&text, ' ');
    text_put_number(&text, UINT64_MAX);
    text_put_char(&text, ' ');
    text_put_hex(&text, 0xbeef);
    text_put_char(&text, ' ');
    text_put_hex(&text, UINT64_MAX);
    text_put_char(&text, ' ');
    text_put_hex(&text, 0);
    ck_assert_str_eq(buffer, "0 18446744073709551615 beef ffffffffffffffff 0");
}

TEST(a_number_is_taken_up_to_its_bound)
{
    static const struct {
        const char *text;
        uint64_t most, number;
        const char *behind; /* NULL: refused */
    } cases[] = {
        {"0", 0, 0, ""},
        {"1", 0, 0, NULL},
        {"65535:x", UINT16_MAX, UINT16_MAX, ":x"},
        {"65536", UINT16_MAX, 0, NULL},
        {"0065535", UINT16_MAX, UINT16_MAX, ""},
        {"18446744073709551615", UINT64_MAX, UINT64_MAX, ""},
        {"18446744073709551616", UINT64_MAX, 0, NULL},
        {"99999999999999999999999", UINT64_MAX, 0, NULL},
        {"", 9, 0, NULL},
        {"-1", 9, 0, NULL},
        {" 1", 9, 0, NULL},
    };
    uint64_t number;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *behind = text_take_number(cases[i].text, cases[i].most, &number);

        ck_assert_msg((behind == NULL) == (cases[i].behind == NULL), "'%s'", cases[i].text);
        if (behind == NULL)
            continue;
        ck_assert_str_eq(behind, cases[i].behind);
        ck_assert_uint_eq(number, cases[i].number);
    }
}

TEST(a_port_is_taken_from_its_least_to_65535)
{
    static const struct {
        const char *text;
        unsigned least, port;
        const char *behind; /* NULL: refused */
    } cases[] = {
        {"0", 0, 0, ""},
        {"0", 1, 0, NULL},
        {"00", 1, 0, NULL},
        {"1", 1, 1, ""},
        {"1023", 1024, 0, NULL},
        {"1024x", 1024, 1024, "x"},
        {"65535:x", 1, 65535, ":x"},
        {"65536", 0, 0, NULL},
        {"4294967297", 0, 0, NULL}, /* 1, cut off at 32 bits */
        {"99999999999999999999999", 0, 0, NULL},
        {"", 0, 0, NULL},
        {":1", 0, 0, NULL},
        {"+1", 0, 0, NULL},
        {" 1", 0, 0, NULL},
    };

    for (int i = 0; i < COUNT(cases); i++) {
        unsigned port = 7;
        const char *behind = text_take_port(cases[i].text, cases[i].least, &port);

        ck_assert_msg((behind == NULL) == (cases[i].behind == NULL), "'%s' from %u",
                      cases[i].text, cases[i].least);
        if (behind == NULL)
            continue;
        ck_assert_str_eq(behind, cases[i].behind);
        ck_assert_uint_eq(port, cases[i].port);
    }
}
