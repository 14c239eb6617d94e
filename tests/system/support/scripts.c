#include "tests/system/support/scripts.h"

bool scripts_have_numpy(void)
{
    FILE *pipe = popen("exec \"$SOURCE/tests/support/python.sh\" -c"
                       " 'import sys; print(sys.executable, end=\"\")' 2>/dev/null",
                       "re");
    char path[4096] = "";
    size_t length = pipe != NULL ? fread(path, 1, sizeof path - 1, pipe) : 0;

    if (pipe != NULL)
        pclose(pipe);
    setenv("PYTHON3", length > 0 ? path : "python3", 1);
    return length > 0 || suite_skip("pcoord.py", "no python3 with numpy here");
}

void scripts_enter(void)
{
    struct shell shell;

    sandbox_enter();
    shell_run(
        &shell,
        "mkdir bin; " COMMAND(
            "imdshim", "$IMDSHIM") " && "
                                   "if [ -n \"$PYTHON3\" ]; then " COMMAND(
                                       "python3", "$PYTHON3") "; fi &&"
                                                              "printf %%s \"$PWD/bin:$PATH\"");
    ck_assert_msg(shell_status(&shell) == 0, "%s", shell.err);
    setenv("PATH", shell.out, 1);
}
