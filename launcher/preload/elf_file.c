#include "launcher/preload/elf_file.h"

#include <elf.h>
#include <endian.h>
#include <link.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#ifndef EM_RISCV /* glibc 2.24 */
#define EM_RISCV 243
#endif

enum { MOST_HEADERS = 512 }; /* real programs have about a dozen */

#define COUNT(array) (unsigned)(sizeof(array) / sizeof(array)[0])

static bool read_at(int fd, off_t offset, void *to, size_t size)
{
    return offset >= 0 && pread(fd, to, size, offset) == (ssize_t)size;
}

static bool is_native(const struct elf_file *elf)
{
    return elf->file_class == (sizeof(void *) == 8 ? ELFCLASS64 : ELFCLASS32) &&
           elf->byte_order == (BYTE_ORDER == LITTLE_ENDIAN ? ELFDATA2LSB : ELFDATA2MSB);
}

/* e_machine is at the same place in both classes. */
static unsigned machine_of(const unsigned char *header, unsigned char byte_order)
{
    const unsigned char *at = header + offsetof(Elf32_Ehdr, e_machine);

    return byte_order == ELFDATA2MSB ? (unsigned)at[0] << 8 | at[1]
                                     : (unsigned)at[1] << 8 | at[0];
}

static bool read_interpreter(int fd, const ElfW(Phdr) * header, struct elf_file *elf)
{
    size_t size = header->p_filesz;

    if (size == 0 || size >= sizeof elf->interpreter ||
        !read_at(fd, (off_t)header->p_offset, elf->interpreter, size))
        return false;
    elf->interpreter[size] = '\0';
    return elf->interpreter[0] == '/';
}

/* Some at a time: most programs have fewer. Those behind PT_INTERP need not be there. */
static bool read_program_headers(int fd, const ElfW(Ehdr) * header, struct elf_file *elf)
{
    ElfW(Phdr) programs[16];
    ssize_t length = 0;

    if (header->e_phentsize != sizeof programs[0] || header->e_phnum > MOST_HEADERS ||
        (header->e_phnum > 0 && header->e_phoff > INT64_MAX / 2))
        return false;
    for (unsigned i = 0; i < header->e_phnum; i++) {
        unsigned at = i % COUNT(programs);

        if (at == 0)
            length = pread(fd, programs, sizeof programs,
                           (off_t)(header->e_phoff + i * sizeof programs[0]));
        if (length < (ssize_t)((at + 1) * sizeof programs[0]))
            return false;
        if (programs[at].p_type == PT_INTERP)
            return read_interpreter(fd, &programs[at], elf);
    }
    return true;
}

bool elf_file_read(int fd, struct elf_file *elf)
{
    ElfW(Ehdr) header;
    unsigned char bytes[sizeof(Elf32_Ehdr)];

    memset(elf, 0, sizeof *elf);
    if (!read_at(fd, 0, bytes, sizeof bytes) || memcmp(bytes, ELFMAG, SELFMAG) != 0)
        return false;
    elf->file_class = bytes[EI_CLASS];
    elf->byte_order = bytes[EI_DATA];
    elf->machine = machine_of(bytes, elf->byte_order);
    if (!is_native(elf))
        return true;
    return read_at(fd, 0, &header, sizeof header) && read_program_headers(fd, &header, elf);
}

bool elf_file_same_machine(const struct elf_file *a, const struct elf_file *b)
{
    return a->file_class == b->file_class && a->byte_order == b->byte_order &&
           a->machine == b->machine;
}

void elf_file_name_machine(const struct elf_file *elf, char *name)
{
    static const struct {
        unsigned machine;
        const char *name;
    } known[] = {
        {EM_386, "i386"},    {EM_X86_64, "x86-64"}, {EM_AARCH64, "aarch64"}, {EM_ARM, "ARM"},
        {EM_PPC64, "ppc64"}, {EM_RISCV, "RISC-V"},  {EM_S390, "s390"},
    };

    snprintf(name, 32, "ELF machine %u", elf->machine);
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (known[i].machine == elf->machine)
            snprintf(name, 32, "%s%s", known[i].name,
                     elf->machine == EM_X86_64 && elf->file_class == ELFCLASS32 ? " (x32)"
                                                                                : "");
}
