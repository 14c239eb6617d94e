#include "shim/kernel/module.h"

#include <link.h>
#include <string.h>

#include "shim/kernel/process.h"
#include "shim/wire/sys.h"

enum { CHUNK = 256 }; /* bytes of maps read at once; on the stack, perhaps a signal's */

void module_scan_begin(struct module_scan *scan, const void *address)
{
    memset(scan, 0, sizeof *scan);
    scan->address = (uintptr_t)address;
}

static uintptr_t hex_digit(char c)
{
    return (uintptr_t)(c <= '9' ? c - '0' : (c | ' ') - 'a' + 10);
}

/* The base name is what follows the last slash, so each slash starts it again. */
static void scan_path(struct module_scan *scan, char c)
{
    if (c == '/')
        scan->length = 0;
    else if (scan->length < NAME_SIZE - 1)
        scan->name[scan->length++] = c;
}

static bool scan_line_end(struct module_scan *scan)
{
    scan->name[scan->length] = '\0';
    if (scan->bound[0] <= scan->address && scan->address < scan->bound[1])
        return true;
    module_scan_begin(scan, (const void *)scan->address);
    return false;
}

/* "START-END PERMISSIONS OFFSET DEVICE INODE    /PATH", proc(5). */
static bool scan_char(struct module_scan *scan, char c)
{
    if (c == '\n')
        return scan_line_end(scan);
    if (scan->field == SCAN_START && c == '-')
        scan->field = SCAN_END;
    else if (scan->field == SCAN_END && c == ' ')
        scan->field = SCAN_MIDDLE;
    else if (scan->field == SCAN_START || scan->field == SCAN_END)
        scan->bound[scan->field] = scan->bound[scan->field] << 4 | hex_digit(c);
    else if (scan->field == SCAN_PATH || c == '/') {
        scan->field = SCAN_PATH;
        scan_path(scan, c);
    }
    return false;
}

bool module_scan_feed(struct module_scan *scan, const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (scan_char(scan, text[i]))
            return true;
    return false;
}

void module_find(const void *address, char name[NAME_SIZE])
{
    struct module_scan scan;
    char text[CHUNK];
    ssize_t length;
    bool found = false;
    BLOCK_SIGNALS;
    int fd = process_open("maps");

    module_scan_begin(&scan, address);
    while (!found && fd >= 0 && (length = sys_read(fd, text, sizeof text)) > 0)
        found = module_scan_feed(&scan, text, (size_t)length);
    if (fd >= 0)
        sys_close(fd);
    if (!found)
        scan.name[0] = '\0';
    memcpy(name, scan.name, NAME_SIZE);
    process_strip_deleted(name);
}

struct wanted {
    bool (*test)(const char *name);
    char *name;
};

/* The program itself has no name here. */
static int visit(struct dl_phdr_info *module, size_t size, void *data)
{
    const struct wanted *wanted = data;
    const char *path = module->dlpi_name != NULL ? module->dlpi_name : "";
    const char *slash = strrchr(path, '/'), *name = slash != NULL ? slash + 1 : path;
    size_t length = strlen(name);

    (void)size;
    if (length >= NAME_SIZE || !wanted->test(name))
        return 0;
    memcpy(wanted->name, name, length + 1);
    return 1;
}

bool module_find_loaded(bool (*test)(const char *name), char name[NAME_SIZE])
{
    struct wanted wanted = {test, name};

    name[0] = '\0';
    return dl_iterate_phdr(visit, &wanted) != 0;
}
