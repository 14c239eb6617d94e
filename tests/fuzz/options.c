/*
 * The command line: values of any bytes for the options of run and exec. What is accepted the
 * library accepts too, and understands as it was meant.
 *
 * Words are ended by a NUL; the first byte of each chooses the option.
 */
#define die end_parsing                  /* bad usage ends the program */
#include "launcher/base/options.c"       /* NOLINT */
#include "launcher/base/option_values.c" /* NOLINT: with another end */
#undef die

#include <getopt.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <unistd.h>

#include "launcher/preload/engine.h"
#include "shim/state/settings.c" /* NOLINT: read anew for each input */
#include "tests/fuzz/support/fuzz.h"

enum { MOST_WORDS = 32 };

static const struct choice {
    const char *option;
    bool has_value;
} choices[] = {
    {"-p", true},          {"--port", true},
    {"-l", true},          {"--listen", true},
    {"-m", true},          {"--match", true},
    {"--timeout", true},   {"--fd", true},
    {"--port-file", true}, {"-c", true},
    {"--fifo", true},      {"-q", false},
    {"-v", false},         {"--no-wake", false},
    {"--port-", true},     {"--stop-with-client", false},
    {"--nonsense", false}, {"-m", true},
    {"--only-me", false},  {"--backend", true},
    {"--when", true},      {"--relay", false},
    {"--time-step", true}, {"--imd-version", true},
};

static jmp_buf ended;

void end_parsing(int status, const char *format, ...)
{
    char message[8192];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    DEMAND(status == 125 && message[0] != '\0');
    longjmp(ended, 1);
}

static int nothing(const struct options *options)
{
    (void)options;
    return 0;
}

static const struct command run = {"run", nothing, "ENGINE", "plmcotdfSWOwBRVTqv", true};

/* Each --match is one rule, whatever blanks it has. */
static int take_words(struct input *input, char **words, unsigned *rules)
{
    int count = 0;

    words[count++] = strdup("run");
    while (input->left > 0 && count < MOST_WORDS) {
        const struct choice *choice =
            &choices[take_byte(input) % (sizeof choices / sizeof choices[0])];

        words[count++] = strdup(choice->option);
        *rules += choice->option[1] == 'm' || strcmp(choice->option, "--match") == 0;
        if (choice->has_value)
            words[count++] = take_text(input, '\0');
    }
    words[count++] = strdup("--");
    words[count++] = strdup("engine");
    words[count] = NULL;
    return count;
}

static void demand_in_range(const struct options *options)
{
    DEMAND(options->port >= 0 && options->port <= UINT16_MAX);
    DEMAND(options->timeout >= 0 && options->timeout <= INT_MAX / 1000);
    DEMAND(options->fd >= -1 && strcmp(options->operands[0], "engine") == 0);
    DEMAND(IS_STRING(options->match));
}

/* As the library in the engine reads it. */
static void demand_read_by_library(const struct options *options, unsigned rules)
{
    const struct engine_channel channel = {.fifo = "/fifo"};
    char **before = environ, **environment = engine_environment(options, "/x.so", &channel);
    struct bind_override override = {.has_ports = false};
    const char *listen = options->relay ? NULL : options->listen; /* there it is the relay's */
    const struct settings *read;

    environ = environment;
    memset(&settings, 0, sizeof settings);
    state = UNREAD;
    read = settings_get();
    DEMAND(read != NULL && read->reports_events && strcmp(read->sink.fifo, "/fifo") == 0);
    DEMAND(read->match.port == (unsigned)options->port);
    DEMAND(read->match.count == rules);
    DEMAND(read->overrides_bind == (options->port != 0 || listen != NULL));
    DEMAND(read->cuts_sleep == !options->no_wake && read->only_me == options->only_me);
    if (listen != NULL)
        DEMAND(bind_override_parse(&override, listen) == NULL);
    override.has_ports |= options->port != 0;
    DEMAND(memcmp(&read->bind.host, &override.host, sizeof override.host) == 0);
    DEMAND(read->bind.has_ports == override.has_ports && read->bind.low == override.low &&
           read->bind.high == override.high);
    environ = before;
    free(environment);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static char *words[MOST_WORDS + 4], *permuted[MOST_WORDS + 4];
    static struct options options;
    static int count;
    static unsigned rules;
    struct input input = {bytes, size};

    rules = 0;
    count = take_words(&input, words, &rules);
    memcpy(permuted, words, sizeof words);
    optind = 0; /* getopt(3): from the beginning */
    if (setjmp(ended) == 0) {
        options_parse(&run, count, permuted, &options);
        demand_in_range(&options);
        demand_read_by_library(&options, rules);
    }
    while (count > 0)
        free(words[--count]);
    return 0;
}
