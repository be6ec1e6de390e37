/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "responder/core/workload_plan.h"

#include "tests/unit/unit.h"

static void the_parts_of_the_workers_cover_the_heap_once(void)
{
    enum { PAGES = 103, WORKERS = 8 };
    unsigned touched[PAGES] = {0};
    for (uint32_t i = 0; i < WORKERS; i++) {
        struct workload_pages part = workload_pages_of(PAGES, i, WORKERS);
        CU_ASSERT_TRUE_FATAL(part.first + part.count <= PAGES);
        for (uint64_t n = 0; n < part.count; n++)
            touched[workload_pages_next(&part)]++;
        CU_ASSERT_EQUAL(part.next, 0); /* once round */
    }
    for (unsigned i = 0; i < PAGES; i++)
        CU_ASSERT_EQUAL(touched[i], 1);
}

static void more_workers_than_pages_share_the_heap(void)
{
    struct workload_pages part = workload_pages_of(3, 7, 8);
    CU_ASSERT_EQUAL(part.count, 3);
    for (unsigned i = 0; i < 7; i++)
        CU_ASSERT_EQUAL(workload_pages_next(&part), i % 3);
    CU_ASSERT_EQUAL(workload_pages_of(0, 0, 1).count, 0);
}

static void a_quick_disk_is_written_more_often_than_a_slow_one(void)
{
    struct workload_throttle quick = {0}, slow = {0};
    CU_ASSERT_EQUAL(workload_throttle_pause_ns(&quick, 100000), WORKLOAD_PAUSE_NS_MIN);
    CU_ASSERT_EQUAL(workload_throttle_pause_ns(&slow, 20000000), 80000000);
    CU_ASSERT_EQUAL(workload_throttle_pause_ns(&slow, INT64_MAX), WORKLOAD_PAUSE_NS_MAX);
}

static void the_pause_follows_the_latency_there_and_back(void)
{
    struct workload_throttle throttle = {0};
    int64_t pause = workload_throttle_pause_ns(&throttle, 1000000);
    CU_ASSERT_EQUAL(pause, 4000000);
    for (unsigned i = 0; i < 100; i++) {
        const int64_t longer = workload_throttle_pause_ns(&throttle, 50000000);
        CU_ASSERT_TRUE(longer >= pause);
        pause = longer;
    }
    CU_ASSERT_TRUE(pause > 199000000 && pause <= 200000000);
    for (unsigned i = 0; i < 100; i++)
        pause = workload_throttle_pause_ns(&throttle, 1000000);
    CU_ASSERT_TRUE(pause < 4100000);
}

static void segments_rotate_and_disk_use_is_bounded(void)
{
    struct workload_segments segments = {0};
    uint64_t held[WORKLOAD_SEGMENT_FILES] = {0};
    unsigned rotations = 0;
    for (unsigned i = 0; i < 5000; i++) {
        const uint64_t octets = 1048576 + i;
        if (workload_segments_write(&segments, octets)) {
            CU_ASSERT_TRUE_FATAL(segments.file < WORKLOAD_SEGMENT_FILES);
            CU_ASSERT_EQUAL(segments.file, rotations % WORKLOAD_SEGMENT_FILES);
            held[segments.file] = 0;
            rotations++;
        }
        held[segments.file] += octets;
        CU_ASSERT_EQUAL(held[segments.file], segments.octets);
        CU_ASSERT_TRUE(held[segments.file] <= WORKLOAD_SEGMENT_OCTETS);
    }
    CU_ASSERT_TRUE(rotations > 2 * WORKLOAD_SEGMENT_FILES);
}

static void jobs_beyond_any_experiment_are_refused(void)
{
    struct workload_plan_params params = {.cpu_us = WORKLOAD_CPU_US_MAX,
                                          .octets_written = WORKLOAD_OCTETS_MAX,
                                          .pages_dirtied = WORKLOAD_PAGES_MAX};
    CU_ASSERT_EQUAL(workload_plan_check(&params), P7_OK);
    params.cpu_us++;
    CU_ASSERT_EQUAL(workload_plan_check(&params), P7_RANGE);
    params.cpu_us--;
    params.octets_written++;
    CU_ASSERT_EQUAL(workload_plan_check(&params), P7_RANGE);
    params.octets_written--;
    params.pages_dirtied++;
    CU_ASSERT_EQUAL(workload_plan_check(&params), P7_RANGE);
}

UNIT_TESTS = {
    UNIT(the_parts_of_the_workers_cover_the_heap_once),
    UNIT(more_workers_than_pages_share_the_heap),
    UNIT(a_quick_disk_is_written_more_often_than_a_slow_one),
    UNIT(the_pause_follows_the_latency_there_and_back),
    UNIT(segments_rotate_and_disk_use_is_bounded),
    UNIT(jobs_beyond_any_experiment_are_refused),
};
UNIT_MAIN("responder/core/workload_plan")
