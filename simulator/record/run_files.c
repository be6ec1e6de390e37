/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "simulator/record/run_files.h"

#include <math.h>

#define TABLE_BUFFER_OCTETS  65536
#define SERIES_BUFFER_OCTETS 16384

/* Microseconds' thousandth: response times are nanoseconds. */
#define MS_DECIMALS       6
#define VARIANCE_DECIMALS 9
#define NS_PER_MS         1e6
#define RATE_DECIMALS     3

static enum p7_status table_open(struct run_table *table, const char *directory, const char *file,
                                 const char *header, size_t buffer_octets)
{
    table->rows = 0;
    const enum p7_status status =
        output_open(&table->output, directory, file, OUTPUT_DIRECT, buffer_octets);
    if (status != P7_OK)
        return status;
    output_text(&table->output, header);
    output_char(&table->output, '\n');
    output_flush(&table->output);
    return P7_OK;
}

enum p7_status intervals_open(struct run_table *table, const char *directory)
{
    return table_open(table, directory, RUN_FILE_INTERVALS, INTERVALS_HEADER, TABLE_BUFFER_OCTETS);
}

enum p7_status series_open(struct run_table *table, const char *directory)
{
    return table_open(table, directory, RUN_FILE_SERIES, SERIES_HEADER, SERIES_BUFFER_OCTETS);
}

enum p7_status events_open(struct run_table *table, const char *directory)
{
    return table_open(table, directory, RUN_FILE_EVENTS, EVENTS_HEADER, TABLE_BUFFER_OCTETS);
}

static void cell_u64(struct output *output, uint64_t value)
{
    output_char(output, ',');
    output_u64(output, value);
}

static void cell_fixed(struct output *output, double value, unsigned decimals)
{
    output_char(output, ',');
    output_fixed(output, value, decimals);
}

static void row_end(struct run_table *table)
{
    output_char(&table->output, '\n');
    table->rows++;
}

void intervals_put(struct run_table *table, const struct interval_row *row)
{
    struct output *output = &table->output;
    output_u64(output, row->index);
    output_char(output, ',');
    output_i64(output, row->start_ns);
    output_char(output, ',');
    output_csv_cell(output, row->kind);
    cell_u64(output, row->n);
    cell_u64(output, row->succ);
    cell_u64(output, row->fail);
    cell_u64(output, row->retransmissions);
    cell_u64(output, row->duplicates);
    cell_fixed(output, row->throughput_per_s, RATE_DECIMALS);
    cell_fixed(output, row->mean_ms, MS_DECIMALS);
    cell_fixed(output, row->min_ms, MS_DECIMALS);
    cell_fixed(output, row->max_ms, MS_DECIMALS);
    cell_fixed(output, row->variance_ms2, VARIANCE_DECIMALS);
    cell_fixed(output, row->sd_ms, MS_DECIMALS);
    cell_fixed(output, row->p50_ms, MS_DECIMALS);
    cell_fixed(output, row->p90_ms, MS_DECIMALS);
    cell_fixed(output, row->p99_ms, MS_DECIMALS);
    cell_fixed(output, row->p999_ms, MS_DECIMALS);
    output_char(output, ',');
    if (row->end_ns > row->start_ns)
        output_i64(output, row->end_ns);
    cell_u64(output, row->due);
    cell_u64(output, row->late);
    row_end(table);
}

/* Times of nothing are no times. */
static double ms_of(const struct interval_figures *figures, double ns)
{
    return figures->succ == 0 ? NAN : ns / NS_PER_MS;
}

void intervals_put_figures(struct run_table *table, uint32_t index,
                           const struct interval_figures rows[INTERVAL_ROW_COUNT])
{
    for (size_t i = 0; i < INTERVAL_ROW_COUNT; i++) {
        const struct interval_figures *from = &rows[i];
        const struct interval_row row = {
            .index = index,
            .start_ns = from->from_ns,
            .kind = interval_row_name(i),
            .n = from->n,
            .succ = from->succ,
            .fail = from->fail,
            .retransmissions = from->retransmissions,
            .duplicates = from->duplicates,
            .throughput_per_s = from->throughput,
            .mean_ms = ms_of(from, from->mean_ns),
            .min_ms = ms_of(from, (double)from->min_ns),
            .max_ms = ms_of(from, (double)from->max_ns),
            .variance_ms2 = ms_of(from, from->variance_ns2 / NS_PER_MS),
            .sd_ms = ms_of(from, from->sd_ns),
            .p50_ms = ms_of(from, (double)from->p50_ns),
            .p90_ms = ms_of(from, (double)from->p90_ns),
            .p99_ms = ms_of(from, (double)from->p99_ns),
            .p999_ms = ms_of(from, (double)from->p99_9_ns),
            .end_ns = from->to_ns,
            .due = from->due,
            .late = from->late,
        };
        intervals_put(table, &row);
    }
    output_flush(&table->output);
}

void series_put(struct run_table *table, const struct series_row *row)
{
    struct output *output = &table->output;
    output_i64(output, row->start_ns);
    cell_u64(output, row->n);
    cell_u64(output, row->failed);
    cell_fixed(output, row->max_ms, MS_DECIMALS);
    row_end(table);
}

void series_put_lane(struct run_table *table, const struct outage_analysis *analysis, uint32_t lane)
{
    const int64_t step_ns = outage_series_step_ns(analysis, lane);
    const size_t count = outage_series_count(analysis, lane);
    for (size_t i = 0; i < count; i++) {
        const struct outage_step *step = outage_series_at(analysis, lane, i);
        const bool answered = step->rt_max_ns > 0;
        const struct series_row row = {
            .start_ns = (int64_t)i * step_ns,
            .n = step->n,
            .failed = step->failed,
            .max_ms = answered ? (double)step->rt_max_ns / NS_PER_MS : NAN,
        };
        series_put(table, &row);
    }
}

void events_put(struct run_table *table, const struct event_row *row)
{
    struct output *output = &table->output;
    output_i64(output, row->time_ns);
    output_char(output, ',');
    output_csv_cell(output, row->source);
    output_char(output, ',');
    output_csv_cell(output, row->event);
    output_char(output, ',');
    output_csv_cell(output, row->detail == NULL ? "" : row->detail);
    row_end(table);
    output_flush(output);
}

enum p7_status run_table_close(struct run_table *table)
{
    return output_close(&table->output);
}
