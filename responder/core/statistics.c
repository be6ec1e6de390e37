/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "responder/core/statistics.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define NS_PER_MS 1000000u
#define NS_PER_S  1000000000u

void statistics_reset(struct statistics *statistics)
{
    *statistics = (struct statistics){0};
}

void statistics_reply(struct statistics *statistics, enum service_kind kind,
                      enum service_result result, uint64_t response_ns)
{
    if ((unsigned)kind >= SERVICE_KIND_COUNT)
        return;
    struct statistics_row *row = &statistics->row[kind];
    if (result == SERVICE_FAIL)
        row->fail++;
    else
        row->succ++;
    if (result == SERVICE_NO_CREDIT)
        row->no_credit++;
    if (row->response_count == 0 || response_ns < row->response_ns_min)
        row->response_ns_min = response_ns;
    if (response_ns > row->response_ns_max)
        row->response_ns_max = response_ns;
    row->response_count++;
    row->response_ns_sum += response_ns;
}

void statistics_unanswered(struct statistics *statistics, enum service_kind kind)
{
    if ((unsigned)kind < SERVICE_KIND_COUNT)
        statistics->row[kind].fail++;
}

void statistics_retransmission(struct statistics *statistics, enum service_kind kind)
{
    if ((unsigned)kind < SERVICE_KIND_COUNT)
        statistics->row[kind].retransmissions++;
}

void statistics_duplicate(struct statistics *statistics, enum service_kind kind)
{
    if ((unsigned)kind < SERVICE_KIND_COUNT)
        statistics->row[kind].duplicates++;
}

void statistics_merge(struct statistics *into, const struct statistics *from)
{
    for (unsigned i = 0; i < SERVICE_KIND_COUNT; i++) {
        struct statistics_row *a = &into->row[i];
        const struct statistics_row *b = &from->row[i];
        if (b->response_count != 0) {
            if (a->response_count == 0 || b->response_ns_min < a->response_ns_min)
                a->response_ns_min = b->response_ns_min;
            if (b->response_ns_max > a->response_ns_max)
                a->response_ns_max = b->response_ns_max;
        }
        a->succ += b->succ;
        a->fail += b->fail;
        a->no_credit += b->no_credit;
        a->retransmissions += b->retransmissions;
        a->duplicates += b->duplicates;
        a->response_count += b->response_count;
        a->response_ns_sum += b->response_ns_sum;
    }
}

/* Text that grows and is cut at its room, always NUL-terminated. */
struct text {
    char *start;
    size_t room;
    size_t length;
};

/* Takes the result of an snprintf at the text's end. */
static void text_added(struct text *text, int n)
{
    if (n > 0)
        text->length += (size_t)n;
    if (text->length >= text->room)
        text->length = text->room - 1;
}

#define TEXT_ADD(text, ...)                                                                        \
    text_added((text), snprintf((text)->start + (text)->length, (text)->room - (text)->length,     \
                                __VA_ARGS__))

/* a * b / c, rounded to nearest, for what fits: counts and times of an interval. */
static uint64_t scaled(uint64_t a, uint64_t b, uint64_t c)
{
    return c == 0 ? 0 : (uint64_t)(((unsigned __int128)a * b + c / 2) / c);
}

#define CELL_OCTETS 24

/* Milliseconds as the studies print them; sub-millisecond ones would all read 0. */
static void cell_ms(char cell[CELL_OCTETS], uint64_t ns)
{
    if (ns >= NS_PER_MS)
        (void)snprintf(cell, CELL_OCTETS, "%" PRIu64, scaled(ns, 1, NS_PER_MS));
    else
        (void)snprintf(cell, CELL_OCTETS, "%.2f", (double)ns / NS_PER_MS);
}

size_t statistics_format(const struct statistics *statistics, uint64_t interval_ns, char *text,
                         size_t room)
{
    struct text t = {.start = text, .room = room};
    if (room == 0)
        return 0;
    text[0] = '\0';
    TEXT_ADD(&t, "         |          |          | Retransm. | Duplicate | Thruput | "
                 "  Response time (ms)\n"
                 "         |     Succ |     Fail |  Detected |  Answered |    (/s) | "
                 "   avg     min     max\n");
    for (unsigned i = 0; i < SERVICE_KIND_COUNT; i++) {
        const struct statistics_row *r = &statistics->row[i];
        char avg[CELL_OCTETS] = "-", min[CELL_OCTETS] = "-", max[CELL_OCTETS] = "-";
        if (r->response_count != 0) {
            cell_ms(avg, r->response_ns_sum / r->response_count);
            cell_ms(min, r->response_ns_min);
            cell_ms(max, r->response_ns_max);
        }
        TEXT_ADD(&t,
                 "%-8s | %8" PRIu64 " | %8" PRIu64 " | %9" PRIu64 " | %9" PRIu64 " | %7" PRIu64
                 " | %6s  %6s  %6s\n",
                 service_kind_name((enum service_kind)i), r->succ, r->fail, r->retransmissions,
                 r->duplicates, scaled(r->succ + r->fail, NS_PER_S, interval_ns), avg, min, max);
    }
    return t.length;
}

const char *statistics_csv_head(void)
{
    return "at_ms,kind,succ,fail,no_credit,retransmissions,duplicates,per_s,avg_us,min_us,max_us\n";
}

size_t statistics_csv(const struct statistics *statistics, uint64_t interval_ns, uint64_t at_ms,
                      char *text, size_t room)
{
    struct text t = {.start = text, .room = room};
    if (room == 0)
        return 0;
    text[0] = '\0';
    for (unsigned i = 0; i < SERVICE_KIND_COUNT; i++) {
        const struct statistics_row *r = &statistics->row[i];
        TEXT_ADD(
            &t,
            "%" PRIu64 ",%s,%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64,
            at_ms, service_kind_name((enum service_kind)i), r->succ, r->fail, r->no_credit,
            r->retransmissions, r->duplicates, scaled(r->succ + r->fail, NS_PER_S, interval_ns));
        if (r->response_count != 0)
            TEXT_ADD(&t, ",%.3f,%.3f,%.3f\n",
                     (double)r->response_ns_sum / (double)r->response_count / 1000.0,
                     (double)r->response_ns_min / 1000.0, (double)r->response_ns_max / 1000.0);
        else
            TEXT_ADD(&t, ",,,\n");
    }
    return t.length;
}
