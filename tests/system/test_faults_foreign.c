/* Programs that no one here wrote: what make check-faults does, the quickest of it. */
#include <unistd.h>

#include "tests/support/engines.h"
#include "tests/system/faults.h"

/* As root the servers are nobody's, who must get there. */
#define FOREIGN "chmod 755 .; exec $SOURCE/tests/faults/foreign.sh "

static struct shell shell;

TEST_OPTIONS(IN_SANDBOX);

static bool has_cpythons_tests(void)
{
    return access("/usr/lib/python3.11/test/test_socket.py", R_OK) == 0 ||
           suite_skip("CPython's own tests", "libpython3.11-testsuite is not installed");
}

/* A row for each of five settings, and one for what is left. */
TEST(cpythons_own_tests_end_as_they_do_without_the_library, .needs = has_cpythons_tests)
{
    shell_run(&shell, FOREIGN "cpython test_socketserver test_httplib");
    assert_rows(&shell, 6);
}

static bool has_redis(void)
{
    return suite_has_program("redis-server", "redis");
}

TEST(two_redis_servers_have_one_port_and_each_its_own_client, .needs = has_redis)
{
    shell_run(&shell, FOREIGN "servers redis");
    assert_rows(&shell, 2);
}
