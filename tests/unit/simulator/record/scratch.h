/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* scratch - a directory for one test that is gone afterwards, and the text of a file in it. */
#ifndef TESTS_UNIT_SIMULATOR_RECORD_SCRATCH_H
#define TESTS_UNIT_SIMULATOR_RECORD_SCRATCH_H

#include <CUnit/CUnit.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct scratch {
    char path[256];
    char text[65536];
};

static inline void scratch_create(struct scratch *scratch)
{
    (void)snprintf(scratch->path, sizeof(scratch->path), "/tmp/pulse7-record-XXXXXX");
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(scratch->path));
}

static inline int scratch_remove_one(const char *path, const struct stat *info, int type,
                                     struct FTW *where)
{
    (void)info;
    (void)type;
    (void)where;
    return remove(path);
}

static inline void scratch_remove_tree(const char *path)
{
    (void)nftw(path, scratch_remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* The file's content, "" when there is none. */
static inline const char *scratch_read(struct scratch *scratch, const char *file)
{
    char path[1024];
    (void)snprintf(path, sizeof(path), "%s/%s", scratch->path, file);
    FILE *in = fopen(path, "re");
    size_t n = 0;
    if (in != NULL) {
        n = fread(scratch->text, 1, sizeof(scratch->text) - 1, in);
        (void)fclose(in);
    }
    scratch->text[n] = '\0';
    return scratch->text;
}

static inline void scratch_write(struct scratch *scratch, const char *file, const char *text)
{
    char path[1024];
    (void)snprintf(path, sizeof(path), "%s/%s", scratch->path, file);
    FILE *out = fopen(path, "we");
    CU_ASSERT_PTR_NOT_NULL_FATAL(out);
    CU_ASSERT(fputs(text, out) >= 0);
    CU_ASSERT_EQUAL(fclose(out), 0);
}

#endif
