/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "simulator/core/statistics.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

void statistics_moments_add(struct statistics_moments *m, int64_t value)
{
    assert(value >= 0);
    if (m->n == 0 || value < m->min)
        m->min = value;
    if (m->n == 0 || value > m->max)
        m->max = value;
    m->n++;
    m->sum += (uint64_t)value;
    m->sum_squares += (unsigned __int128)(uint64_t)value * (uint64_t)value;
}

void statistics_moments_merge(struct statistics_moments *into,
                              const struct statistics_moments *from)
{
    if (from->n == 0)
        return;
    if (into->n == 0 || from->min < into->min)
        into->min = from->min;
    if (into->n == 0 || from->max > into->max)
        into->max = from->max;
    into->n += from->n;
    into->sum += from->sum;
    into->sum_squares += from->sum_squares;
}

/* The whole part of the mean, and what the sum has beyond n times that. Sums about the whole part
 * are exact integers, small where sum_squares - n mean^2 would cancel. */
static uint64_t whole_mean(const struct statistics_moments *m, uint64_t *rest)
{
    const unsigned __int128 whole = m->sum / m->n;
    *rest = (uint64_t)(m->sum - whole * m->n);
    return (uint64_t)whole;
}

/* sum (x - mean)^2, for n > 0. */
static long double squared_deviations(const struct statistics_moments *m)
{
    uint64_t rest;
    const unsigned __int128 q = whole_mean(m, &rest);
    /* Wraps around on the way; the result itself fits. */
    const unsigned __int128 about_q = m->sum_squares - 2 * q * m->sum + q * q * m->n;
    const long double r = (long double)rest;
    return (long double)about_q - r * r / (long double)m->n;
}

double statistics_moments_mean(const struct statistics_moments *m)
{
    if (m->n == 0)
        return 0.0;
    uint64_t rest;
    const uint64_t whole = whole_mean(m, &rest);
    return (double)((long double)whole + (long double)rest / (long double)m->n);
}

double statistics_moments_variance(const struct statistics_moments *m)
{
    if (m->n == 0)
        return 0.0;
    return fmax(0.0, (double)(squared_deviations(m) / (long double)m->n));
}

double statistics_moments_sd(const struct statistics_moments *m)
{
    return sqrt(statistics_moments_variance(m));
}

static int compare_doubles(const void *a, const void *b)
{
    const double x = *(const double *)a;
    const double y = *(const double *)b;
    return (x > y) - (x < y);
}

double statistics_median(double *values, size_t n)
{
    if (n == 0)
        return 0.0;
    qsort(values, n, sizeof(*values), compare_doubles);
    return n % 2 == 1 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2.0;
}

struct statistics_summary statistics_summarize(const double *values, size_t n, double *scratch)
{
    struct statistics_summary s = {.n = n};
    if (n == 0)
        return s;
    s.min = s.max = values[0];
    for (size_t i = 0; i < n; i++) {
        s.mean += values[i];
        s.min = fmin(s.min, values[i]);
        s.max = fmax(s.max, values[i]);
    }
    s.mean /= (double)n;
    double squares = 0.0;
    double products = 0.0;
    for (size_t i = 0; i < n; i++) {
        const double deviation = values[i] - s.mean;
        squares += deviation * deviation;
        if (i + 1 < n)
            products += deviation * (values[i + 1] - s.mean);
    }
    s.variance = squares / (double)n;
    s.sd = sqrt(s.variance);
    s.e_paper = STATISTICS_Z_95 * s.sd / sqrt((double)n);
    s.lag1 = squares > 0.0 ? products / squares : 0.0;
    if (scratch != NULL) {
        memcpy(scratch, values, n * sizeof(*values));
        s.median = statistics_median(scratch, n);
    }
    return s;
}

void statistics_bootstrap_median(const double *values, size_t n, struct random_state *random,
                                 size_t rounds, double *scratch, double *low, double *high)
{
    assert(n > 0 && rounds > 0);
    double *const medians = scratch + n;
    for (size_t round = 0; round < rounds; round++) {
        for (size_t i = 0; i < n; i++)
            scratch[i] = values[random_below(random, n)];
        medians[round] = statistics_median(scratch, n);
    }
    qsort(medians, rounds, sizeof(*medians), compare_doubles);
    const size_t cut = (size_t)(0.025 * (double)rounds);
    *low = medians[cut];
    *high = medians[rounds - 1 - cut];
}

/* All cells are full: neighbours become one, of twice the size. */
static void join_cells(struct statistics_stream *s)
{
    for (size_t i = 0; i < STATISTICS_CELLS / 2; i++)
        s->cells[i] = s->cells[2 * i] + s->cells[2 * i + 1];
    memset(s->cells + STATISTICS_CELLS / 2, 0, (STATISTICS_CELLS / 2 + 1) * sizeof(s->cells[0]));
    s->cell_count = STATISTICS_CELLS / 2;
    s->cell_size *= 2;
}

void statistics_stream_add(struct statistics_stream *s, int64_t value)
{
    if (s->moments.n == 0) {
        s->first = value;
        s->cell_size = 1;
    } else {
        s->sum_products += (unsigned __int128)(uint64_t)s->last * (uint64_t)value;
    }
    statistics_moments_add(&s->moments, value);
    s->last = value;
    s->cells[s->cell_count] += (uint64_t)value;
    if (++s->cell_fill < s->cell_size)
        return;
    s->cell_fill = 0;
    if (++s->cell_count == STATISTICS_CELLS)
        join_cells(s);
}

/* [Box] with the sums about the whole part q of the mean, y = x - q, f = mean - q:
 * sum (y_i - f)(y_(i+1) - f) = sum y_i y_(i+1) - f (2 sum y - y_1 - y_n) + (n - 1) f^2. */
static double stream_lag1(const struct statistics_stream *s)
{
    const struct statistics_moments *m = &s->moments;
    const long double squares = squared_deviations(m);
    if (m->n < 2 || squares <= 0.0L)
        return 0.0;
    uint64_t rest;
    const unsigned __int128 q = whole_mean(m, &rest);
    const unsigned __int128 ends = (unsigned __int128)(uint64_t)s->first + (uint64_t)s->last;
    const unsigned __int128 inner = 2 * m->sum - ends;
    const __int128 products = (__int128)(s->sum_products - q * inner + q * q * (m->n - 1));
    const long double f = (long double)rest / (long double)m->n;
    const long double y_inner =
        2.0L * (long double)rest - ((long double)ends - 2.0L * (long double)q);
    const long double sum = (long double)products - f * y_inner + f * f * (long double)(m->n - 1);
    return (double)(sum / squares);
}

struct statistics_batch_means statistics_stream_batch_means(const struct statistics_stream *s)
{
    struct statistics_batch_means b = {.known = false};
    const uint32_t cells = s->cell_count / STATISTICS_BATCHES;
    if (cells == 0)
        return b;
    double means[STATISTICS_BATCHES];
    b.known = true;
    b.batch_size = cells * s->cell_size;
    for (size_t i = 0; i < STATISTICS_BATCHES; i++) {
        unsigned __int128 sum = 0;
        for (size_t c = 0; c < cells; c++)
            sum += s->cells[i * cells + c];
        means[i] = (double)((long double)sum / (long double)b.batch_size);
    }
    const struct statistics_summary of_means =
        statistics_summarize(means, STATISTICS_BATCHES, NULL);
    /* [Law] divides by 19 where the population variance divides by 20:
     * s / sqrt(20) = sqrt(variance * 20 / 19 / 20). */
    b.mean = of_means.mean;
    b.e_bm = STATISTICS_T_95_DF19 * sqrt(of_means.variance / (STATISTICS_BATCHES - 1));
    b.lag1_batches = of_means.lag1;
    b.e_naive = STATISTICS_Z_95 * statistics_moments_sd(&s->moments) / sqrt((double)s->moments.n);
    b.lag1 = stream_lag1(s);
    return b;
}
