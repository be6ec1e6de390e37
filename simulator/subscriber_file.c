/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "simulator/subscriber_file.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void tell_line(char *error, size_t error_octets, const char *path, unsigned long line,
                      const struct subscribers_problem *problem)
{
    char column[32] = "";
    if (problem->column != 0)
        (void)snprintf(column, sizeof(column), ", column %u", problem->column);
    (void)snprintf(error, error_octets, "subscribers csv %s, line %lu%s: %s", path, line, column,
                   problem->text);
}

enum p7_status subscriber_file_load(struct subscribers *subscribers, const char *path, char *error,
                                    size_t error_octets)
{
    struct subscribers_problem problem;
    enum p7_status status = P7_OK;
    unsigned long number = 0;
    char *line = NULL;
    size_t room = 0;
    subscribers_empty(subscribers);
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        (void)snprintf(error, error_octets, "subscribers csv %s: %s", path, strerror(errno));
        return P7_SYSTEM;
    }
    while (status == P7_OK && getline(&line, &room, file) != -1) {
        number++;
        status = subscribers_append(subscribers, line, &problem);
    }
    const bool failed = ferror(file) != 0;
    free(line);
    (void)fclose(file);
    if (status != P7_OK) {
        tell_line(error, error_octets, path, number, &problem);
    } else if (failed) {
        (void)snprintf(error, error_octets, "subscribers csv %s: it could not be read whole", path);
        status = P7_SYSTEM;
    } else if (subscribers->count == 0) {
        (void)snprintf(error, error_octets,
                       "subscribers csv %s: no subscriber; write a header with the column msisdn, "
                       "and a line for each",
                       path);
        status = P7_MISSING;
    }
    return status;
}
