#include "launcher/preload/command_line.h"

#include <ctype.h>
#include <stddef.h>
#include <string.h>

#include "launcher/preload/shell_line.h"

/* ---- prefixes: programs whose arguments are another command ---- */

struct prefix {
    const char *name;
    const char
        *letters;      /* the options that take a value, as another word or behind the letter */
    const char *words; /* the long ones, " NAME NAME " */
    int operands;      /* before the command */
};

static const struct prefix prefixes[] = {
    {"env", "uC", " unset chdir ", 0},
    {"nice", "n", " adjustment ", 0},
    {"ionice", "cn", " class classdata ", 0},
    {"nohup", "", "", 0},
    {"setsid", "", "", 0},
    {"time", "fo", " format output ", 0},
    {"timeout", "ks", " kill-after signal ", 1},
    {"stdbuf", "ioe", " input output error ", 0},
    {"taskset", "", "", 1},
    {"numactl", "NmiCpP", " cpunodebind membind interleave physcpubind preferred ", 0},
    {"chrt", "TPD", "", 1},
    {"prlimit", "", "", 0},
    {"unshare", "RwSG", " root wd setuid setgid propagation setgroups ", 0},
    {"flock", "wE", " timeout conflict-exit-code ", 1},
    {"strace", "aeoOpsSuEPI", "", 0},
    {"ltrace", "aenopsuAFlwx", "", 0},
    {"valgrind", "", "", 0},
    {"catchsegv", "", "", 0},
    {"xvfb-run", "enfpsw", " error-file server-num auth-file fbdir server-args wait ", 0},
    {"sudo", "CDghpRrtTUu", " user group chdir prompt host role type ", 0},
    {"tini", "pe", "", 0},
    {"dumb-init", "r", " rewrite ", 0},
    {"imdshim", "plmcot", " port listen match client port-file timeout fd fifo ", 1},
    {"exec", "a", "", 0},
};

/* Words of the shell that a command follows. */
static const char keywords[] = " command builtin eval if then elif else while until do ! { ";

const char *command_line_base_name(const char *word)
{
    const char *slash = strrchr(word, '/');

    return slash != NULL ? slash + 1 : word;
}

static bool lists(const char *words, const char *name)
{
    size_t length = strlen(name);

    for (const char *at = words; length > 0 && (at = strstr(at, name)) != NULL; at++)
        if (at > words && at[-1] == ' ' && at[length] == ' ')
            return true;
    return false;
}

static const struct prefix *find_prefix(const char *name)
{
    static const struct prefix keyword = {"", "", "", 0};

    for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++)
        if (strcmp(prefixes[i].name, name) == 0)
            return &prefixes[i];
    return lists(keywords, name) ? &keyword : NULL;
}

/* Does the option's value stand in the next word? */
static bool takes_next_word(const struct prefix *prefix, const char *option)
{
    if (option[1] == '-')
        return lists(prefix->words, option + 2);
    for (const char *letter = option + 1; *letter != '\0'; letter++)
        if (strchr(prefix->letters, *letter) != NULL)
            return letter[1] == '\0';
    return false;
}

/* NAME=VALUE: the value; or NULL. */
static const char *value_of_assignment(const char *word)
{
    const char *at = word;

    while (isalnum((unsigned char)*at) || *at == '_')
        at++;
    return at > word && *at == '=' && !isdigit((unsigned char)*word) ? at + 1 : NULL;
}

/* The command that a prefix starts; it may be empty. */
static const char *const *behind_prefix(const struct prefix *prefix, const char *const *word)
{
    int operands = prefix->operands;

    for (; *word != NULL; word++) {
        if (word[0][0] == '-') {
            if (takes_next_word(prefix, *word) && word[1] != NULL)
                word++;
        } else if (operands-- <= 0) {
            break;
        }
    }
    return word;
}

/* ---- the shell ---- */

static bool is_shell(const char *name)
{
    static const char *const shells[] = {"sh", "bash", "dash", "ash", "ksh", "mksh", "zsh"};

    for (size_t i = 0; i < sizeof shells / sizeof shells[0]; i++)
        if (strcmp(shells[i], name) == 0)
            return true;
    return false;
}

/* The line in "sh [OPTION...] -c LINE"; NULL if it is a script that is started. */
static const char *line_of_shell(const char *const *word)
{
    bool has_line = false;

    for (word++; *word != NULL && (word[0][0] == '-' || word[0][0] == '+'); word++) {
        if (word[0][0] == '-' && word[0][1] != '-' && strchr(*word, 'c') != NULL)
            has_line = true;
        if ((word[0][1] == 'o' || word[0][1] == 'O') && word[0][2] == '\0' && word[1] != NULL)
            word++;
    }
    return has_line ? *word : NULL;
}

struct question {
    bool (*test)(const char *name, const void *with);
    const void *with;
    bool yes;
    struct shell_lines lines; /* that are commands, or parts of them */
};

static bool ask(const struct question *question, const char *word)
{
    return question->test(command_line_base_name(word), question->with);
}

/* Assignments may stand before a command: "MPIRUN=srun ./run.sh". */
static const char *const *ask_of_assignments(const char *const *word, struct question *question)
{
    const char *value;

    for (; *word != NULL && (value = value_of_assignment(*word)) != NULL; word++)
        question->yes |= ask(question, value);
    return word;
}

static void ask_of_command(const char *const *command, void *with)
{
    struct question *question = with;
    const struct prefix *prefix;
    const char *line;

    for (;;) {
        command = ask_of_assignments(command, question);
        if (*command == NULL)
            return;
        question->yes |= ask(question, *command);
        if (is_shell(command_line_base_name(*command)) &&
            (line = line_of_shell(command)) != NULL)
            shell_lines_add(&question->lines, line, strlen(line));
        prefix = find_prefix(command_line_base_name(*command));
        if (prefix == NULL)
            return;
        command = behind_prefix(prefix, command + 1);
    }
}

bool command_line_names(const char *const *command,
                        bool (*test)(const char *name, const void *with), const void *with)
{
    struct question question = {.test = test, .with = with};

    ask_of_command(command, &question);
    while (!question.yes && shell_lines_read(&question.lines, ask_of_command, &question))
        continue;
    shell_lines_free(&question.lines);
    return question.yes;
}

const char *const *command_line_find(const char *const *command, bool (*test)(const char *name),
                                     const char *const **last)
{
    const struct prefix *prefix;

    for (*last = NULL;;) {
        while (*command != NULL && value_of_assignment(*command) != NULL)
            command++;
        if (*command == NULL)
            return NULL;
        *last = command;
        if (test(command_line_base_name(*command)))
            return command;
        prefix = find_prefix(command_line_base_name(*command));
        if (prefix == NULL)
            return NULL;
        command = behind_prefix(prefix, command + 1);
    }
}

static bool is_none(const char *name)
{
    (void)name;
    return false;
}

const char *command_line_program(const char *const *command)
{
    const char *const *last;

    command_line_find(command, is_none, &last);
    return last != NULL ? command_line_base_name(*last) : "";
}
