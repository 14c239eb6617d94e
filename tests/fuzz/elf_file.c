/*
 * The reader of ELF files: any file, and what another reader makes of it.
 */
#include "launcher/preload/elf_file.h"

#include <elf.h>
#include <link.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/fuzz/support/fuzz.h"

enum { MOST_HEADERS = 512, NAME = 32 };

#ifdef __LP64__
enum { NATIVE_CLASS = ELFCLASS64 };
#else
enum { NATIVE_CLASS = ELFCLASS32 };
#endif
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
enum { NATIVE_ORDER = ELFDATA2LSB };
#else
enum { NATIVE_ORDER = ELFDATA2MSB };
#endif

static bool is_inside(uint64_t offset, uint64_t length, size_t size)
{
    return offset <= size && length <= size - offset;
}

/* The file is in memory here; the headers may lie anywhere in it, aligned or not. */
static bool find_interpreter(const uint8_t *bytes, size_t size, struct elf_file *elf)
{
    ElfW(Ehdr) header;
    ElfW(Phdr) program;

    if (size < sizeof header)
        return false;
    memcpy(&header, bytes, sizeof header);
    if (header.e_phentsize != sizeof program || header.e_phnum > MOST_HEADERS)
        return false;
    for (size_t i = 0; i < header.e_phnum; i++) {
        if (header.e_phoff > size ||
            !is_inside(header.e_phoff + i * sizeof program, sizeof program, size))
            return false;
        memcpy(&program, bytes + header.e_phoff + i * sizeof program, sizeof program);
        if (program.p_type != PT_INTERP)
            continue;
        if (program.p_filesz == 0 || program.p_filesz >= sizeof elf->interpreter ||
            !is_inside(program.p_offset, program.p_filesz, size))
            return false;
        memcpy(elf->interpreter, bytes + program.p_offset, program.p_filesz);
        return elf->interpreter[0] == '/';
    }
    return true;
}

static bool expect(const uint8_t *bytes, size_t size, struct elf_file *elf)
{
    bool big = size > EI_DATA && bytes[EI_DATA] == ELFDATA2MSB;
    const uint8_t *machine = bytes + offsetof(Elf32_Ehdr, e_machine);

    memset(elf, 0, sizeof *elf);
    if (size < sizeof(Elf32_Ehdr) || memcmp(bytes, "\177ELF", 4) != 0)
        return false;
    elf->file_class = bytes[EI_CLASS];
    elf->byte_order = bytes[EI_DATA];
    elf->machine = big ? machine[0] * 256U + machine[1] : machine[1] * 256U + machine[0];
    return elf->file_class != NATIVE_CLASS || elf->byte_order != NATIVE_ORDER ||
           find_interpreter(bytes, size, elf);
}

static void demand_named(const struct elf_file *elf)
{
    char *name = malloc(NAME);

    elf_file_name_machine(elf, name);
    DEMAND(memchr(name, '\0', NAME) != NULL && name[0] != '\0' && is_printable(name));
    free(name);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static int fd = -1;
    struct elf_file expected, elf;
    bool understood;

    if (fd < 0)
        fd = memfd_create("elf", MFD_CLOEXEC);
    DEMAND(ftruncate(fd, 0) == 0 && pwrite(fd, bytes, size, 0) == (ssize_t)size);
    understood = elf_file_read(fd, &elf);
    DEMAND(understood == expect(bytes, size, &expected));
    if (!understood)
        return 0;
    DEMAND(elf.file_class == expected.file_class && elf.byte_order == expected.byte_order);
    DEMAND(elf.machine == expected.machine && elf_file_same_machine(&elf, &expected));
    DEMAND(IS_STRING(elf.interpreter));
    DEMAND(strcmp(elf.interpreter, expected.interpreter) == 0);
    demand_named(&elf);
    return 0;
}
