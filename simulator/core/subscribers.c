/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "simulator/core/subscribers.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define IMSI_DIGITS_MIN 5
#define IMSI_DIGITS_MAX 15

static bool is_digits(const char *text)
{
    const size_t length = strlen(text);
    return length > 0 && length <= LIMIT_DIGITS && strspn(text, "0123456789") == length;
}

/* TS23.003-2.2: an IMSI has 15 digits at most; fewer than 5 do not name a network and a subscriber.
 */
static bool is_imsi(const char *text)
{
    const size_t length = strlen(text);
    return is_digits(text) && length >= IMSI_DIGITS_MIN && length <= IMSI_DIGITS_MAX;
}

/* Adds `n` to a decimal text in place; false when it would need another digit. */
static bool digits_add(char *digits, uint64_t n)
{
    for (size_t i = strlen(digits); i > 0 && n > 0; i--) {
        n += (uint64_t)(digits[i - 1] - '0');
        digits[i - 1] = (char)('0' + n % 10);
        n /= 10;
    }
    return n == 0;
}

enum p7_status subscribers_range(struct subscribers *subscribers, const char *msisdn_first,
                                 const char *imsi_first, uint32_t count)
{
    memset(subscribers, 0, sizeof(*subscribers));
    if (count == 0 || !is_digits(msisdn_first) || !is_imsi(imsi_first))
        return P7_RANGE;
    memcpy(subscribers->first.msisdn, msisdn_first, strlen(msisdn_first) + 1);
    memcpy(subscribers->first.imsi, imsi_first, strlen(imsi_first) + 1);
    struct subscriber last = subscribers->first;
    if (!digits_add(last.msisdn, count - 1) || !digits_add(last.imsi, count - 1))
        return P7_RANGE;
    subscribers->count = count;
    return P7_OK;
}

void subscribers_empty(struct subscribers *subscribers)
{
    memset(subscribers, 0, sizeof(*subscribers));
}

void subscribers_free(struct subscribers *subscribers)
{
    free(subscribers->list);
    subscribers_empty(subscribers);
}

/* Copies the cell at *at without surrounding blanks and moves behind its comma. */
static bool take_cell(const char **at, char *cell)
{
    const char *start = *at;
    while (*start == ' ' || *start == '\t')
        start++;
    const char *end = start + strcspn(start, ",\r\n");
    *at = *end == ',' ? end + 1 : end;
    while (end > start && (end[-1] == ' ' || end[-1] == '\t'))
        end--;
    const size_t length = (size_t)(end - start);
    if (length > LIMIT_DIGITS)
        return false;
    memcpy(cell, start, length);
    cell[length] = '\0';
    return true;
}

static bool grow(struct subscribers *subscribers)
{
    const uint32_t room = subscribers->list_room == 0 ? 1024 : subscribers->list_room * 2;
    struct subscriber *list = realloc(subscribers->list, (size_t)room * sizeof(*list));
    if (list == NULL)
        return false;
    subscribers->list = list;
    subscribers->list_room = room;
    return true;
}

enum p7_status subscribers_append(struct subscribers *subscribers, const char *line)
{
    struct subscriber entry = {.msisdn = ""};
    if (!take_cell(&line, entry.msisdn) || !take_cell(&line, entry.imsi))
        return P7_MALFORMED;
    if (entry.imsi[0] == '\0')
        memcpy(entry.imsi, entry.msisdn, sizeof(entry.imsi));
    if (!is_digits(entry.msisdn) || !is_imsi(entry.imsi))
        return P7_MALFORMED;
    if (subscribers->count == SUBSCRIBERS_LIST_MAX)
        return P7_FULL;
    if (subscribers->count == subscribers->list_room && !grow(subscribers))
        return P7_NO_MEMORY;
    subscribers->list[subscribers->count++] = entry;
    return P7_OK;
}

void subscribers_at(const struct subscribers *subscribers, uint32_t index,
                    struct subscriber *subscriber)
{
    if (subscribers->list != NULL) {
        *subscriber = subscribers->list[index];
        return;
    }
    *subscriber = subscribers->first;
    (void)digits_add(subscriber->msisdn, index);
    (void)digits_add(subscriber->imsi, index);
}
