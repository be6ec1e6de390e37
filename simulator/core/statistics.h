/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * statistics - moments, margins of error, autocorrelation, medians: the formulas and their sources.
 *
 * [thesis]    mean = sum X / N, variance = sum (X - mean)^2 / N (population), sd = its root, margin
 *             of error E = 1.96 sd / sqrt(N), X being the averages of the 10-s intervals.
 *             These are used as they stand. The published figures themselves were computed with
 *             N - 1: the rows of 2250 and 4500 req/s are whole milliseconds of N = 131 and 130
 *             intervals, and fit no other divisor. At such N that is 0.4 % of E.
 * [Law]       A. M. Law, Simulation Modeling and Analysis, 9.5.3: batch means. The stream is cut
 *             into 20 batches of equal count; with m_i their means, s^2 = sum (m_i - m)^2 / 19,
 *             E = t(0.975, 19) s / sqrt(20), t = 2.093. Response times in a queue are strongly
 *             correlated, which the naive margin ignores and batch means absorb.
 * [Box]       G. Box, G. Jenkins, Time Series Analysis, 2.1.5:
 *             r_1 = sum (x_i - m)(x_(i+1) - m) / sum (x_i - m)^2.
 *
 * Nothing here allocates; all are plain structs that start zeroed.
 */
#ifndef SIMULATOR_CORE_STATISTICS_H
#define SIMULATOR_CORE_STATISTICS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sigtran/base/random.h"

/* Two-sided 95 % quantiles. */
#define STATISTICS_Z_95      1.96
#define STATISTICS_T_95_DF19 2.093
#define STATISTICS_BATCHES   20

/*
 * Moments of integers, exact: 128-bit sums, so no order of adding and no length changes the answer.
 * Values in 0..2^42 (an hour in ns is 2^41.7) and 2^40 of them fit.
 */
struct statistics_moments {
    uint64_t n;
    unsigned __int128 sum;
    unsigned __int128 sum_squares;
    int64_t min; /* valid when n > 0 */
    int64_t max;
};

/* A negative value (a reply stamped before its due instant) is our own mistake: asserted against.
 */
void statistics_moments_add(struct statistics_moments *m, int64_t value);
void statistics_moments_merge(struct statistics_moments *into,
                              const struct statistics_moments *from);
/* 0 when n is 0. Population variance. */
double statistics_moments_mean(const struct statistics_moments *m);
double statistics_moments_variance(const struct statistics_moments *m);
double statistics_moments_sd(const struct statistics_moments *m);

/* What a series of interval averages says; see [thesis]. */
struct statistics_summary {
    size_t n;
    double mean;
    double variance; /* population */
    double sd;
    double e_paper; /* 1.96 sd / sqrt(N) */
    double lag1;    /* r_1; 0 when n < 2 or the variance is 0 */
    double median;  /* see statistics_median */
    double min;
    double max;
};

/* All zero when n is 0. Sorts a copy into scratch[0..n) for the median; scratch may be NULL, then
 * the median is left 0. */
struct statistics_summary statistics_summarize(const double *values, size_t n, double *scratch);

/* Sorts values in place; the mean of the middle two when n is even; 0 when n is 0. */
double statistics_median(double *values, size_t n);

/* Bootstrap percentile interval (B. Efron, 95 %) of the median of values[0..n): `rounds` resamples
 * of n with replacement. scratch holds n + rounds values. n and rounds >= 1. */
void statistics_bootstrap_median(const double *values, size_t n, struct random_state *random,
                                 size_t rounds, double *scratch, double *low, double *high);

/*
 * Batch means and lag-1 autocorrelation of a stream whose length nobody knows before its end.
 *
 * Values go into cells of equal count. When all 1280 cells are full, neighbours are joined and the
 * cells' size doubles; so there are 640 to 1280 full cells of one size at any time. The 20 batches
 * are then 32 to 63 neighbouring cells each; the last few cells that do not make up 20 more, and
 * the one being filled, are left out: under 3.2 % of the values.
 */
#define STATISTICS_CELLS 1280

struct statistics_stream {
    struct statistics_moments moments;
    unsigned __int128 sum_products; /* of neighbours */
    int64_t first;
    int64_t last;
    uint64_t cell_size; /* 0 before the first value */
    uint64_t cell_fill; /* values in cells[cell_count], the one being filled */
    uint32_t cell_count;
    unsigned __int128 cells[STATISTICS_CELLS + 1]; /* sums */
};

/* The next value (ns) of the stream, in the order of completion. */
void statistics_stream_add(struct statistics_stream *s, int64_t value);

struct statistics_batch_means {
    bool known; /* false with fewer than 20 values: the others are 0 then */
    uint64_t batch_size;
    double mean;         /* of the batched values */
    double e_bm;         /* t(0.975, 19) s / sqrt(20) */
    double lag1_batches; /* r_1 of the 20 means: far from 0 says that batches are too short */
    double e_naive;      /* 1.96 sd / sqrt(n) over single values, to show what correlation does */
    double lag1;         /* r_1 of the single values */
};

struct statistics_batch_means statistics_stream_batch_means(const struct statistics_stream *s);

#endif
