/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "simulator/core/histogram.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Values below 2 * 10^digits keep single-unit resolution: log2 of the next power of two. */
static unsigned sub_bucket_magnitude(int digits)
{
    uint64_t single_unit = 2;
    for (int i = 0; i < digits; i++)
        single_unit *= 10;
    unsigned magnitude = 0;
    while ((UINT64_C(1) << magnitude) < single_unit)
        magnitude++;
    return magnitude;
}

/* Buckets double in width; how many until the last covers `highest`. */
static uint32_t buckets_needed(int64_t highest, unsigned sub_bucket_and_unit_magnitude)
{
    uint64_t untrackable = UINT64_C(1) << sub_bucket_and_unit_magnitude;
    uint32_t buckets = 1;
    while (untrackable <= (uint64_t)highest) {
        untrackable <<= 1;
        buckets++;
    }
    return buckets;
}

enum p7_status histogram_create(struct histogram *h, int64_t lowest_discernible,
                                int64_t highest_trackable, int significant_digits)
{
    memset(h, 0, sizeof(*h));
    if (lowest_discernible < 1 || highest_trackable / 2 < lowest_discernible ||
        significant_digits < 1 || significant_digits > 5)
        return P7_RANGE;
    const unsigned magnitude = sub_bucket_magnitude(significant_digits);
    const unsigned unit = 63u - (unsigned)__builtin_clzll((uint64_t)lowest_discernible);
    if (unit + magnitude - 1 > 61)
        return P7_RANGE;
    const uint32_t buckets = buckets_needed(highest_trackable, magnitude + unit);
    h->lowest_discernible = lowest_discernible;
    h->highest_trackable = highest_trackable;
    h->significant_digits = significant_digits;
    h->unit_magnitude = unit;
    h->half_magnitude = magnitude - 1;
    h->sub_bucket_mask = ((UINT64_C(1) << magnitude) - 1) << unit;
    h->length = (buckets + 1) << h->half_magnitude;
    h->min = INT64_MAX;
    h->max = INT64_MIN;
    h->counts = calloc(h->length, sizeof(*h->counts));
    return h->counts == NULL ? P7_NO_MEMORY : P7_OK;
}

enum p7_status histogram_create_ns(struct histogram *h)
{
    return histogram_create(h, HISTOGRAM_LOWEST_NS, HISTOGRAM_HIGHEST_NS, HISTOGRAM_DIGITS);
}

void histogram_destroy(struct histogram *h)
{
    free(h->counts);
    memset(h, 0, sizeof(*h));
}

/* Buckets that may hold a value: [first, end). Walks and clears touch these alone. */
static void used_range(const struct histogram *h, uint32_t *first, uint32_t *end)
{
    *first = h->total == 0 ? 0 : histogram_index_of(h, h->min);
    *end = h->total == 0 ? 0 : histogram_index_of(h, h->max) + 1;
}

void histogram_reset(struct histogram *h)
{
    uint32_t first;
    uint32_t end;
    used_range(h, &first, &end);
    memset(h->counts + first, 0, (end - first) * sizeof(*h->counts));
    h->total = 0;
    h->saturated = 0;
    h->min = INT64_MAX;
    h->max = INT64_MIN;
}

uint64_t histogram_count(const struct histogram *h)
{
    return h->total;
}

uint64_t histogram_saturated(const struct histogram *h)
{
    return h->saturated;
}

int64_t histogram_min(const struct histogram *h)
{
    return h->total == 0 ? 0 : h->min;
}

int64_t histogram_max(const struct histogram *h)
{
    return h->total == 0 ? 0 : h->max;
}

int64_t histogram_value_at(const struct histogram *h, uint32_t index)
{
    /* The lower half of a bucket's sub-buckets is the bucket below it, but for bucket 0. */
    const uint32_t half_count = UINT32_C(1) << h->half_magnitude;
    uint32_t bucket = index >> h->half_magnitude;
    uint64_t sub_bucket = index & (half_count - 1);
    if (bucket > 0) {
        bucket--;
        sub_bucket += half_count;
    }
    return (int64_t)(sub_bucket << (bucket + h->unit_magnitude));
}

/* log2 of the width of the value's bucket. */
static unsigned width_magnitude(const struct histogram *h, int64_t value)
{
    const unsigned highest_bit =
        63u - (unsigned)__builtin_clzll((uint64_t)value | h->sub_bucket_mask);
    return highest_bit - h->half_magnitude;
}

int64_t histogram_lowest_equivalent(const struct histogram *h, int64_t value)
{
    const unsigned width = width_magnitude(h, value);
    return (int64_t)(((uint64_t)value >> width) << width);
}

int64_t histogram_highest_equivalent(const struct histogram *h, int64_t value)
{
    const uint64_t low = (uint64_t)histogram_lowest_equivalent(h, value);
    return (int64_t)(low + ((UINT64_C(1) << width_magnitude(h, value)) - 1));
}

int64_t histogram_median_equivalent(const struct histogram *h, int64_t value)
{
    const uint64_t low = (uint64_t)histogram_lowest_equivalent(h, value);
    return (int64_t)(low + ((UINT64_C(1) << width_magnitude(h, value)) >> 1));
}

double histogram_mean(const struct histogram *h)
{
    if (h->total == 0)
        return 0.0;
    double sum = 0.0;
    for (uint32_t i = histogram_next(h, 0); i < h->length; i = histogram_next(h, i + 1))
        sum +=
            (double)histogram_median_equivalent(h, histogram_value_at(h, i)) * (double)h->counts[i];
    return sum / (double)h->total;
}

double histogram_sd(const struct histogram *h)
{
    if (h->total == 0)
        return 0.0;
    const double mean = histogram_mean(h);
    double sum = 0.0;
    for (uint32_t i = histogram_next(h, 0); i < h->length; i = histogram_next(h, i + 1)) {
        const double deviation =
            (double)histogram_median_equivalent(h, histogram_value_at(h, i)) - mean;
        sum += deviation * deviation * (double)h->counts[i];
    }
    return sqrt(sum / (double)h->total);
}

int64_t histogram_percentile(const struct histogram *h, double percentile)
{
    if (h->total == 0)
        return 0;
    /* One ulp less, as the reference: else 2.2 % of 1500 values, which the product rounds to
     * 33.000000000000004, would be 34 of them. */
    const double wanted = fmin(fmax(nextafter(percentile, -INFINITY), 0.0), 100.0);
    uint64_t left = (uint64_t)ceil(wanted * (double)h->total / 100.0);
    if (left < 1)
        left = 1;
    uint32_t first;
    uint32_t end;
    used_range(h, &first, &end);
    for (uint32_t i = first; i < end; i++) {
        if (h->counts[i] < left) {
            left -= h->counts[i];
            continue;
        }
        const int64_t value = histogram_value_at(h, i);
        return percentile == 0.0 ? value : histogram_highest_equivalent(h, value);
    }
    return histogram_highest_equivalent(h, h->max); /* wanted * total was rounded up, past 2^53 */
}

uint64_t histogram_count_up_to(const struct histogram *h, int64_t value)
{
    if (value < 0)
        return 0;
    uint32_t first;
    uint32_t end;
    used_range(h, &first, &end);
    const uint32_t last = histogram_index_of(h, value);
    uint64_t count = 0;
    for (uint32_t i = first; i < end && i <= last; i++)
        count += h->counts[i];
    return count;
}

static bool same_layout(const struct histogram *a, const struct histogram *b)
{
    return a->unit_magnitude == b->unit_magnitude && a->half_magnitude == b->half_magnitude;
}

void histogram_add(struct histogram *into, const struct histogram *from)
{
    into->saturated += from->saturated;
    if (from->total == 0)
        return;
    const bool exact =
        same_layout(into, from) && histogram_index_of(into, from->max) < into->length;
    if (exact) {
        uint32_t first;
        uint32_t end;
        used_range(from, &first, &end);
        for (uint32_t i = first; i < end; i++)
            into->counts[i] += from->counts[i];
        into->total += from->total;
        into->min = from->min < into->min ? from->min : into->min;
        into->max = from->max > into->max ? from->max : into->max;
        return;
    }
    for (uint32_t i = histogram_next(from, 0); i < from->length; i = histogram_next(from, i + 1))
        (void)histogram_record_n(
            into, histogram_median_equivalent(from, histogram_value_at(from, i)), from->counts[i]);
}

enum p7_status histogram_copy(struct histogram *into, const struct histogram *from)
{
    const enum p7_status status = histogram_create(
        into, from->lowest_discernible, from->highest_trackable, from->significant_digits);
    if (status == P7_OK)
        histogram_add(into, from);
    return status;
}

int64_t histogram_lowest_discernible(const struct histogram *h)
{
    return h->lowest_discernible;
}

int64_t histogram_highest_trackable(const struct histogram *h)
{
    return h->highest_trackable;
}

int histogram_significant_digits(const struct histogram *h)
{
    return h->significant_digits;
}

uint32_t histogram_length(const struct histogram *h)
{
    return h->length;
}

uint64_t histogram_count_at(const struct histogram *h, uint32_t index)
{
    assert(index < h->length);
    return h->counts[index];
}

uint32_t histogram_next(const struct histogram *h, uint32_t from)
{
    uint32_t first;
    uint32_t end;
    used_range(h, &first, &end);
    for (uint32_t i = from > first ? from : first; i < end; i++)
        if (h->counts[i] != 0)
            return i;
    return h->length;
}
