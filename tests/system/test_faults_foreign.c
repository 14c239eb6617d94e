/* Programs that no one here wrote: what make check-faults does, the quickest of it. */
#include <unistd.h>

#include "tests/support/engines.h"
#include "tests/system/faults.h"

/* As root the servers are nobody's, who must get there. */
#define FOREIGN "chmod 755 .; exec $SOURCE/tests/faults/foreign.sh "

static struct shell shell;

/* A row for each of five settings, and one for what is left. */
START_TEST(cpythons_own_tests_end_as_they_do_without_the_library)
{
    shell_run(&shell, FOREIGN "cpython test_socketserver test_httplib");
    assert_rows(&shell, 6);
}
END_TEST

START_TEST(two_redis_servers_have_one_port_and_each_its_own_client)
{
    shell_run(&shell, FOREIGN "servers redis");
    assert_rows(&shell, 2);
}
END_TEST

Suite *test_suite(void)
{
    TCase *tests;
    Suite *suite = suite_of_tests(&tests, "foreign programs");

    if (access("/usr/lib/python3.11/test/test_socket.py", R_OK) == 0)
        tcase_add_test(tests, cpythons_own_tests_end_as_they_do_without_the_library);
    else
        suite_skip("CPython's own tests", "libpython3.11-testsuite is not installed");
    if (engines_have("redis-server"))
        tcase_add_test(tests, two_redis_servers_have_one_port_and_each_its_own_client);
    else
        suite_skip("redis", "redis-server is not installed");
    return suite;
}
