/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * subscribers - whom the simulated network places calls for: a range of consecutive numbers, or a
 * list that the program read from a CSV file. Number `index` always has the same digits, so a run
 * can be repeated.
 */
#ifndef SIMULATOR_CORE_SUBSCRIBERS_H
#define SIMULATOR_CORE_SUBSCRIBERS_H

#include <stdint.h>

#include "sigtran/base/limits.h"
#include "sigtran/base/status.h"

/* A million subscribers of a list take 66 MB; more than any published test used. */
#define SUBSCRIBERS_LIST_MAX 10000000u

struct subscriber {
    char msisdn[LIMIT_DIGITS + 1];
    char imsi[LIMIT_DIGITS + 1];
};

struct subscribers {
    uint32_t count;
    struct subscriber first; /* of the range */
    struct subscriber *list; /* NULL for a range */
    uint32_t list_room;
};

/*
 * A range of `count` subscribers that begins with these digits; both numbers count up together and
 * keep their length. P7_RANGE when count is 0, a text holds another character than 0-9, or the last
 * number would be longer than the first.
 */
enum p7_status subscribers_range(struct subscribers *subscribers, const char *msisdn_first,
                                 const char *imsi_first, uint32_t count) P7_MUST_CHECK;

/* An empty list, to be filled by subscribers_append. */
void subscribers_empty(struct subscribers *subscribers);
void subscribers_free(struct subscribers *subscribers);

/* Adds one line of a CSV file, `msisdn,imsi` (blanks around are dropped; the IMSI may be absent and
 * is then made of the MSISDN). P7_MALFORMED for anything else, P7_FULL at SUBSCRIBERS_LIST_MAX. */
enum p7_status subscribers_append(struct subscribers *subscribers, const char *line) P7_MUST_CHECK;

/* Subscriber `index` (below count) as digits. */
void subscribers_at(const struct subscribers *subscribers, uint32_t index,
                    struct subscriber *subscriber);

#endif
