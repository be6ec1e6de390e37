/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "sigtran/runtime/metrics.h"

/* libosmocore declares its statistics for "unix", which -std=c11 leaves undefined. */
#ifndef unix
#define unix 1
#endif

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include <osmocom/core/rate_ctr.h>
#include <osmocom/core/stat_item.h>
#include <osmocom/core/stats.h>

#include "sigtran/runtime/log.h"

struct metrics {
    const struct metric *list;
    uint32_t count;
    uint64_t previous[METRICS_MAX]; /* counters: what was last published */
    uint32_t index[METRICS_MAX];    /* in its libosmocore group */
    struct rate_ctr_desc counter_desc[METRICS_MAX];
    struct osmo_stat_item_desc gauge_desc[METRICS_MAX];
    struct rate_ctr_group_desc counter_group_desc;
    struct osmo_stat_item_group_desc *gauge_group_desc; /* has a const field: built on the heap */
    struct rate_ctr_group *counters;
    struct osmo_stat_item_group *gauges;
};

static void metrics_describe(struct metrics *metrics, uint32_t *counters, uint32_t *gauges)
{
    for (uint32_t i = 0; i < metrics->count; i++) {
        const struct metric *m = &metrics->list[i];
        if (m->kind == METRIC_KIND_COUNTER) {
            metrics->index[i] = *counters;
            metrics->counter_desc[(*counters)++] =
                (struct rate_ctr_desc){.name = m->name, .description = m->text};
        } else {
            metrics->index[i] = *gauges;
            metrics->gauge_desc[(*gauges)++] = (struct osmo_stat_item_desc){
                .name = m->name, .description = m->text, .unit = m->unit, .default_value = 0};
        }
    }
}

static enum p7_status metrics_create_groups(struct metrics *metrics, const char *group,
                                            const char *text, uint32_t counters, uint32_t gauges)
{
    if (counters != 0) {
        metrics->counter_group_desc = (struct rate_ctr_group_desc){
            .group_name_prefix = group,
            .group_description = text,
            .class_id = OSMO_STATS_CLASS_GLOBAL,
            .num_ctr = counters,
            .ctr_desc = metrics->counter_desc,
        };
        metrics->counters = rate_ctr_group_alloc(NULL, &metrics->counter_group_desc, 0);
        if (metrics->counters == NULL)
            return P7_NO_MEMORY;
    }
    if (gauges != 0) {
        const struct osmo_stat_item_group_desc desc = {
            .group_name_prefix = group,
            .group_description = text,
            .class_id = OSMO_STATS_CLASS_GLOBAL,
            .num_items = gauges,
            .item_desc = metrics->gauge_desc,
        };
        metrics->gauge_group_desc = malloc(sizeof(desc));
        if (metrics->gauge_group_desc == NULL)
            return P7_NO_MEMORY;
        memcpy(metrics->gauge_group_desc, &desc, sizeof(desc));
        metrics->gauges = osmo_stat_item_group_alloc(NULL, metrics->gauge_group_desc, 0);
        if (metrics->gauges == NULL)
            return P7_NO_MEMORY;
    }
    return P7_OK;
}

enum p7_status metrics_create(struct metrics **metrics, const char *group, const char *text,
                              const struct metric *list, uint32_t count)
{
    *metrics = NULL;
    if (count == 0 || count > METRICS_MAX)
        return P7_RANGE;
    enum p7_status status = p7_log_library_open(); /* libosmocore logs about its groups */
    if (status != P7_OK)
        return status;
    if (rate_ctr_get_group_by_name_idx(group, 0) != NULL ||
        osmo_stat_item_get_group_by_name_idx(group, 0) != NULL)
        return P7_EXISTS;
    struct metrics *m = calloc(1, sizeof(*m));
    if (m == NULL)
        return P7_NO_MEMORY;
    m->list = list;
    m->count = count;
    uint32_t counters = 0;
    uint32_t gauges = 0;
    metrics_describe(m, &counters, &gauges);
    status = metrics_create_groups(m, group, text, counters, gauges);
    if (status != P7_OK) {
        metrics_destroy(m);
        return status;
    }
    *metrics = m;
    return P7_OK;
}

void metrics_destroy(struct metrics *metrics)
{
    if (metrics == NULL)
        return;
    if (metrics->counters != NULL)
        rate_ctr_group_free(metrics->counters);
    if (metrics->gauges != NULL)
        osmo_stat_item_group_free(metrics->gauges);
    free(metrics->gauge_group_desc);
    free(metrics);
}

/* rate_ctr_add takes an int; a total may have moved by more in one go. */
static void metrics_counter_add(struct rate_ctr *counter, uint64_t delta)
{
    while (delta > 0) {
        const int step = delta > INT_MAX ? INT_MAX : (int)delta;
        rate_ctr_add(counter, step);
        delta -= (uint64_t)step;
    }
}

void metrics_publish(struct metrics *metrics, const void *sample)
{
    for (uint32_t i = 0; i < metrics->count; i++) {
        const struct metric *m = &metrics->list[i];
        uint64_t value = 0;
        memcpy(&value, (const uint8_t *)sample + m->offset, sizeof(value));
        if (m->kind == METRIC_KIND_GAUGE) {
            const int32_t cut = value > INT32_MAX ? INT32_MAX : (int32_t)value;
            osmo_stat_item_set(osmo_stat_item_group_get_item(metrics->gauges, metrics->index[i]),
                               cut);
            continue;
        }
        struct rate_ctr *counter = rate_ctr_group_get_ctr(metrics->counters, metrics->index[i]);
        if (value < metrics->previous[i]) {
            rate_ctr_reset(counter);
            metrics->previous[i] = 0;
        }
        metrics_counter_add(counter, value - metrics->previous[i]);
        metrics->previous[i] = value;
    }
}
