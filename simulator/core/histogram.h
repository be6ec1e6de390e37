/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * histogram - counts of values at a fixed relative precision: the layout and the answers of Gil
 * Tene's HdrHistogram, so that files written from it are read by everybody's HdrHistogram tools.
 *
 * A value's bucket is found from its highest bit and the few bits below it: a record is some
 * shifts and one increment (about 3 ns), at any magnitude. With 3 significant digits every answer
 * is within 1/1000 of the truth; response times here are nanoseconds.
 *
 * Life cycle: histogram_create -> histogram_record ... any questions ... -> histogram_destroy.
 * One owner: a histogram belongs to one thread; histograms are merged when read (histogram_add).
 * Percentiles are never averaged: merge, then ask.
 * The fields are private; the inline functions here are why the struct is visible.
 */
#ifndef SIMULATOR_CORE_HISTOGRAM_H
#define SIMULATOR_CORE_HISTOGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sigtran/base/status.h"

/* What response times and send lags are recorded with: 1 ns to 1 h at 3 digits, 272 KiB. */
#define HISTOGRAM_LOWEST_NS  1
#define HISTOGRAM_HIGHEST_NS INT64_C(3600000000000)
#define HISTOGRAM_DIGITS     3

struct histogram {
    int64_t lowest_discernible;
    int64_t highest_trackable;
    int significant_digits;
    unsigned unit_magnitude;
    unsigned half_magnitude; /* log2(sub_bucket_half_count) */
    uint64_t sub_bucket_mask;
    uint32_t length; /* of counts */
    uint64_t *counts;
    uint64_t total;     /* values recorded */
    uint64_t saturated; /* values refused: negative or beyond the last bucket */
    int64_t min;        /* exact, of the recorded; INT64_MAX when empty */
    int64_t max;        /* exact, of the recorded; INT64_MIN when empty */
};

/* P7_RANGE unless 1 <= lowest_discernible, 2 * lowest_discernible <= highest_trackable, 1 <=
 * significant_digits <= 5, and the layout fits 64 bits; P7_NO_MEMORY. */
enum p7_status histogram_create(struct histogram *h, int64_t lowest_discernible,
                                int64_t highest_trackable, int significant_digits) P7_MUST_CHECK;

/* With HISTOGRAM_LOWEST_NS, HISTOGRAM_HIGHEST_NS and HISTOGRAM_DIGITS. */
enum p7_status histogram_create_ns(struct histogram *h) P7_MUST_CHECK;

/* A zeroed struct may be destroyed too. */
void histogram_destroy(struct histogram *h);

/* Forgets every value, also the saturated ones. */
void histogram_reset(struct histogram *h);

/* Index of a value's bucket; may be histogram_length() or more for a value beyond the layout.
 * value >= 0. */
static inline uint32_t histogram_index_of(const struct histogram *h, int64_t value)
{
    const uint64_t v = (uint64_t)value;
    const unsigned highest_bit = 63u - (unsigned)__builtin_clzll(v | h->sub_bucket_mask);
    const unsigned bucket = highest_bit - h->unit_magnitude - h->half_magnitude;
    const uint32_t sub_bucket = (uint32_t)(v >> (bucket + h->unit_magnitude));
    return (bucket << h->half_magnitude) + sub_bucket;
}

/* False when the value is negative or beyond the layout: it is then counted as saturated, and no
 * other answer knows of it. */
static inline bool histogram_record_n(struct histogram *h, int64_t value, uint64_t n)
{
    uint32_t index = 0;
    if (value < 0 || (index = histogram_index_of(h, value)) >= h->length) {
        h->saturated += n;
        return false;
    }
    if (n == 0)
        return true;
    h->counts[index] += n;
    h->total += n;
    if (value < h->min)
        h->min = value;
    if (value > h->max)
        h->max = value;
    return true;
}

static inline bool histogram_record(struct histogram *h, int64_t value)
{
    return histogram_record_n(h, value, 1);
}

uint64_t histogram_count(const struct histogram *h);
uint64_t histogram_saturated(const struct histogram *h);

/* Smallest and largest recorded value, exactly as they were recorded (the reference rounds them to
 * their buckets); 0 when empty. */
int64_t histogram_min(const struct histogram *h);
int64_t histogram_max(const struct histogram *h);

/* Mean and population standard deviation with every value taken as the middle of its bucket, as
 * the reference does; 0 when empty. For exact moments see statistics.h. */
double histogram_mean(const struct histogram *h);
double histogram_sd(const struct histogram *h);

/* The highest value that is equivalent (in the same bucket) to the smallest recorded value that at
 * least `percentile` per cent of all recorded values do not exceed; for percentile 0 the lowest
 * equivalent of the smallest. 0 when empty. As HdrHistogram's getValueAtPercentile. */
int64_t histogram_percentile(const struct histogram *h, double percentile);

/* How many recorded values lie in buckets up to the one of `value`. */
uint64_t histogram_count_up_to(const struct histogram *h, int64_t value);

/* Adds all of `from`; any layout. With equal layouts bucket by bucket, otherwise each bucket's
 * values as its middle, as the reference does. Values that do not fit count as saturated. */
void histogram_add(struct histogram *into, const struct histogram *from);

/* `into` is created with the layout and the content of `from`. P7_NO_MEMORY. */
enum p7_status histogram_copy(struct histogram *into, const struct histogram *from) P7_MUST_CHECK;

/* For serialisation: V2 encodings hold the three parameters below, a normalizing index offset,
 * which is 0 here always, and the counts in index order. */
int64_t histogram_lowest_discernible(const struct histogram *h);
int64_t histogram_highest_trackable(const struct histogram *h);
int histogram_significant_digits(const struct histogram *h);
uint32_t histogram_length(const struct histogram *h);
uint64_t histogram_count_at(const struct histogram *h, uint32_t index);

/* Lowest value of the bucket at `index`. */
int64_t histogram_value_at(const struct histogram *h, uint32_t index);

/* Ends of a value's bucket, and its middle. */
int64_t histogram_lowest_equivalent(const struct histogram *h, int64_t value);
int64_t histogram_highest_equivalent(const struct histogram *h, int64_t value);
int64_t histogram_median_equivalent(const struct histogram *h, int64_t value);

/* Index of the first bucket from `from` on that holds a value, or histogram_length():
 *     for (i = histogram_next(h, 0); i < histogram_length(h); i = histogram_next(h, i + 1)) */
uint32_t histogram_next(const struct histogram *h, uint32_t from);

#endif
