/* ELF files: real ones, damaged ones, and any bytes at all. */
#include "launcher/preload/elf_file.h"

#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/support/suite.h"

enum { IMAGE = 4096, MUTATIONS = 20000, SEED = 64 };

/* The beginning of a real program, for each test to damage. */
static union {
    ElfW(Ehdr) header;
    unsigned char bytes[IMAGE];
} image;

static int file;

static ElfW(Phdr) * program_header(unsigned type)
{
    ElfW(Phdr) *headers = (ElfW(Phdr) *)(void *)(image.bytes + image.header.e_phoff);

    for (unsigned i = 0; i < image.header.e_phnum; i++)
        if (headers[i].p_type == type)
            return &headers[i];
    ck_abort_msg("/bin/true has no program header of type %u", type);
    return NULL;
}

static void enter(void)
{
    int program = open("/bin/true", O_RDONLY | O_CLOEXEC);

    ck_assert_int_eq(read(program, &image, sizeof image), sizeof image);
    close(program);
    ck_assert_uint_lt(image.header.e_phoff +
                          image.header.e_phnum * (size_t)image.header.e_phentsize,
                      sizeof image);
    file = memfd_create("image", MFD_CLOEXEC);
    ck_assert_int_ge(file, 0);
}

static bool read_image(size_t length, struct elf_file *elf)
{
    ck_assert_int_eq(ftruncate(file, 0), 0);
    ck_assert_int_eq(pwrite(file, &image, length, 0), (ssize_t)length);
    memset(elf, 0xee, sizeof *elf);
    return elf_file_read(file, elf);
}

TEST_OPTIONS(.setup = enter, .timeout = 120);

TEST(a_real_program_has_its_interpreter)
{
    struct elf_file elf;
    ElfW(Phdr) *interpreter = program_header(PT_INTERP);

    ck_assert(read_image(sizeof image, &elf));
    ck_assert_uint_eq(elf.machine, image.header.e_machine);
    ck_assert_uint_eq(elf.file_class, sizeof(void *) == 8 ? ELFCLASS64 : ELFCLASS32);
    ck_assert_str_eq(elf.interpreter, (const char *)image.bytes + interpreter->p_offset);
}

/* Nothing that is not there is believed: it is read in full or it is damaged. */
TEST(a_program_cut_off_at_any_byte_is_damaged)
{
    ElfW(Phdr) *interpreter = program_header(PT_INTERP);
    size_t needed = interpreter->p_offset + interpreter->p_filesz;
    struct elf_file elf;

    for (size_t length = 0; length < needed; length++)
        ck_assert_msg(!read_image(length, &elf), "taken with %zu bytes", length);
    ck_assert(read_image(needed, &elf));
}

TEST(what_is_no_elf_file_is_refused)
{
    const char *const texts[] = {"", "#!/bin/sh\n", "\177EL", "\177ELf", "MZ", "ELF\177"};
    struct elf_file elf;

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        memset(&image, 0, sizeof image);
        strcpy((char *)image.bytes, texts[i]);
        ck_assert(!read_image(sizeof image, &elf));
        ck_assert(!read_image(strlen(texts[i]), &elf));
    }
    ck_assert(!elf_file_read(-1, &elf));
}

TEST(directories_pipes_and_terminals_are_refused)
{
    struct elf_file elf;
    int ends[2], directory = open("/", O_RDONLY | O_DIRECTORY);

    ck_assert_int_eq(pipe(ends), 0);
    ck_assert(!elf_file_read(directory, &elf));
    ck_assert(!elf_file_read(ends[0], &elf));
}

TEST(the_file_offset_is_left_alone)
{
    struct elf_file elf;

    read_image(sizeof image, &elf);
    ck_assert_int_eq(lseek(file, 17, SEEK_SET), 17);
    ck_assert(elf_file_read(file, &elf));
    ck_assert_int_eq(lseek(file, 0, SEEK_CUR), 17);
}

TEST(a_program_without_an_interpreter_is_static)
{
    struct elf_file elf;

    program_header(PT_INTERP)->p_type = PT_NULL;
    ck_assert(read_image(sizeof image, &elf));
    ck_assert_str_eq(elf.interpreter, "");
    image.header.e_phnum = 0;
    ck_assert(read_image(sizeof image, &elf));
    ck_assert_str_eq(elf.interpreter, "");
}

/* The program headers of a stranger's file are not where ours would be. */
TEST(a_file_of_another_class_or_byte_order_has_only_its_machine)
{
    struct elf_file elf;

    image.header.e_ident[EI_CLASS] ^= ELFCLASS32 ^ ELFCLASS64;
    ck_assert(read_image(sizeof(Elf32_Ehdr), &elf));
    ck_assert_str_eq(elf.interpreter, "");
    ck_assert_uint_eq(elf.machine, image.header.e_machine);
    enter();
    image.header.e_ident[EI_DATA] ^= ELFDATA2LSB ^ ELFDATA2MSB;
    image.header.e_machine = 0x1516;
    ck_assert(read_image(sizeof image, &elf));
    ck_assert_uint_eq(elf.machine, 0x1615);
    ck_assert_str_eq(elf.interpreter, "");
}

TEST(program_headers_that_cannot_be_are_damage)
{
    const ElfW(Off)
        offsets[] = {sizeof image, (ElfW(Off)) - 1, (ElfW(Off)) - sizeof(ElfW(Phdr)),
                     ((ElfW(Off)) - 1) / 2, ((ElfW(Off)) - 1) / 2 + 1};
    struct elf_file elf;

    for (size_t i = 0; i < sizeof offsets / sizeof offsets[0]; i++) {
        image.header.e_phoff = offsets[i];
        ck_assert(!read_image(sizeof image, &elf));
    }
    enter();
    image.header.e_phnum = PN_XNUM;
    ck_assert(!read_image(sizeof image, &elf));
    enter();
    image.header.e_phentsize--;
    ck_assert(!read_image(sizeof image, &elf));
}

TEST(an_interpreter_that_cannot_be_is_damage)
{
    const ElfW(Off) offsets[] = {sizeof image, (ElfW(Off)) - 1, ((ElfW(Off)) - 1) / 2 + 1};
    const ElfW(Xword) sizes[] = {0, 256, 4096, (ElfW(Xword)) - 1};
    ElfW(Phdr) *header = program_header(PT_INTERP);
    ElfW(Phdr) original = *header;
    struct elf_file elf;

    for (size_t i = 0; i < sizeof offsets / sizeof offsets[0]; i++) {
        *header = original;
        header->p_offset = offsets[i];
        ck_assert(!read_image(sizeof image, &elf));
    }
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        *header = original;
        header->p_filesz = sizes[i];
        ck_assert(!read_image(sizeof image, &elf));
    }
    *header = original;
    image.bytes[header->p_offset] = 'x'; /* no absolute path */
    ck_assert(!read_image(sizeof image, &elf));
}

TEST(the_longest_interpreter_is_whole)
{
    ElfW(Phdr) *header = program_header(PT_INTERP);
    struct elf_file elf;

    header->p_offset = IMAGE - 255;
    header->p_filesz = 255;
    memset(image.bytes + header->p_offset, '/', 255); /* and no NUL */
    ck_assert(read_image(sizeof image, &elf));
    ck_assert_uint_eq(strnlen(elf.interpreter, sizeof elf.interpreter), 255);
}

TEST(no_mutated_program_does_harm)
{
    unsigned short state[3] = {SEED, 0, 0};
    unsigned accepted = 0;
    struct elf_file elf;

    printf("seed %d\n", SEED); /* said in the log of a run that crashes */
    for (int i = 0; i < MUTATIONS; i++) {
        enter();
        for (long count = 1 + nrand48(state) % 8; count > 0; count--)
            image.bytes[(size_t)nrand48(state) % 1024] =
                (unsigned char)(nrand48(state) % 2 ? nrand48(state) : 0xff);
        if (read_image((size_t)nrand48(state) % 4 ? sizeof image
                                                  : (size_t)nrand48(state) % sizeof image,
                       &elf)) {
            ck_assert_uint_lt(strnlen(elf.interpreter, sizeof elf.interpreter),
                              sizeof elf.interpreter);
            ck_assert(elf.interpreter[0] == '\0' || elf.interpreter[0] == '/');
            accepted++;
        }
        close(file);
    }
    ck_assert_uint_gt(accepted, MUTATIONS / 10);
    ck_assert_uint_lt(accepted, MUTATIONS);
}

TEST(machines_are_the_same_in_class_order_and_number)
{
    const struct elf_file ours = {ELFCLASS64, ELFDATA2LSB, EM_X86_64, ""};
    struct elf_file other = {ELFCLASS64, ELFDATA2LSB, EM_X86_64, "/lib/ld.so"};

    ck_assert(elf_file_same_machine(&ours, &other));
    other.machine = EM_AARCH64;
    ck_assert(!elf_file_same_machine(&ours, &other));
    other = ours;
    other.file_class = ELFCLASS32;
    ck_assert(!elf_file_same_machine(&ours, &other));
    other = ours;
    other.byte_order = ELFDATA2MSB;
    ck_assert(!elf_file_same_machine(&ours, &other));
}

TEST(machines_have_names)
{
    const struct {
        struct elf_file elf;
        const char *name;
    } machines[] = {
        {{ELFCLASS64, ELFDATA2LSB, EM_X86_64, ""}, "x86-64"},
        {{ELFCLASS32, ELFDATA2LSB, EM_X86_64, ""}, "x86-64 (x32)"},
        {{ELFCLASS64, ELFDATA2LSB, EM_AARCH64, ""}, "aarch64"},
        {{ELFCLASS32, ELFDATA2LSB, EM_386, ""}, "i386"},
        {{ELFCLASS64, ELFDATA2LSB, 65535, ""}, "ELF machine 65535"},
    };
    char name[32];

    for (size_t i = 0; i < sizeof machines / sizeof machines[0]; i++) {
        elf_file_name_machine(&machines[i].elf, name);
        ck_assert_str_eq(name, machines[i].name);
    }
}
