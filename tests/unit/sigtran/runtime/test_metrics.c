/* SPDX-License-Identifier: AGPL-3.0-or-later */
#ifndef unix
#define unix 1 /* libosmocore declares its statistics for "unix" */
#endif

#include "sigtran/runtime/metrics.h"

#include <osmocom/core/rate_ctr.h>
#include <osmocom/core/stat_item.h>

#include "tests/unit/unit.h"

struct sample {
    uint64_t open;
    uint64_t sent;
    uint64_t ok;
};

static const struct metric list[] = {
    METRIC_GAUGE(struct sample, open, "dialogues:open", "Open dialogues", ""),
    METRIC_COUNTER(struct sample, sent, "requests:sent", "Requests sent"),
    METRIC_COUNTER(struct sample, ok, "requests:ok", "Requests answered"),
};

static uint64_t counter(uint32_t index)
{
    struct rate_ctr_group *group = rate_ctr_get_group_by_name_idx("tested", 0);
    CU_ASSERT_PTR_NOT_NULL_FATAL(group);
    return rate_ctr_group_get_ctr(group, index)->current;
}

static int32_t gauge(uint32_t index)
{
    struct osmo_stat_item_group *group = osmo_stat_item_get_group_by_name_idx("tested", 0);
    CU_ASSERT_PTR_NOT_NULL_FATAL(group);
    return osmo_stat_item_get_last(osmo_stat_item_group_get_item(group, index));
}

static void published_values_stand_in_libosmocores_groups(void)
{
    struct metrics *metrics = NULL;
    CU_ASSERT_EQUAL_FATAL(metrics_create(&metrics, "tested", "Tested", list, 3), P7_OK);
    struct sample sample = {.open = 12, .sent = 100, .ok = 90};
    metrics_publish(metrics, &sample);
    CU_ASSERT_EQUAL(gauge(0), 12);
    CU_ASSERT_EQUAL(counter(0), 100);
    CU_ASSERT_EQUAL(counter(1), 90);
    sample = (struct sample){.open = 5, .sent = 150, .ok = 90};
    metrics_publish(metrics, &sample);
    CU_ASSERT_EQUAL(gauge(0), 5);
    CU_ASSERT_EQUAL(counter(0), 150);
    metrics_destroy(metrics);
}

static void large_totals_and_large_gauges_do_not_wrap(void)
{
    struct metrics *metrics = NULL;
    CU_ASSERT_EQUAL_FATAL(metrics_create(&metrics, "tested", "Tested", list, 3), P7_OK);
    const struct sample sample = {.open = UINT64_C(1) << 40, .sent = UINT64_C(10000000000)};
    metrics_publish(metrics, &sample);
    CU_ASSERT_EQUAL(counter(0), UINT64_C(10000000000));
    CU_ASSERT_EQUAL(gauge(0), INT32_MAX);
    metrics_destroy(metrics);
}

static void a_total_that_fell_starts_again(void)
{
    struct metrics *metrics = NULL;
    CU_ASSERT_EQUAL_FATAL(metrics_create(&metrics, "tested", "Tested", list, 3), P7_OK);
    struct sample sample = {.sent = 100};
    metrics_publish(metrics, &sample);
    sample.sent = 7;
    metrics_publish(metrics, &sample);
    CU_ASSERT_EQUAL(counter(0), 7);
    metrics_destroy(metrics);
}

static void a_groups_name_is_taken_while_it_lives(void)
{
    struct metrics *metrics = NULL;
    struct metrics *second = NULL;
    CU_ASSERT_EQUAL_FATAL(metrics_create(&metrics, "tested", "Tested", list, 3), P7_OK);
    CU_ASSERT_EQUAL(metrics_create(&second, "tested", "Tested", list, 3), P7_EXISTS);
    metrics_destroy(metrics);
    CU_ASSERT_EQUAL(metrics_create(&second, "tested", "Tested", list, 1), P7_OK);
    metrics_destroy(second);
    CU_ASSERT_EQUAL(metrics_create(&second, "tested", "Tested", list, 0), P7_RANGE);
    CU_ASSERT_EQUAL(metrics_create(&second, "tested", "Tested", list, METRICS_MAX + 1), P7_RANGE);
    metrics_destroy(NULL);
}

UNIT_TESTS = {
    UNIT(published_values_stand_in_libosmocores_groups),
    UNIT(large_totals_and_large_gauges_do_not_wrap),
    UNIT(a_total_that_fell_starts_again),
    UNIT(a_groups_name_is_taken_while_it_lives),
};
UNIT_MAIN("metrics")
