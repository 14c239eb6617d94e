/*
 * The lines of summary.h.
 *
 * Both lines are built field by field. A field that the stream has not got is left out; in the
 * live line so is one that would not fit the terminal, because half a number is a wrong number.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "launcher/imd/summary.h"

enum {
    LINE_SIZE = 512,
    USUAL_WIDTH = 80,
    UPDATE_INTERVAL = 100, /* ms */
    RATE_INTERVAL = 500,
    LEAST_TIME = 10, /* from which a rate means something */
};

struct line {
    char text[LINE_SIZE];
    size_t length;
    size_t limit; /* characters */
};

struct size {
    double value;
    const char *unit;
};

static void append(struct line *line, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void append(struct line *line, const char *format, ...)
{
    size_t room = line->limit - line->length;
    va_list arguments;
    int length;

    va_start(arguments, format);
    length = vsnprintf(line->text + line->length, room + 1, format, arguments);
    va_end(arguments);
    if (length >= 0 && (size_t)length <= room)
        line->length += (size_t)length;
    line->text[line->length] = '\0';
}

static const char *plural(uint64_t count)
{
    return count == 1 ? "" : "s";
}

static int decimals(double rate)
{
    return rate < 99.95 ? 1 : 0;
}

static struct size scale(double bytes)
{
    if (bytes < 1e6)
        return (struct size){bytes / 1e3, "kB"};
    if (bytes < 1e9)
        return (struct size){bytes / 1e6, "MB"};
    return (struct size){bytes / 1e9, "GB"};
}

/* The last column stays empty: some terminals wrap as soon as it is filled. */
static size_t width_of(FILE *out)
{
    struct winsize size;
    size_t width = USUAL_WIDTH;

    if (ioctl(fileno(out), TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
        width = size.ws_col;
    return width <= LINE_SIZE ? width - 1 : LINE_SIZE - 1;
}

static void measure_rates(struct meter *meter, const struct imd *imd, int64_t now)
{
    double seconds = (double)(now - meter->since) / 1e3;

    if (meter->since != 0 && now - meter->since < RATE_INTERVAL)
        return;
    if (meter->since != 0) {
        meter->frame_rate = (double)(imd->frames - meter->frames) / seconds;
        meter->byte_rate = (double)(imd->bytes - meter->bytes) / seconds;
    }
    meter->since = now;
    meter->frames = imd->frames;
    meter->bytes = imd->bytes;
}

/* What was asked for, what comes, and what there is to be typed. */
static void append_keys(struct line *line, const struct meter *meter, const struct imd *imd)
{
    const struct keys *keys = meter->keys;
    bool asked = keys->asked[0] != '\0';

    if (keys->steering.paused && !(meter->frame_rate > 0))
        append(line, "  paused");
    if (asked)
        append(line, "  asked: %s", keys->asked);
    append(line, asked ? "  ?: keys" : "  keys: space + - k q ?");
    if (imd->stride == 1)
        append(line, "  every step");
    else if (imd->stride > 1)
        append(line, "  every %" PRId64 " steps", imd->stride);
}

static void compose_live(struct line *line, const struct meter *meter, const struct imd *imd)
{
    if (meter->keys != NULL && meter->keys->confirming)
        append(line, "end the run? y: yes  ");
    append(line, "%" PRIu64 " frame%s", imd->frames, plural(imd->frames));
    if (imd->has_step)
        append(line, "  step %" PRId64, imd->step);
    append(line, "  %.*f frames/s", decimals(meter->frame_rate), meter->frame_rate);
    append(line, "  %.1f MB/s", meter->byte_rate / 1e6);
    if (meter->keys != NULL)
        append_keys(line, meter, imd);
    if (imd->has_time)
        append(line, "  time %.3f", imd->time);
    if (imd->has_energies) {
        append(line, "  T %.1f K", (double)imd->temperature);
        append(line, "  Etot %.6g", (double)imd->total);
        append(line, "  Epot %.6g", (double)imd->potential);
    }
}

void meter_start(struct meter *meter, FILE *out)
{
    *meter = (struct meter){.out = out, .live = isatty(fileno(out))};
}

bool meter_update(struct meter *meter, const struct imd *imd, int64_t now)
{
    struct line line = {.limit = width_of(meter->out)};
    size_t before = meter->length;

    if (!meter->live || now < meter->next)
        return false;
    measure_rates(meter, imd, now);
    compose_live(&line, meter, imd);
    meter->next = now + UPDATE_INTERVAL;
    meter->length = line.length;
    /* What is left of a longer line is blanked, unless the terminal has shrunk meanwhile. */
    if (before > line.limit)
        before = line.limit;
    fprintf(meter->out, "\r%-*s", (int)before, line.text);
    fflush(meter->out);
    return true;
}

void meter_clear(struct meter *meter)
{
    /* To the end of the line: behind ours there may be the ^C that the terminal echoed. */
    if (meter->length > 0)
        fprintf(meter->out, "\r%*s\r", (int)width_of(meter->out), "");
    meter->length = 0;
}

void meter_leave(struct meter *meter)
{
    if (meter->length > 0)
        fputc('\n', meter->out);
    fflush(meter->out);
    meter->length = 0;
}

static void append_size(struct line *line, const char *separator, double bytes, const char *per)
{
    struct size size = scale(bytes);

    append(line, "%s%.1f %s%s", separator, size.value, size.unit, per);
}

void summary_print(FILE *out, const struct imd *imd, int64_t milliseconds)
{
    struct line line = {.limit = LINE_SIZE - 1};
    double seconds = (double)milliseconds / 1e3;

    append(&line, "%" PRIu64 " frame%s", imd->frames, plural(imd->frames));
    if (imd->atoms > 0)
        append(&line, " of %" PRId32 " atom%s", imd->atoms, plural((uint64_t)imd->atoms));
    if (imd->version > 0)
        append(&line, ", IMD v%d", imd->version);
    if (imd->has_step)
        append(&line, ", last step %" PRId64, imd->step);
    if (imd->has_time)
        append(&line, ", time %.3f", imd->time);
    if (imd->has_energies)
        append(&line, ", T %.1f K", (double)imd->temperature);
    append_size(&line, ", ", (double)imd->bytes, "");
    append(&line, " in %.2f s", seconds);
    if (milliseconds >= LEAST_TIME) {
        double rate = (double)imd->frames / seconds;

        append(&line, ": %.*f frames/s", decimals(rate), rate);
        append_size(&line, ", ", (double)imd->bytes / seconds, "/s");
    }
    fprintf(out, "%s\n", line.text);
    fflush(out);
}
