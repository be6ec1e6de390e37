/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "simulator/report/operands.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "simulator/record/run_directory.h"
#include "simulator/report/report_table.h"

#define CAMPAIGN_RUN_PREFIX "load-"

static enum p7_status append(struct operands *operands, const char *path)
{
    if (operands->count == OPERANDS_MAX)
        return P7_FULL;
    operands->path =
        report_allocate(operands->path, (operands->count + 1) * sizeof(operands->path[0]));
    const size_t octets = strlen(path) + 1;
    char *copy = report_allocate(NULL, octets);
    memcpy(copy, path, octets);
    operands->path[operands->count++] = copy;
    return P7_OK;
}

static bool has_result(const char *directory)
{
    char path[RUN_PATH_OCTETS];
    return run_directory_file(directory, RUN_FILE_JSON, path, sizeof(path)) == P7_OK &&
           access(path, F_OK) == 0;
}

static int is_campaign_run(const struct dirent *entry)
{
    return strncmp(entry->d_name, CAMPAIGN_RUN_PREFIX, strlen(CAMPAIGN_RUN_PREFIX)) == 0;
}

static enum p7_status append_below(struct operands *operands, const char *directory,
                                   struct dirent *const *entries, int count)
{
    enum p7_status status = P7_OK;
    for (int i = 0; i < count && status == P7_OK; i++) {
        char path[RUN_PATH_OCTETS];
        status = run_directory_file(directory, entries[i]->d_name, path, sizeof(path));
        if (status != P7_OK)
            return P7_RANGE;
        if (has_result(path))
            status = append(operands, path);
        else
            (void)fprintf(stderr, "pulse7-report: %s has no %s, the run never ended: left out\n",
                          path, RUN_FILE_JSON);
    }
    return status;
}

enum p7_status operands_add(struct operands *operands, const char *word)
{
    const size_t before = operands->count;
    struct dirent **entries = NULL;
    enum p7_status status = P7_OK;
    const int count = has_result(word) ? 0 : scandir(word, &entries, is_campaign_run, alphasort);
    if (count > 0)
        status = append_below(operands, word, entries, count);
    for (int i = 0; i < count; i++)
        free(entries[i]);
    free(entries);
    if (status == P7_OK && operands->count == before)
        status = append(operands, word);
    return status;
}

void operands_free(struct operands *operands)
{
    for (size_t i = 0; i < operands->count; i++)
        free(operands->path[i]);
    free(operands->path);
    *operands = (struct operands){0};
}
