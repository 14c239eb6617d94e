#include "launcher/base/environment.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "launcher/base/say.h"
#include "launcher/base/status.h"

static bool names(const struct variable *variable, const char *entry)
{
    const char *name = variable->name;

    for (; *name != '\0' && *name == *entry; name++)
        entry++;
    return *name == '\0' && *entry == '=';
}

static bool is_replaced(const char *entry, const struct variable *variables, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (names(&variables[i], entry))
            return true;
    return false;
}

/* Bytes of "NAME=VALUE" and its NUL, 0 for a variable that is removed. */
static size_t size_of(const struct variable *variable)
{
    return variable->value == NULL ? 0 : strlen(variable->name) + strlen(variable->value) + 2;
}

/* The strings of the new variables stand behind the pointers, in one block. */
static char **allocate(size_t pointers, const struct variable *variables, size_t count)
{
    size_t size = pointers * sizeof(char *);
    char **block;

    for (size_t i = 0; i < count; i++)
        size += size_of(&variables[i]);
    block = calloc(1, size);
    if (block == NULL)
        die_error(STATUS_FAILED, errno, "environment");
    return block;
}

char **environment_with(char *const *base, const struct variable *variables, size_t count)
{
    size_t length = 0, kept = 0;
    char **result, *text;

    while (base[length] != NULL)
        length++;
    result = allocate(length + count + 1, variables, count);
    text = (char *)(result + length + count + 1);
    for (size_t i = 0; i < length; i++)
        if (!is_replaced(base[i], variables, count))
            result[kept++] = base[i];
    for (size_t i = 0; i < count; i++)
        if (variables[i].value != NULL) {
            snprintf(text, size_of(&variables[i]), "%s=%s", variables[i].name,
                     variables[i].value);
            result[kept++] = text;
            text += size_of(&variables[i]);
        }
    return result;
}
