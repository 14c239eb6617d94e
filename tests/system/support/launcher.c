#include "tests/system/support/launcher.h"

bool launcher_is_wrapped(void)
{
    return strchr(sandbox_launcher(), ' ') != NULL;
}

bool launcher_is_bare(void)
{
    return !launcher_is_wrapped();
}

void assert_one_line(const char *text, const char *start)
{
    size_t length = strlen(text);

    ck_assert_msg(strncmp(text, start, strlen(start)) == 0 && length > 0 &&
                      strchr(text, '\n') == text + length - 1,
                  "one line is expected that begins '%s', not:\n%s", start, text);
}

bool exists(const char *path)
{
    return access(path, F_OK) == 0;
}

void make_file(const char *path)
{
    FILE *file = fopen(path, "we");

    ck_assert_ptr_nonnull(file);
    fclose(file);
}

void wait_for_file(const char *path)
{
    for (int i = 0; i < SHELL_SECONDS * 100 && !exists(path); i++)
        shell_pause(10);
    ck_assert_msg(exists(path), "%s does not come", path);
}

void read_line(const char *path, char *line, int size)
{
    FILE *file = fopen(path, "re");

    ck_assert_msg(file != NULL, "%s is missing", path);
    ck_assert_msg(fgets(line, size, file) != NULL, "%s is empty", path);
    line[strcspn(line, "\n")] = '\0';
    fclose(file);
}

int read_port(const char *path)
{
    char line[64];

    read_line(path, line, sizeof line);
    ck_assert_msg(strchr(line, ':') != NULL, "'%s'", line);
    return atoi(strchr(line, ':') + 1);
}

pid_t read_pid(const char *path)
{
    long pid = 0;
    char end = '\0';

    for (int i = 0; i < SHELL_SECONDS * 100 && end != '\n'; i++) {
        FILE *file = fopen(path, "re");

        ck_assert_msg(file != NULL, "%s is missing", path);
        if (fscanf(file, "%ld%c", &pid, &end) != 2)
            shell_pause(10);
        fclose(file);
    }
    ck_assert_msg(end == '\n' && pid > 1, "%s has no pid", path);
    return (pid_t)pid;
}

void wait_for_state(pid_t pid, const char *states)
{
    char state = process_state(pid);

    for (int i = 0; i < SHELL_SECONDS * 100; i++) {
        if (state == 0 ? states[0] == '\0' : strchr(states, state) != NULL)
            return;
        shell_pause(10);
        state = process_state(pid);
    }
    ck_abort_msg("process %ld is in state '%c', not in one of '%s'", (long)pid, state, states);
}

void assert_heard(const struct shell *shell)
{
    char line[64], expected[64];

    ck_assert_int_eq(shell_status(shell), 4);
    read_line("port", line, sizeof line);
    snprintf(expected, sizeof expected, "127.0.0.1:%d", atoi(shell->out));
    ck_assert_str_eq(line, expected);
}
