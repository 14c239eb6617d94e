#include "launcher/environment.h"

#include <err.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "launcher/status.h"

static bool names(const struct variable *variable, const char *entry)
{
    size_t length = strlen(variable->name);

    return strncmp(entry, variable->name, length) == 0 && entry[length] == '=';
}

static bool is_replaced(const char *entry, const struct variable *variables, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (names(&variables[i], entry))
            return true;
    return false;
}

char **environment_with(char *const *base, const struct variable *variables, size_t count)
{
    size_t length = 0, kept = 0;
    char **result;

    while (base[length] != NULL)
        length++;
    result = calloc(length + count + 1, sizeof *result);
    if (result == NULL)
        err(STATUS_FAILED, "environment");
    for (size_t i = 0; i < length; i++)
        if (!is_replaced(base[i], variables, count))
            result[kept++] = base[i];
    for (size_t i = 0; i < count; i++)
        if (variables[i].value != NULL &&
            asprintf(&result[kept++], "%s=%s", variables[i].name, variables[i].value) < 0)
            err(STATUS_FAILED, "environment");
    return result;
}
