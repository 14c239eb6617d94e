/*
 * A fuzz target without a fuzzer: every file of its corpus, then mutations of them, the same in
 * each run.
 *
 * usage: TARGET COUNT DIRECTORY...      that many mutations of the files in the directories
 *
 * Prints a row as tests/faults/run.sh has it. The target runs in a process of its own. If that
 * dies, takes longer than SECONDS for one input or leaks memory, the row counts one failure,
 * the input is kept as crash-replay in the working directory, and the status is 1.
 */
#include <dirent.h>
#include <err.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/fuzz/support/fuzz.h"

enum { MOST_FILES = 1024, MOST_BYTES = 4096, MOST_CHANGES = 6, SECONDS = 30 };

struct bytes {
    size_t size;
    uint8_t bytes[MOST_BYTES];
};

/* In memory that both processes see: what was tried when one of them died. */
static struct {
    unsigned long tried;
    struct bytes input;
} * shared;

static struct bytes *files;
static size_t file_count;

static void read_file(const char *directory, const char *name)
{
    struct bytes *file = &files[file_count];
    char path[PATH_MAX];
    ssize_t length;
    int fd;

    snprintf(path, sizeof path, "%s/%s", directory, name);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    length = fd >= 0 ? read(fd, file->bytes, MOST_BYTES) : -1;
    if (length < 0 || file_count + 1 == MOST_FILES)
        errx(2, "%s cannot be read, or is one file too many", path);
    file->size = (size_t)length;
    close(fd);
    file_count++;
}

/* In the order of their names: readdir(3)'s is another on each file system. */
static void read_files(const char *directory)
{
    struct dirent **entries;
    int count = scandir(directory, &entries, NULL, alphasort);

    for (int i = 0; i < count; i++) {
        if (entries[i]->d_name[0] != '.')
            read_file(directory, entries[i]->d_name);
        free(entries[i]);
    }
    if (count >= 0)
        free(entries);
}

static uint32_t next_random(void)
{
    static uint64_t state = 20240229;

    state = state * 6364136223846793005U + 1442695040888963407U;
    return (uint32_t)(state >> 33);
}

static size_t random_below(size_t most)
{
    return most > 0 ? next_random() % most : 0;
}

/* Part of another file, or of the same, put over what is there or into it. */
static void copy_part(struct bytes *to, const struct bytes *from, bool insert)
{
    size_t start = random_below(from->size), at = random_below(to->size + 1);
    size_t length = random_below(from->size - start + 1), room = MOST_BYTES - at;

    if (length > room)
        length = room;
    if (insert && to->size + length <= MOST_BYTES) {
        memmove(to->bytes + at + length, to->bytes + at, to->size - at);
        to->size += length;
    }
    memmove(to->bytes + at, from->bytes + start, length);
    if (to->size < at + length)
        to->size = at + length;
}

static void remove_part(struct bytes *bytes)
{
    size_t at = random_below(bytes->size), length = random_below(bytes->size - at + 1);

    memmove(bytes->bytes + at, bytes->bytes + at + length, bytes->size - at - length);
    bytes->size -= length;
}

static void change_byte(struct bytes *bytes)
{
    static const uint8_t telling[] = {0,   1,   0x7f, 0x80, 0xff, '\n',
                                      ' ', ':', '=',  '%',  '[',  '9'};
    uint8_t *byte = &bytes->bytes[random_below(bytes->size)];

    switch (random_below(3)) {
    case 0:
        *byte ^= (uint8_t)(1U << random_below(8));
        break;
    case 1:
        *byte = (uint8_t)next_random();
        break;
    default:
        *byte = telling[random_below(sizeof telling)];
    }
}

static void mutate(struct bytes *bytes)
{
    for (size_t changes = 1 + random_below(MOST_CHANGES); changes > 0; changes--)
        switch (random_below(8)) {
        case 0:
            copy_part(bytes, &files[random_below(file_count)], random_below(2) == 0);
            break;
        case 1:
            remove_part(bytes);
            break;
        default:
            change_byte(bytes);
        }
}

static void try(void)
{
    struct bytes *input = &shared->input;
    uint8_t *block = fuzz_block(input->bytes, input->size);

    alarm(SECONDS);
    LLVMFuzzerTestOneInput(block, input->size);
    free(block);
    shared->tried++;
}

static void try_all(unsigned long mutations)
{
    for (size_t i = 0; i < file_count; i++) {
        shared->input = files[i];
        try();
    }
    for (; mutations > 0; mutations--) {
        shared->input = files[random_below(file_count)];
        mutate(&shared->input);
        try();
    }
    alarm(0);
}

static bool try_all_apart(unsigned long mutations)
{
    int status = -1;
    pid_t pid = fork();

    if (pid < 0)
        err(2, "fork");
    if (pid == 0) {
        try_all(mutations);
        free(files);
        files = NULL;
        exit(EXIT_SUCCESS);
    }
    return waitpid(pid, &status, 0) == pid && status == 0;
}

static void keep_input(void)
{
    int fd = open("crash-replay", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);

    if (fd < 0 || write(fd, shared->input.bytes, shared->input.size) < 0)
        warn("crash-replay cannot be written");
    if (fd >= 0)
        close(fd);
}

int main(int argc, char **argv)
{
    const char *name = strrchr(argv[0], '/') != NULL ? strrchr(argv[0], '/') + 1 : argv[0];
    bool fine;

    files = calloc(MOST_FILES, sizeof *files);
    shared =
        mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (files == NULL || shared == MAP_FAILED)
        err(2, "memory");
    for (int i = 2; i < argc; i++)
        read_files(argv[i]);
    if (file_count == 0)
        errx(2, "usage: %s COUNT DIRECTORY...: there is no file in it", name);
    fine = try_all_apart(strtoul(argv[1], NULL, 10));
    if (!fine)
        keep_input();
    printf("== fuzzing again, %s: %lu tried, %d failed; %zu files in the corpus%s\n", name,
           shared->tried + !fine, !fine, file_count, fine ? "" : ", see crash-replay");
    free(files);
    munmap(shared, sizeof *shared);
    return fine ? EXIT_SUCCESS : EXIT_FAILURE;
}
