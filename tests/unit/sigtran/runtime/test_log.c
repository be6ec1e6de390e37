/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "sigtran/runtime/log.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "sigtran/runtime/clock.h"
#include "tests/unit/unit.h"

#define LINES_MAX 64

struct collected {
    uint32_t count;
    enum p7_log_category category[LINES_MAX];
    enum p7_log_level level[LINES_MAX];
    char text[LINES_MAX][P7_LOG_LINE_OCTETS];
};

static void collect(void *context, enum p7_log_category category, enum p7_log_level level,
                    const char *text)
{
    struct collected *c = context;
    if (c->count == LINES_MAX)
        return;
    c->category[c->count] = category;
    c->level[c->count] = level;
    (void)snprintf(c->text[c->count++], P7_LOG_LINE_OCTETS, "%s", text);
}

static void lines_come_out_as_they_went_in(void)
{
    struct p7_log_queue *queue = NULL;
    struct collected c = {0};
    CU_ASSERT_EQUAL_FATAL(p7_log_queue_create(&queue, 8, 100), P7_OK);
    CU_ASSERT_TRUE(p7_log_queue_write(queue, 0, P7_LOG_SCTP, P7_LOG_ERROR, "path %d down", 3));
    CU_ASSERT_TRUE(p7_log_queue_write(queue, 0, P7_LOG_CAP, P7_LOG_DEBUG, "%s", "idp"));
    CU_ASSERT_EQUAL(p7_log_queue_drain_to(queue, collect, &c), 2);
    CU_ASSERT_STRING_EQUAL(c.text[0], "path 3 down");
    CU_ASSERT_EQUAL(c.category[0], P7_LOG_SCTP);
    CU_ASSERT_EQUAL(c.level[0], P7_LOG_ERROR);
    CU_ASSERT_STRING_EQUAL(c.text[1], "idp");
    CU_ASSERT_EQUAL(p7_log_queue_drain_to(queue, collect, &c), 0);
    p7_log_queue_destroy(queue);
}

static void more_lines_than_a_second_allows_are_dropped_counted_and_told_once(void)
{
    struct p7_log_queue *queue = NULL;
    struct collected c = {0};
    CU_ASSERT_EQUAL_FATAL(p7_log_queue_create(&queue, 64, 3), P7_OK);
    for (uint32_t i = 0; i < 10; i++)
        CU_ASSERT_EQUAL(
            p7_log_queue_write(queue, 999 + i, P7_LOG_M3UA, P7_LOG_NOTICE, "line %u", i), i < 3);
    CU_ASSERT_EQUAL(p7_log_queue_dropped(queue), 7);
    /* A second after the first one there is room again. */
    CU_ASSERT_TRUE(
        p7_log_queue_write(queue, 999 + CLOCK_NS_PER_S, P7_LOG_M3UA, P7_LOG_NOTICE, "n"));
    CU_ASSERT_EQUAL(p7_log_queue_drain_to(queue, collect, &c), 4);
    CU_ASSERT_EQUAL(c.count, 5);
    CU_ASSERT_PTR_NOT_NULL(strstr(c.text[4], "7 log lines of workers were dropped"));
    CU_ASSERT_EQUAL(p7_log_queue_drain_to(queue, collect, &c), 0);
    CU_ASSERT_EQUAL(c.count, 5);
    p7_log_queue_destroy(queue);
}

static void a_full_queue_drops_and_counts(void)
{
    struct p7_log_queue *queue = NULL;
    struct collected c = {0};
    CU_ASSERT_EQUAL_FATAL(p7_log_queue_create(&queue, 4, 1000), P7_OK);
    for (uint32_t i = 0; i < 6; i++)
        (void)p7_log_queue_write(queue, 0, P7_LOG_MAIN, P7_LOG_INFO, "%u", i);
    CU_ASSERT_EQUAL(p7_log_queue_dropped(queue), 2);
    CU_ASSERT_EQUAL(p7_log_queue_drain_to(queue, collect, &c), 4);
    p7_log_queue_destroy(queue);
}

static void a_line_that_is_too_long_is_cut(void)
{
    struct p7_log_queue *queue = NULL;
    struct collected c = {0};
    char text[400];
    memset(text, 'y', sizeof(text));
    text[sizeof(text) - 1] = '\0';
    CU_ASSERT_EQUAL_FATAL(p7_log_queue_create(&queue, 4, 10), P7_OK);
    CU_ASSERT_TRUE(p7_log_queue_write(queue, 0, P7_LOG_MAIN, P7_LOG_INFO, "%s", text));
    CU_ASSERT_EQUAL(p7_log_queue_drain_to(queue, collect, &c), 1);
    CU_ASSERT_EQUAL(strlen(c.text[0]), P7_LOG_LINE_OCTETS - 1);
    p7_log_queue_destroy(queue);
}

static void a_queue_needs_room_and_a_rate(void)
{
    struct p7_log_queue *queue = NULL;
    CU_ASSERT_EQUAL(p7_log_queue_create(&queue, 0, 1), P7_RANGE);
    CU_ASSERT_EQUAL(p7_log_queue_create(&queue, 1, 0), P7_RANGE);
    CU_ASSERT_PTR_NULL(queue);
    p7_log_queue_destroy(NULL);
}

static void *write_lines(void *context)
{
    struct p7_log_queue *queue = context;
    for (uint32_t i = 0; i < 500; i++)
        (void)p7_log_queue_write(queue, i, P7_LOG_TRAFFIC, P7_LOG_DEBUG, "worker says %u", i);
    return NULL;
}

static void workers_never_lose_a_line_without_its_being_counted(void)
{
    struct p7_log_queue *queue = NULL;
    struct collected c = {0};
    pthread_t thread[2];
    CU_ASSERT_EQUAL_FATAL(p7_log_queue_create(&queue, 32, 700), P7_OK);
    for (uint32_t i = 0; i < 2; i++)
        CU_ASSERT_EQUAL_FATAL(pthread_create(&thread[i], NULL, write_lines, queue), 0);
    uint64_t taken = 0;
    for (uint32_t i = 0; i < 100; i++)
        taken += p7_log_queue_drain_to(queue, collect, &c);
    for (uint32_t i = 0; i < 2; i++)
        (void)pthread_join(thread[i], NULL);
    taken += p7_log_queue_drain_to(queue, collect, &c);
    CU_ASSERT_EQUAL(taken + p7_log_queue_dropped(queue), 1000);
    p7_log_queue_destroy(queue);
}

static void levels_open_and_shut_what_is_logged(void)
{
    CU_ASSERT_EQUAL_FATAL(p7_log_open(P7_LOG_NOTICE), P7_OK);
    CU_ASSERT_EQUAL(p7_log_open(P7_LOG_NOTICE), P7_STATE);
    CU_ASSERT_TRUE(p7_log_is_enabled(P7_LOG_MAIN, P7_LOG_NOTICE));
    CU_ASSERT_FALSE(p7_log_is_enabled(P7_LOG_MAIN, P7_LOG_INFO));
    p7_log_set_level(P7_LOG_DEBUG);
    CU_ASSERT_TRUE(p7_log_is_enabled(P7_LOG_CLUSTER, P7_LOG_DEBUG));
    p7_log_set_level(P7_LOG_FATAL);
    CU_ASSERT_FALSE(p7_log_is_enabled(P7_LOG_TCAP, P7_LOG_ERROR));
    P7_LOG(P7_LOG_TCAP, P7_LOG_ERROR, "never %s", "seen");
    p7_log_close();
    CU_ASSERT_FALSE(p7_log_is_enabled(P7_LOG_MAIN, P7_LOG_FATAL));
    CU_ASSERT_EQUAL_FATAL(p7_log_open(P7_LOG_ERROR), P7_OK);
    CU_ASSERT_TRUE(p7_log_is_enabled(P7_LOG_MAIN, P7_LOG_ERROR));
    p7_log_close();
    p7_log_close();
}

static void every_category_has_a_name_of_its_own(void)
{
    for (int i = 0; i < P7_LOG_CATEGORY_COUNT; i++)
        for (int j = 0; j < i; j++)
            CU_ASSERT_STRING_NOT_EQUAL(p7_log_category_name((enum p7_log_category)i),
                                       p7_log_category_name((enum p7_log_category)j));
    CU_ASSERT_STRING_EQUAL(p7_log_category_name(P7_LOG_CATEGORY_COUNT), "unknown");
}

UNIT_TESTS = {
    UNIT(lines_come_out_as_they_went_in),
    UNIT(more_lines_than_a_second_allows_are_dropped_counted_and_told_once),
    UNIT(a_full_queue_drops_and_counts),
    UNIT(a_line_that_is_too_long_is_cut),
    UNIT(a_queue_needs_room_and_a_rate),
    UNIT(workers_never_lose_a_line_without_its_being_counted),
    UNIT(levels_open_and_shut_what_is_logged),
    UNIT(every_category_has_a_name_of_its_own),
};
UNIT_MAIN("log")
