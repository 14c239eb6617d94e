#include "launcher/base/option_values.h"

#include <bsd/stdlib.h>
#include <stdlib.h>
#include <string.h>

#include "launcher/base/say.h"
#include "launcher/base/status.h"

int option_number(const char *name, const char *text, int least, int most)
{
    const char *reason;
    int number = (int)strtonum(text, least, most, &reason);

    if (reason != NULL)
        die(STATUS_FAILED, "%s '%s' is %s: give a whole number from %d to %d", name, text,
            reason, least, most);
    return number;
}

/* A picosecond is a long step; strtod(3) takes blanks, signs, hexadecimal, "inf" and "nan". */
double option_time_step(const char *text)
{
    char *end = NULL;
    double step = strtod(text, &end);

    if (text[strspn(text, "0123456789.eE+-")] != '\0' || end == text || *end != '\0' ||
        !(step > 0 && step <= 1e6))
        die(STATUS_FAILED, "--time-step '%s': give picoseconds above 0, as 0.002", text);
    return step;
}
