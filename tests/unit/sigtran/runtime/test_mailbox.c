/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "sigtran/runtime/mailbox.h"

#include <poll.h>
#include <pthread.h>
#include <sched.h>

#include "tests/unit/unit.h"

struct note {
    uint32_t from;
    uint32_t number;
};

static void messages_come_out_in_the_order_that_they_went_in(void)
{
    struct mailbox *mailbox = NULL;
    const struct mailbox_wake none = {.wake = NULL, .context = NULL};
    CU_ASSERT_EQUAL_FATAL(mailbox_create(&mailbox, 4, sizeof(struct note), none), P7_OK);
    struct note out = {0, 0};
    CU_ASSERT_FALSE(mailbox_take(mailbox, &out));
    for (uint32_t round = 0; round < 10; round++) {
        for (uint32_t i = 0; i < 3; i++) {
            const struct note in = {.from = round, .number = i};
            CU_ASSERT_EQUAL(mailbox_post(mailbox, &in), P7_OK);
        }
        for (uint32_t i = 0; i < 3; i++) {
            CU_ASSERT_TRUE(mailbox_take(mailbox, &out));
            CU_ASSERT_EQUAL(out.from, round);
            CU_ASSERT_EQUAL(out.number, i);
        }
        CU_ASSERT_FALSE(mailbox_take(mailbox, &out));
    }
    mailbox_destroy(mailbox);
}

static void a_full_mailbox_refuses_and_counts_and_takes_again_after_a_take(void)
{
    struct mailbox *mailbox = NULL;
    const struct mailbox_wake none = {.wake = NULL, .context = NULL};
    CU_ASSERT_EQUAL_FATAL(mailbox_create(&mailbox, 3, sizeof(uint64_t), none), P7_OK);
    uint64_t value = 0;
    for (; value < 4; value++) /* 3 is rounded up to 4 */
        CU_ASSERT_EQUAL(mailbox_post(mailbox, &value), P7_OK);
    CU_ASSERT_EQUAL(mailbox_post(mailbox, &value), P7_FULL);
    CU_ASSERT_EQUAL(mailbox_post(mailbox, &value), P7_FULL);
    CU_ASSERT_EQUAL(mailbox_refused(mailbox), 2);
    uint64_t out = 99;
    CU_ASSERT_TRUE(mailbox_take(mailbox, &out));
    CU_ASSERT_EQUAL(out, 0);
    CU_ASSERT_EQUAL(mailbox_post(mailbox, &value), P7_OK);
    mailbox_destroy(mailbox);
}

static void sizes_of_zero_and_above_the_limit_are_refused(void)
{
    struct mailbox *mailbox = NULL;
    const struct mailbox_wake none = {.wake = NULL, .context = NULL};
    CU_ASSERT_EQUAL(mailbox_create(&mailbox, 0, 8, none), P7_RANGE);
    CU_ASSERT_EQUAL(mailbox_create(&mailbox, 8, 0, none), P7_RANGE);
    CU_ASSERT_EQUAL(mailbox_create(&mailbox, MAILBOX_CAPACITY_MAX + 1, 8, none), P7_RANGE);
    CU_ASSERT_PTR_NULL(mailbox);
    mailbox_destroy(NULL);
}

static void count_wake(void *context)
{
    *(uint32_t *)context += 1;
}

static void every_post_that_is_taken_wakes_and_a_refused_one_does_not(void)
{
    uint32_t wakes = 0;
    struct mailbox *mailbox = NULL;
    const struct mailbox_wake wake = {.wake = count_wake, .context = &wakes};
    CU_ASSERT_EQUAL_FATAL(mailbox_create(&mailbox, 2, 1, wake), P7_OK);
    const uint8_t octet = 7;
    CU_ASSERT_EQUAL(mailbox_post(mailbox, &octet), P7_OK);
    CU_ASSERT_EQUAL(mailbox_post(mailbox, &octet), P7_OK);
    CU_ASSERT_EQUAL(mailbox_post(mailbox, &octet), P7_FULL);
    CU_ASSERT_EQUAL(wakes, 2);
    CU_ASSERT_EQUAL(mailbox_fd(mailbox), -1);
    mailbox_destroy(mailbox);
}

static bool is_readable(int fd)
{
    struct pollfd p = {.fd = fd, .events = POLLIN, .revents = 0};
    return poll(&p, 1, 0) == 1;
}

static void the_eventfd_is_readable_from_a_post_until_it_is_cleared(void)
{
    struct mailbox *mailbox = NULL;
    CU_ASSERT_EQUAL_FATAL(mailbox_create_fd(&mailbox, 8, 1), P7_OK);
    uint8_t octet = 7;
    CU_ASSERT_FALSE(is_readable(mailbox_fd(mailbox)));
    CU_ASSERT_EQUAL(mailbox_post(mailbox, &octet), P7_OK);
    CU_ASSERT_EQUAL(mailbox_post(mailbox, &octet), P7_OK);
    CU_ASSERT_TRUE(is_readable(mailbox_fd(mailbox)));
    mailbox_fd_clear(mailbox);
    CU_ASSERT_FALSE(is_readable(mailbox_fd(mailbox)));
    mailbox_fd_clear(mailbox); /* clearing what is clear does not block */
    CU_ASSERT_TRUE(mailbox_take(mailbox, &octet));
    CU_ASSERT_TRUE(mailbox_take(mailbox, &octet));
    mailbox_destroy(mailbox);
}

#define WRITERS  3u
#define MESSAGES 20000u

struct writer {
    struct mailbox *mailbox;
    uint32_t number;
};

static void *writer_run(void *context)
{
    const struct writer *writer = context;
    for (uint32_t i = 0; i < MESSAGES; i++) {
        const struct note note = {.from = writer->number, .number = i};
        while (mailbox_post(writer->mailbox, &note) != P7_OK)
            (void)sched_yield();
    }
    return NULL;
}

static void several_writers_lose_nothing_and_each_keeps_its_order(void)
{
    struct mailbox *mailbox = NULL;
    const struct mailbox_wake none = {.wake = NULL, .context = NULL};
    CU_ASSERT_EQUAL_FATAL(mailbox_create(&mailbox, 64, sizeof(struct note), none), P7_OK);
    pthread_t thread[WRITERS];
    struct writer writer[WRITERS];
    for (uint32_t i = 0; i < WRITERS; i++) {
        writer[i] = (struct writer){.mailbox = mailbox, .number = i};
        CU_ASSERT_EQUAL_FATAL(pthread_create(&thread[i], NULL, writer_run, &writer[i]), 0);
    }
    uint32_t next[WRITERS] = {0};
    uint32_t out_of_order = 0;
    for (uint32_t taken = 0; taken < WRITERS * MESSAGES;) {
        struct note note;
        if (!mailbox_take(mailbox, &note)) {
            (void)sched_yield();
            continue;
        }
        taken++;
        if (note.from >= WRITERS || note.number != next[note.from]++)
            out_of_order++;
    }
    for (uint32_t i = 0; i < WRITERS; i++)
        (void)pthread_join(thread[i], NULL);
    CU_ASSERT_EQUAL(out_of_order, 0);
    for (uint32_t i = 0; i < WRITERS; i++)
        CU_ASSERT_EQUAL(next[i], MESSAGES);
    mailbox_destroy(mailbox);
}

UNIT_TESTS = {
    UNIT(messages_come_out_in_the_order_that_they_went_in),
    UNIT(a_full_mailbox_refuses_and_counts_and_takes_again_after_a_take),
    UNIT(sizes_of_zero_and_above_the_limit_are_refused),
    UNIT(every_post_that_is_taken_wakes_and_a_refused_one_does_not),
    UNIT(the_eventfd_is_readable_from_a_post_until_it_is_cleared),
    UNIT(several_writers_lose_nothing_and_each_keeps_its_order),
};
UNIT_MAIN("mailbox")
