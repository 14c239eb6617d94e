#include "launcher/diagnosis/sentence.h"

#include <stdio.h>
#include <string.h>

#include "launcher/base/say.h"
#include "launcher/base/status.h"

enum { WORD_SIZE = 1024 };

enum word {
    SUSPECT,
    PROGRAM,
    LAUNCHER,
    IMAGE,
    BINDER,
    AGENT,
    NESTED,
    LEFT,
    PID,
    UID,
    COMM,
    DETAIL,
    ASKED,
    ERROR,
    PORT,
    LISTENS,
    LISTENERS,
    RUNTIME,
    STATUS,
    FAILED,
    LIBRARY,
    FIFO,
    DIRECTORY,
    WORDS
};

static const char *const names[] = {
    [SUSPECT] = "suspect", [PROGRAM] = "program",     [LAUNCHER] = "launcher",
    [IMAGE] = "image",     [BINDER] = "binder",       [AGENT] = "agent",
    [NESTED] = "nested",   [LEFT] = "left",           [PID] = "pid",
    [UID] = "uid",         [COMM] = "comm",           [DETAIL] = "detail",
    [ASKED] = "asked",     [ERROR] = "error",         [PORT] = "port",
    [LISTENS] = "listens", [LISTENERS] = "listeners", [RUNTIME] = "runtime",
    [STATUS] = "status",   [FAILED] = "failed",       [LIBRARY] = "library",
    [FIFO] = "fifo",       [DIRECTORY] = "directory",
};

typedef char words[WORDS][WORD_SIZE];

#define PUT(word, ...) snprintf(all[word], WORD_SIZE, __VA_ARGS__)

static void put_process(char *word, const char *exe, pid_t pid)
{
    snprintf(word, WORD_SIZE, "%s[%ld]", exe, (long)pid);
}

static void put_image(char *word, const struct image *image)
{
    put_process(word, image->exe, image->pid);
}

static void put_processes(words all, const struct evidence *evidence)
{
    const struct reports *reports = evidence->reports;

    put_process(all[SUSPECT], evidence->suspect.exe, evidence->suspect.pid);
    put_process(all[BINDER], reports->failed_bind.exe, reports->failed_bind.pid);
    put_image(all[LAUNCHER], &reports->launcher);
    put_image(all[IMAGE], &reports->engine_image);
    put_image(all[NESTED], &reports->nested);
    put_process(all[LEFT], evidence->left_exe, evidence->left);
    PUT(PID, "%ld", (long)reports->engine);
    PUT(UID, "%lu", (unsigned long)evidence->suspect.uid);
    PUT(AGENT, "%s", evidence->agent);
    PUT(COMM, "%s", evidence->comm);
    PUT(DETAIL, "%s", evidence->suspect.detail);
    if (reports->program.pid != 0)
        put_image(all[PROGRAM], &reports->program);
    else if (reports->launcher.pid != 0)
        put_image(all[PROGRAM], &reports->launcher);
    else
        PUT(PROGRAM, "process %ld", (long)reports->engine);
}

static void put_ports(words all, const struct evidence *evidence)
{
    const struct reports *reports = evidence->reports;
    unsigned port = suspect_port(&evidence->suspect, reports);

    PUT(ASKED, "%u", reports->failed_bind.port);
    PUT(ERROR, "%s", strerror(reports->failed_bind.error));
    PUT(PORT, "%u", port);
    PUT(LISTENERS, "%s", reports->passed);
    if (port != 0)
        PUT(LISTENS, "; it listens on port %u", port);
    if (reports->passed_count > 0)
        PUT(RUNTIME, " (only %s listened, of an MPI or cluster runtime)", reports->passed);
}

static void put_rest(words all, const struct evidence *evidence)
{
    const char *slash = strrchr(evidence->fifo, '/');
    int status = status_of_wait(evidence->wait_status);

    PUT(STATUS, "%d", status);
    if (evidence->ended && status != 0)
        PUT(FAILED, ", and the run ended with status %d", status);
    PUT(LIBRARY, "%s", evidence->library);
    PUT(FIFO, "%s", evidence->fifo);
    PUT(DIRECTORY, "%.*s", slash != NULL ? (int)(slash - evidence->fifo) : 0, evidence->fifo);
}

static const char *find(words all, const char *name, size_t length)
{
    for (int i = 0; i < WORDS; i++)
        if (strlen(names[i]) == length && strncmp(names[i], name, length) == 0)
            return all[i];
    return "";
}

static void append(char *text, size_t size, const char *part, size_t length)
{
    size_t end = strlen(text);

    snprintf(text + end, size - end, "%.*s", (int)length, part);
}

void sentence_put(char *text, size_t size, const char *sentence,
                  const struct evidence *evidence)
{
    words all = {{'\0'}};

    put_processes(all, evidence);
    put_ports(all, evidence);
    put_rest(all, evidence);
    while (*sentence != '\0') {
        size_t plain = strcspn(sentence, "{"), name;
        const char *word;

        append(text, size, sentence, plain);
        sentence += plain;
        if (*sentence == '\0')
            break;
        name = strcspn(++sentence, "}");
        word = find(all, sentence, name);
        append(text, size, word, strlen(word));
        sentence += name + 1;
    }
    say_clean(text);
}
