/*
 * What an ELF file says of how it is loaded: elf(5). Takes any file; reads no more of it than
 * the ELF header, the program headers and the interpreter's name.
 */
#ifndef IMDSHIM_LAUNCHER_PRELOAD_ELF_FILE_H
#define IMDSHIM_LAUNCHER_PRELOAD_ELF_FILE_H

#include <stdbool.h>

struct elf_file {
    unsigned char file_class; /* ELFCLASS32, ELFCLASS64 */
    unsigned char byte_order; /* ELFDATA2LSB, ELFDATA2MSB */
    unsigned machine;         /* EM_X86_64 and so on */
    char interpreter[256];    /* the dynamic linker; "" in a static program */
};

/*
 * False if it is no ELF file or is damaged. The interpreter is looked for only in files of this
 * machine's own class and byte order.
 */
bool elf_file_read(int fd, struct elf_file *elf);

/* Could one be mapped into the other's process? */
bool elf_file_same_machine(const struct elf_file *a, const struct elf_file *b);

/* "x86-64", or "ELF machine 243". At least 32 bytes. */
void elf_file_name_machine(const struct elf_file *elf, char *name);

#endif
