/*
 * Which module holds an address: the text of /proc/self/maps, with files of any names in it, in
 * any pieces.
 *
 * The input is the address in eight bytes, and the text.
 */
#include "shim/kernel/module.h"

#include "tests/fuzz/support/fuzz.h"

static bool scan_text(struct module_scan *scan, uint64_t address, const struct input *text,
                      unsigned seed, size_t most)
{
    bool found = false;

    module_scan_begin(scan, (const void *)(uintptr_t)address);
    for (size_t at = 0, length; at < text->left && !found; at += length) {
        char *piece;

        length = next_piece(&seed, most, text->left - at);
        piece = fuzz_block(text->at + at, length);
        found = module_scan_feed(scan, piece, length);
        free(piece);
    }
    return found;
}

/* What stands behind the last slash of a line. */
static bool ends_line(const struct input *text, const char *name)
{
    size_t length = strlen(name);
    const uint8_t *at = text->at, *end = at + text->left;

    for (; (at = memmem(at, (size_t)(end - at), name, length)) != NULL; at++)
        if (at > text->at && at[-1] == '/' &&
            (length == NAME_SIZE - 1 || at[length] == '\n' || at[length] == '\0'))
            return true;
    return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct input input = {bytes, size};
    uint64_t address = take_number(&input, 8);
    unsigned seed = (unsigned)address;
    struct module_scan whole, parts;
    bool found = scan_text(&whole, address, &input, seed, input.left + 1);

    DEMAND(scan_text(&parts, address, &input, seed, 1 + seed % 40) == found);
    if (!found)
        return 0;
    DEMAND(IS_STRING(whole.name));
    DEMAND(strcmp(parts.name, whole.name) == 0);
    DEMAND(strchr(whole.name, '/') == NULL && strchr(whole.name, '\n') == NULL);
    DEMAND(whole.name[0] == '\0' || ends_line(&input, whole.name));
    return 0;
}
