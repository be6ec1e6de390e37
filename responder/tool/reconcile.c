/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "responder/tool/reconcile.h"

#include <stdlib.h>
#include <string.h>

#define LIST_FIRST 4096u
#define FLAG_BITS  2

struct request {
    uint64_t key[2];
    uint64_t number_flags; /* its number * 4, and RECONCILE_... */
};

struct charge {
    uint64_t key[2];
    uint64_t index;
    uint64_t amount;
};
_Static_assert(sizeof(struct request) == 24 && sizeof(struct charge) == 32,
               "the header promises how much memory it takes");

struct reconcile {
    struct request *request;
    size_t request_count;
    size_t request_room;
    uint64_t requests; /* without those that are a further word */
    bool sorted;
    struct charge *charge;
    size_t charge_count;
    size_t charge_room;
    uint64_t settlements;
    uint64_t sum_charges;
    uint64_t sum_settled;
    bool overflow;
};

enum p7_status reconcile_create(struct reconcile **out)
{
    *out = calloc(1, sizeof(**out));
    return *out == NULL ? P7_NO_MEMORY : P7_OK;
}

void reconcile_destroy(struct reconcile *reconcile)
{
    if (reconcile == NULL)
        return;
    free(reconcile->request);
    free(reconcile->charge);
    free(reconcile);
}

/* Room for one more; the list itself when there is none to be had is left as it was. */
static bool grow(void **list, size_t count, size_t *room, size_t entry_octets)
{
    if (count < *room)
        return true;
    const size_t wanted = *room == 0 ? LIST_FIRST : *room + *room / 2;
    void *longer = realloc(*list, wanted * entry_octets);
    if (longer == NULL)
        return false;
    *list = longer;
    *room = wanted;
    return true;
}

enum p7_status reconcile_add_request(struct reconcile *reconcile, const uint64_t key[2],
                                     unsigned flags)
{
    void *list = reconcile->request;
    if (!grow(&list, reconcile->request_count, &reconcile->request_room, sizeof(struct request)))
        return P7_NO_MEMORY;
    reconcile->request = list;
    reconcile->request[reconcile->request_count] = (struct request){
        .key = {key[0], key[1]}, .number_flags = (reconcile->requests << FLAG_BITS) | flags};
    reconcile->request_count++;
    reconcile->requests += (flags & RECONCILE_AGAIN) == 0;
    reconcile->sorted = false;
    return P7_OK;
}

static void add(struct reconcile *reconcile, uint64_t *sum, uint64_t amount)
{
    if (__builtin_add_overflow(*sum, amount, sum))
        reconcile->overflow = true;
}

enum p7_status reconcile_add_charge(struct reconcile *reconcile, uint64_t index,
                                    const uint64_t key[2], uint64_t amount)
{
    void *list = reconcile->charge;
    if (!grow(&list, reconcile->charge_count, &reconcile->charge_room, sizeof(struct charge)))
        return P7_NO_MEMORY;
    reconcile->charge = list;
    reconcile->charge[reconcile->charge_count++] =
        (struct charge){.key = {key[0], key[1]}, .index = index, .amount = amount};
    add(reconcile, &reconcile->sum_charges, amount);
    return P7_OK;
}

void reconcile_add_settlement(struct reconcile *reconcile, uint64_t amount)
{
    reconcile->settlements++;
    add(reconcile, &reconcile->sum_settled, amount);
}

/* --- comparing ------------------------------------------------------------------------------ */

static int compare_keys(const uint64_t a[2], const uint64_t b[2])
{
    if (a[0] != b[0])
        return a[0] < b[0] ? -1 : 1;
    return a[1] < b[1] ? -1 : a[1] > b[1];
}

static int compare_requests(const void *a, const void *b)
{
    const struct request *x = a;
    const struct request *y = b;
    const int order = compare_keys(x->key, y->key);
    return order != 0                          ? order
           : x->number_flags < y->number_flags ? -1
                                               : x->number_flags > y->number_flags;
}

static int compare_charges(const void *a, const void *b)
{
    const struct charge *x = a;
    const struct charge *y = b;
    const int order = compare_keys(x->key, y->key);
    return order != 0 ? order : x->index < y->index ? -1 : x->index > y->index;
}

static void example(struct reconcile_example *list, uint32_t *count, const uint64_t key[2],
                    uint64_t index, uint64_t number)
{
    if (*count == RECONCILE_EXAMPLES_MAX)
        return;
    list[(*count)++] =
        (struct reconcile_example){.key = {key[0], key[1]}, .index = index, .number = number};
}

/* The requests of one identity from `at` on: whether any was answered ok, and the number of the
 * first that was. Returns the place behind them. */
static size_t take_requests(const struct reconcile *reconcile, size_t at,
                            struct reconcile_result *result, bool *ok, uint64_t *number)
{
    const uint64_t *key = reconcile->request[at].key;
    uint64_t requests = 0;
    *ok = false;
    *number = reconcile->request[at].number_flags >> FLAG_BITS;
    for (; at < reconcile->request_count && compare_keys(reconcile->request[at].key, key) == 0;
         at++) {
        const uint64_t flags = reconcile->request[at].number_flags;
        if ((flags & RECONCILE_AGAIN) == 0)
            requests++;
        if ((flags & RECONCILE_OK) == 0)
            continue;
        if (!*ok)
            *number = flags >> FLAG_BITS;
        *ok = true;
        result->requests_ok++;
    }
    result->repeated += requests > 1 ? requests - 1 : 0;
    return at;
}

/* The records of one identity: all but the first are one too many. */
static size_t take_charges(struct reconcile *reconcile, size_t at, struct reconcile_result *result)
{
    const uint64_t *key = reconcile->charge[at].key;
    for (at++; at < reconcile->charge_count && compare_keys(reconcile->charge[at].key, key) == 0;
         at++) {
        result->twice++;
        add(reconcile, &result->sum_twice, reconcile->charge[at].amount);
        example(result->twice_example, &result->twice_examples, key, reconcile->charge[at].index,
                0);
    }
    return at;
}

static void merge(struct reconcile *reconcile, struct reconcile_result *result)
{
    size_t r = 0;
    size_t c = 0;
    while (r < reconcile->request_count || c < reconcile->charge_count) {
        int order = r == reconcile->request_count ? 1 : -1;
        if (r < reconcile->request_count && c < reconcile->charge_count)
            order = compare_keys(reconcile->request[r].key, reconcile->charge[c].key);
        const uint64_t *key = order <= 0 ? reconcile->request[r].key : reconcile->charge[c].key;
        bool ok = false;
        uint64_t number = 0;
        uint64_t amount = 0;
        if (order <= 0)
            r = take_requests(reconcile, r, result, &ok, &number);
        if (order >= 0) {
            amount = reconcile->charge[c].amount;
            c = take_charges(reconcile, c, result);
        }
        if (order > 0) {
            result->other++;
            add(reconcile, &result->sum_other, amount);
        } else if (order == 0 && ok) {
            result->matched++;
            add(reconcile, &result->sum_ok, amount);
        } else if (order == 0) {
            result->unseen++;
            add(reconcile, &result->sum_unseen, amount);
        } else if (ok) {
            result->missing++;
            example(result->missing_example, &result->missing_examples, key, 0, number);
        }
    }
}

void reconcile_compare(struct reconcile *reconcile, struct reconcile_result *result)
{
    *result = (struct reconcile_result){.requests = reconcile->requests,
                                        .records = reconcile->charge_count,
                                        .settlements = reconcile->settlements,
                                        .sum_ledger = reconcile->sum_charges,
                                        .sum_settled = reconcile->sum_settled};
    add(reconcile, &result->sum_ledger, reconcile->sum_settled);
    if (!reconcile->sorted && reconcile->request_count > 0)
        qsort(reconcile->request, reconcile->request_count, sizeof(struct request),
              compare_requests);
    reconcile->sorted = true;
    if (reconcile->charge_count > 0)
        qsort(reconcile->charge, reconcile->charge_count, sizeof(struct charge), compare_charges);
    merge(reconcile, result);
    uint64_t parts = result->sum_ok;
    add(reconcile, &parts, result->sum_unseen);
    add(reconcile, &parts, result->sum_other);
    add(reconcile, &parts, result->sum_settled);
    add(reconcile, &parts, result->sum_twice);
    result->sums_agree = !reconcile->overflow && parts == result->sum_ledger;
    reconcile->charge_count = 0;
    reconcile->settlements = 0;
    reconcile->sum_charges = 0;
    reconcile->sum_settled = 0;
    reconcile->overflow = false;
}

bool reconcile_passed(const struct reconcile_result *result)
{
    return result->missing == 0 && result->twice == 0 && result->sums_agree;
}
