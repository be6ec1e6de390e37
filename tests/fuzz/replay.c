/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * replay - runs a fuzz target over every file of its corpus folder, and over every prefix of each,
 * without libFuzzer: so each corpus is a regression test under any compiler. Fails on an empty one.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define REPLAY_FILE_OCTETS_MAX 65536
/* Prefixes of a longer file are taken in steps, to keep the time bounded. */
#define REPLAY_PREFIXES_MAX 1024

static int replay_bytes(const uint8_t *data, size_t size)
{
    /* An exact heap copy lets the address sanitizer see a read one octet past the end. */
    uint8_t *copy = malloc(size == 0 ? 1 : size);
    if (copy == NULL)
        return 1;
    memcpy(copy, data, size);
    (void)LLVMFuzzerTestOneInput(copy, size);
    free(copy);
    return 0;
}

static int replay_file(const char *folder, const char *name)
{
    static uint8_t buffer[REPLAY_FILE_OCTETS_MAX];
    char path[4096];
    (void)snprintf(path, sizeof(path), "%s/%s", folder, name);
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        perror(path);
        return 1;
    }
    const size_t size = fread(buffer, 1, sizeof(buffer), file);
    (void)fclose(file);
    const size_t step = size / REPLAY_PREFIXES_MAX + 1;
    int failed = replay_bytes(buffer, size);
    for (size_t length = 0; length < size && !failed; length += step)
        failed = replay_bytes(buffer, length);
    return failed;
}

int main(int argc, char **argv)
{
    unsigned files = 0;
    if (argc != 2) {
        (void)fprintf(stderr, "usage: %s CORPUS_FOLDER\n", argv[0]);
        return 2;
    }
    DIR *folder = opendir(argv[1]);
    if (folder == NULL) {
        perror(argv[1]);
        return 1;
    }
    for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        if (entry->d_name[0] == '.')
            continue;
        if (replay_file(argv[1], entry->d_name) != 0)
            return 1;
        files++;
    }
    (void)closedir(folder);
    (void)printf("%s: %u files and their prefixes replayed\n", argv[1], files);
    return files > 0 ? 0 : 1;
}
