/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "simulator/core/accounting.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Every counter, for whatever goes through all of them. */
#define COUNTS_LIST(X)                                                                             \
    X(due)                                                                                         \
    X(ok)                                                                                          \
    X(error)                                                                                       \
    X(timeout)                                                                                     \
    X(unanswered)                                                                                  \
    X(late)                                                                                        \
    X(retransmissions)                                                                             \
    X(duplicate_replies)                                                                           \
    X(no_credit)                                                                                   \
    X(blocked)

#define COUNTS_FIELD(name) uint64_t name;
struct counts_listed {
    COUNTS_LIST(COUNTS_FIELD)
};
#undef COUNTS_FIELD
_Static_assert(sizeof(struct counts_listed) == sizeof(struct accounting_counts),
               "COUNTS_LIST lacks a counter of struct accounting_counts");

/* The four places where a request is counted. */
#define PARTS 4
struct parts {
    struct accounting_counts *part[PARTS];
};

static struct parts parts_of(struct accounting *a, unsigned kind, uint16_t flow, uint16_t target)
{
    assert(kind < REQUEST_KIND_COUNT);
    assert(flow < a->flow_count);
    assert(target < a->target_count);
    return (struct parts){{&a->total, &a->kinds[kind], &a->flows[flow], &a->targets[target]}};
}

enum p7_status accounting_create(struct accounting *a, uint16_t flow_count, uint16_t target_count)
{
    memset(a, 0, sizeof(*a));
    if (flow_count == 0 || flow_count > ACCOUNTING_FLOWS_MAX || target_count == 0 ||
        target_count > ACCOUNTING_TARGETS_MAX)
        return P7_RANGE;
    a->flows = calloc(flow_count, sizeof(*a->flows));
    a->targets = calloc(target_count, sizeof(*a->targets));
    if (a->flows == NULL || a->targets == NULL) {
        accounting_destroy(a);
        return P7_NO_MEMORY;
    }
    a->flow_count = flow_count;
    a->target_count = target_count;
    return P7_OK;
}

void accounting_destroy(struct accounting *a)
{
    free(a->flows);
    free(a->targets);
    memset(a, 0, sizeof(*a));
}

void accounting_due(struct accounting *a, enum request_kind kind, uint16_t flow, uint16_t target)
{
    const struct parts p = parts_of(a, kind, flow, target);
    for (size_t i = 0; i < PARTS; i++)
        p.part[i]->due++;
}

static void counts_complete(struct accounting_counts *c, const struct request_record *record)
{
    switch ((enum request_outcome)record->outcome) {
    case OUTCOME_OK:
        c->ok++;
        c->no_credit += (record->flags & REQUEST_FLAG_NO_CREDIT) != 0;
        break;
    case OUTCOME_ERROR:
        c->error++;
        break;
    case OUTCOME_TIMEOUT:
        c->timeout++;
        c->late += (record->flags & REQUEST_FLAG_LATE) != 0;
        break;
    case OUTCOME_UNANSWERED:
        c->unanswered++;
        break;
    case OUTCOME_COUNT:
    default:
        assert(!"a record without an outcome");
    }
    c->retransmissions += record->attempts > 1 ? record->attempts - 1u : 0;
    c->blocked += (record->flags & REQUEST_FLAG_BLOCKED) != 0;
}

void accounting_complete(struct accounting *a, const struct request_record *record)
{
    const struct parts p = parts_of(a, record->kind, record->flow, record->target);
    for (size_t i = 0; i < PARTS; i++)
        counts_complete(p.part[i], record);
}

void accounting_late(struct accounting *a, enum request_kind kind, uint16_t flow, uint16_t target)
{
    const struct parts p = parts_of(a, kind, flow, target);
    for (size_t i = 0; i < PARTS; i++)
        p.part[i]->late++;
}

void accounting_duplicate_reply(struct accounting *a, enum request_kind kind, uint16_t flow,
                                uint16_t target)
{
    const struct parts p = parts_of(a, kind, flow, target);
    for (size_t i = 0; i < PARTS; i++)
        p.part[i]->duplicate_replies++;
}

static void counts_add(struct accounting_counts *into, const struct accounting_counts *from)
{
#define COUNTS_ADD(name) into->name += from->name;
    COUNTS_LIST(COUNTS_ADD)
#undef COUNTS_ADD
}

void accounting_merge(struct accounting *into, const struct accounting *from)
{
    assert(into->flow_count == from->flow_count);
    assert(into->target_count == from->target_count);
    counts_add(&into->total, &from->total);
    for (size_t i = 0; i < REQUEST_KIND_COUNT; i++)
        counts_add(&into->kinds[i], &from->kinds[i]);
    for (size_t i = 0; i < from->flow_count; i++)
        counts_add(&into->flows[i], &from->flows[i]);
    for (size_t i = 0; i < from->target_count; i++)
        counts_add(&into->targets[i], &from->targets[i]);
}

static uint64_t completed(const struct accounting_counts *c)
{
    return c->ok + c->error + c->timeout + c->unanswered;
}

uint64_t accounting_open(const struct accounting_counts *counts)
{
    return completed(counts) > counts->due ? 0 : counts->due - completed(counts);
}

/* A sentence when the parts do not sum up to the total, or one has more completed than due. */
static bool check_parts(const char *what, const struct accounting_counts *parts, size_t count,
                        const struct accounting_counts *total, char *text, size_t room)
{
    struct accounting_counts sum = {0};
    for (size_t i = 0; i < count; i++) {
        counts_add(&sum, &parts[i]);
        if (completed(&parts[i]) <= parts[i].due)
            continue;
        (void)snprintf(text, room,
                       "%s %zu has %" PRIu64 " requests completed, but only %" PRIu64 " were due",
                       what, i, completed(&parts[i]), parts[i].due);
        return false;
    }
#define COUNTS_CHECK(name)                                                                         \
    if (sum.name != total->name) {                                                                 \
        (void)snprintf(text, room, "%s: " #name " sums up to %" PRIu64 ", the total is %" PRIu64,  \
                       what, sum.name, total->name);                                               \
        return false;                                                                              \
    }
    COUNTS_LIST(COUNTS_CHECK)
#undef COUNTS_CHECK
    return true;
}

bool accounting_check(const struct accounting *a, uint64_t open, char *text, size_t room)
{
    if (room > 0)
        text[0] = '\0';
    const struct accounting_counts *t = &a->total;
    if (t->due != completed(t) + open) {
        (void)snprintf(text, room,
                       "due %" PRIu64 " is not ok %" PRIu64 " + error %" PRIu64
                       " + timeout %" PRIu64 " + unanswered %" PRIu64 " + open %" PRIu64,
                       t->due, t->ok, t->error, t->timeout, t->unanswered, open);
        return false;
    }
    return check_parts("kind", a->kinds, REQUEST_KIND_COUNT, t, text, room) &&
           check_parts("flow", a->flows, a->flow_count, t, text, room) &&
           check_parts("target", a->targets, a->target_count, t, text, room);
}
