/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "simulator/core/interval.h"

#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum p7_status interval_create(struct interval_set *set, int64_t from_ns, int64_t length_ns)
{
    memset(set, 0, sizeof(*set));
    if (length_ns < 1)
        return P7_RANGE;
    set->from_ns = from_ns;
    set->length_ns = length_ns;
    enum p7_status status = histogram_create_ns(&set->scratch);
    for (size_t i = 0; status == P7_OK && i < REQUEST_KIND_COUNT; i++)
        status = histogram_create_ns(&set->kinds[i].histogram);
    if (status != P7_OK)
        interval_destroy(set);
    return status;
}

void interval_destroy(struct interval_set *set)
{
    histogram_destroy(&set->scratch);
    for (size_t i = 0; i < REQUEST_KIND_COUNT; i++)
        histogram_destroy(&set->kinds[i].histogram);
    memset(set, 0, sizeof(*set));
}

int64_t interval_end_ns(const struct interval_set *set)
{
    return set->from_ns + set->length_ns;
}

static struct interval_cell *cell_of(struct interval_set *set, unsigned kind)
{
    assert(kind < REQUEST_KIND_COUNT);
    return &set->kinds[kind];
}

void interval_due(struct interval_set *set, enum request_kind kind)
{
    cell_of(set, kind)->due++;
}

void interval_complete(struct interval_set *set, const struct request_record *record)
{
    struct interval_cell *cell = cell_of(set, record->kind);
    if (record->attempts > 1)
        cell->retransmissions += record->attempts - 1u;
    if (record->outcome != OUTCOME_OK) {
        cell->fail++;
        cell->late += (record->flags & REQUEST_FLAG_LATE) != 0;
        return;
    }
    const int64_t response_ns = request_response_ns(record);
    cell->succ++;
    statistics_moments_add(&cell->response, response_ns);
    /* Beyond an hour a value is counted as saturated; min, max and mean still have it. */
    (void)histogram_record(&cell->histogram, response_ns);
}

void interval_late(struct interval_set *set, enum request_kind kind)
{
    cell_of(set, kind)->late++;
}

void interval_duplicate(struct interval_set *set, enum request_kind kind)
{
    cell_of(set, kind)->duplicates++;
}

static void add_counts(struct interval_cell *into, const struct interval_cell *from)
{
    into->due += from->due;
    into->succ += from->succ;
    into->fail += from->fail;
    into->retransmissions += from->retransmissions;
    into->duplicates += from->duplicates;
    into->late += from->late;
    statistics_moments_merge(&into->response, &from->response);
}

void interval_merge(struct interval_set *into, const struct interval_set *from)
{
    assert(into->from_ns == from->from_ns);
    assert(into->length_ns == from->length_ns);
    for (size_t i = 0; i < REQUEST_KIND_COUNT; i++) {
        add_counts(&into->kinds[i], &from->kinds[i]);
        histogram_add(&into->kinds[i].histogram, &from->kinds[i].histogram);
    }
}

static struct interval_figures figures_of(const struct interval_cell *cell,
                                          const struct histogram *histogram, int64_t from_ns,
                                          int64_t to_ns)
{
    const double seconds = (double)(to_ns - from_ns) / 1e9;
    struct interval_figures f = {
        .from_ns = from_ns,
        .to_ns = to_ns,
        .due = cell->due,
        .n = cell->succ + cell->fail,
        .succ = cell->succ,
        .fail = cell->fail,
        .retransmissions = cell->retransmissions,
        .duplicates = cell->duplicates,
        .late = cell->late,
        .throughput = seconds > 0.0 ? (double)cell->succ / seconds : 0.0,
    };
    if (cell->succ == 0)
        return f;
    f.mean_ns = statistics_moments_mean(&cell->response);
    f.variance_ns2 = statistics_moments_variance(&cell->response);
    f.sd_ns = statistics_moments_sd(&cell->response);
    f.min_ns = cell->response.min;
    f.max_ns = cell->response.max;
    f.p50_ns = histogram_percentile(histogram, 50.0);
    f.p90_ns = histogram_percentile(histogram, 90.0);
    f.p99_ns = histogram_percentile(histogram, 99.0);
    f.p99_9_ns = histogram_percentile(histogram, 99.9);
    return f;
}

void interval_rows(struct interval_set *set, int64_t now_ns,
                   struct interval_figures rows[INTERVAL_ROW_COUNT])
{
    int64_t to_ns = now_ns < interval_end_ns(set) ? now_ns : interval_end_ns(set);
    if (to_ns < set->from_ns)
        to_ns = set->from_ns;
    /* The total is made here: recording each value twice would cost the hot path. */
    struct interval_cell total = {0};
    histogram_reset(&set->scratch);
    for (size_t i = 0; i < REQUEST_KIND_COUNT; i++) {
        const struct interval_cell *cell = &set->kinds[i];
        rows[i] = figures_of(cell, &cell->histogram, set->from_ns, to_ns);
        add_counts(&total, cell);
        histogram_add(&set->scratch, &cell->histogram);
    }
    rows[INTERVAL_ROW_TOTAL] = figures_of(&total, &set->scratch, set->from_ns, to_ns);
}

const struct histogram *interval_histogram(const struct interval_set *set, size_t row)
{
    assert(row < INTERVAL_ROW_COUNT);
    return row == INTERVAL_ROW_TOTAL ? &set->scratch : &set->kinds[row].histogram;
}

void interval_next(struct interval_set *set)
{
    set->from_ns += set->length_ns;
    for (size_t i = 0; i < REQUEST_KIND_COUNT; i++) {
        struct interval_cell *cell = &set->kinds[i];
        const struct histogram histogram = cell->histogram;
        *cell = (struct interval_cell){.histogram = histogram};
        histogram_reset(&cell->histogram);
    }
}

void interval_place(struct interval_set *set, int64_t from_ns)
{
    set->from_ns = from_ns;
}

void interval_close(struct interval_set *set, struct interval_figures rows[INTERVAL_ROW_COUNT])
{
    interval_rows(set, interval_end_ns(set), rows);
    interval_next(set);
}

const char *interval_row_name(size_t row)
{
    return row == INTERVAL_ROW_TOTAL ? "total" : request_kind_name((enum request_kind)row);
}

/* Text that may not fit: counts what it would have taken. */
struct text {
    char *at;
    size_t room;
    size_t length;
};

__attribute__((format(printf, 2, 3))) static void put(struct text *t, const char *format, ...)
{
    const size_t used = t->length < t->room ? t->length : t->room;
    va_list arguments;
    va_start(arguments, format);
    const int n = vsnprintf(t->at + used, t->room - used, format, arguments);
    va_end(arguments);
    assert(n >= 0);
    t->length += (size_t)n;
}

/* avg min max in ms, or a dash each for a kind that nobody answered. */
static void put_times(struct text *t, const struct interval_figures *row, int decimals)
{
    if (row->succ == 0)
        put(t, "- - -");
    else
        put(t, "%.*f %.*f %.*f", decimals, row->mean_ns / 1e6, decimals, (double)row->min_ns / 1e6,
            decimals, (double)row->max_ns / 1e6);
}

size_t interval_format_row(const struct interval_figures *row, int decimals, char *text,
                           size_t room)
{
    assert(decimals >= 0 && decimals <= 6);
    struct text t = {.at = text, .room = room};
    put(&t, "%" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %.0f ", row->succ, row->fail,
        row->retransmissions, row->duplicates, row->throughput);
    put_times(&t, row, decimals);
    return t.length;
}

size_t interval_format_table(const struct interval_figures rows[INTERVAL_ROW_COUNT], char *text,
                             size_t room)
{
    struct text t = {.at = text, .room = room};
    put(&t, "%-7s | %8s | %6s | %s | %s | %s | %s\n", "Kind", "Succ", "Fail",
        "Retransmission Detected", "Duplicate Answered", "Thruput (/s)",
        "Response time avg min max (ms)");
    for (size_t i = 0; i < INTERVAL_ROW_COUNT; i++) {
        const struct interval_figures *row = &rows[i];
        put(&t, "%-7s | %8" PRIu64 " | %6" PRIu64 " | %23" PRIu64 " | %18" PRIu64 " | %12.0f | ",
            interval_row_name(i), row->succ, row->fail, row->retransmissions, row->duplicates,
            row->throughput);
        put_times(&t, row, 3);
        put(&t, "\n");
    }
    return t.length;
}
