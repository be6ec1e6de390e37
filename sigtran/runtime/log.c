/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * Writable globals, the exception with its reason: libosmocore's logging is one per process and
 * can't be brought up twice, so that a flag must remember that it is up.
 */
#include "sigtran/runtime/log.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <osmocom/core/application.h>
#include <osmocom/core/logging.h>
#include <osmocom/core/talloc.h>
#include <osmocom/core/utils.h>

#include "sigtran/runtime/clock.h"
#include "sigtran/runtime/mailbox.h"

static const struct log_info_cat log_categories[] = {
    [P7_LOG_MAIN] = {"DMAIN", NULL, "The program itself", LOGL_NOTICE, 1},
    [P7_LOG_SCTP] = {"DSCTP", NULL, "SCTP associations and paths", LOGL_NOTICE, 1},
    [P7_LOG_M3UA] = {"DM3UA", NULL, "M3UA: ASP and AS states", LOGL_NOTICE, 1},
    [P7_LOG_SCCP] = {"DSCCP", NULL, "SCCP routing and management", LOGL_NOTICE, 1},
    [P7_LOG_TCAP] = {"DTCAP", NULL, "TCAP dialogues", LOGL_NOTICE, 1},
    [P7_LOG_CAP] = {"DCAP", NULL, "CAP operations", LOGL_NOTICE, 1},
    [P7_LOG_TRAFFIC] = {"DTRAFFIC", NULL, "Schedule, requests and their validity", LOGL_NOTICE, 1},
    [P7_LOG_CLUSTER] = {"DCLUSTER", NULL, "Roles and replication of a cluster", LOGL_NOTICE, 1},
};
_Static_assert(sizeof(log_categories) / sizeof(log_categories[0]) == P7_LOG_CATEGORY_COUNT,
               "every category has its row");

static const struct log_info log_information = {
    .cat = log_categories,
    .num_cat = P7_LOG_CATEGORY_COUNT,
};

static struct {
    bool library_up;
    bool open;
} log_state;

const char *p7_log_category_name(enum p7_log_category category)
{
    static const char *const names[] = {"main", "sctp", "m3ua",    "sccp",
                                        "tcap", "cap",  "traffic", "cluster"};
    return (unsigned)category < P7_LOG_CATEGORY_COUNT ? names[category] : "unknown";
}

enum p7_status p7_log_library_open(void)
{
    if (log_state.library_up)
        return P7_OK;
    if (osmo_init_logging2(NULL, &log_information) != 0)
        return P7_NO_MEMORY;
    log_set_use_color(osmo_stderr_target, 0);
    log_set_print_category_hex(osmo_stderr_target, 0);
    log_set_print_category(osmo_stderr_target, 1);
    log_set_print_level(osmo_stderr_target, 1);
    log_set_print_filename2(osmo_stderr_target, LOG_FILENAME_NONE);
    log_set_print_extended_timestamp(osmo_stderr_target, 0);
    log_set_all_filter(osmo_stderr_target, 1);
    log_state.library_up = true;
    return P7_OK;
}

enum p7_status p7_log_open(enum p7_log_level level)
{
    if (log_state.open)
        return P7_STATE;
    const bool was_up = log_state.library_up;
    const enum p7_status status = p7_log_library_open();
    if (status != P7_OK)
        return status;
    if (was_up && log_target_find(LOG_TGT_TYPE_STDERR, NULL) == NULL)
        log_add_target(osmo_stderr_target);
    log_state.open = true;
    p7_log_set_level(level);
    return P7_OK;
}

void p7_log_close(void)
{
    if (!log_state.open)
        return;
    log_del_target(osmo_stderr_target);
    log_state.open = false;
}

void p7_log_set_level(enum p7_log_level level)
{
    if (!log_state.library_up)
        return;
    for (int category = 0; category < P7_LOG_CATEGORY_COUNT; category++)
        log_set_category_filter(osmo_stderr_target, category, 1, (int)level);
    /* libosmocore's own lines ("Available via telnet ...") obey too. */
    for (int library = 1; library <= OSMO_NUM_DLIB; library++)
        log_set_category_filter(osmo_stderr_target, -library, 1, (int)level);
}

bool p7_log_is_enabled(enum p7_log_category category, enum p7_log_level level)
{
    return log_state.library_up && log_check_level((int)category, (unsigned)level) != 0;
}

void p7_log_line(enum p7_log_category category, enum p7_log_level level, const char *file, int line,
                 const char *format, ...)
{
    char text[2 * P7_LOG_LINE_OCTETS];
    va_list ap;
    va_start(ap, format);
    (void)vsnprintf(text, sizeof(text), format, ap);
    va_end(ap);
    if (log_state.library_up)
        logp2((int)category, (unsigned)level, file, line, 0, "%s\n", text);
}

/* --- the workers' queue ---------------------------------------------------------------------- */

struct log_line {
    enum p7_log_category category;
    enum p7_log_level level;
    char text[P7_LOG_LINE_OCTETS];
};

struct p7_log_queue {
    struct mailbox *lines;
    uint32_t lines_per_s;
    _Atomic int64_t second_start_ns;
    _Atomic uint64_t second_count;
    _Atomic uint64_t dropped;
    uint64_t dropped_told; /* reader's: how many of them were logged */
};

enum p7_status p7_log_queue_create(struct p7_log_queue **queue, uint32_t capacity,
                                   uint32_t lines_per_s)
{
    *queue = NULL;
    if (lines_per_s == 0)
        return P7_RANGE;
    struct p7_log_queue *q = calloc(1, sizeof(*q));
    if (q == NULL)
        return P7_NO_MEMORY;
    const struct mailbox_wake none = {.wake = NULL, .context = NULL};
    const enum p7_status status =
        mailbox_create(&q->lines, capacity, sizeof(struct log_line), none);
    if (status != P7_OK) {
        free(q);
        return status;
    }
    q->lines_per_s = lines_per_s;
    atomic_init(&q->second_start_ns, INT64_MIN);
    *queue = q;
    return P7_OK;
}

void p7_log_queue_destroy(struct p7_log_queue *queue)
{
    if (queue == NULL)
        return;
    mailbox_destroy(queue->lines);
    free(queue);
}

/* Whether this second's share has room. Two workers at the turn of a second may both start it
 * anew: that admits a few lines more, no harm. */
static bool log_queue_admit(struct p7_log_queue *queue, int64_t now_ns)
{
    int64_t start_ns = atomic_load_explicit(&queue->second_start_ns, memory_order_relaxed);
    if (start_ns == INT64_MIN || now_ns - start_ns >= CLOCK_NS_PER_S) {
        if (atomic_compare_exchange_strong_explicit(&queue->second_start_ns, &start_ns, now_ns,
                                                    memory_order_relaxed, memory_order_relaxed))
            atomic_store_explicit(&queue->second_count, 0, memory_order_relaxed);
    }
    return atomic_fetch_add_explicit(&queue->second_count, 1, memory_order_relaxed) <
           queue->lines_per_s;
}

bool p7_log_queue_write(struct p7_log_queue *queue, int64_t now_ns, enum p7_log_category category,
                        enum p7_log_level level, const char *format, ...)
{
    if (log_queue_admit(queue, now_ns)) {
        struct log_line line = {.category = category, .level = level, .text = ""};
        va_list ap;
        va_start(ap, format);
        (void)vsnprintf(line.text, sizeof(line.text), format, ap);
        va_end(ap);
        if (mailbox_post(queue->lines, &line) == P7_OK)
            return true;
    }
    atomic_fetch_add_explicit(&queue->dropped, 1, memory_order_relaxed);
    return false;
}

uint32_t p7_log_queue_drain_to(struct p7_log_queue *queue,
                               void (*line)(void *context, enum p7_log_category category,
                                            enum p7_log_level level, const char *text),
                               void *context)
{
    struct log_line taken;
    uint32_t count = 0;
    /* The bound keeps a flood of lines from holding the main thread. */
    while (count < MAILBOX_CAPACITY_MAX && mailbox_take(queue->lines, &taken)) {
        line(context, taken.category, taken.level, taken.text);
        count++;
    }
    const uint64_t dropped = p7_log_queue_dropped(queue);
    if (dropped != queue->dropped_told) {
        char text[P7_LOG_LINE_OCTETS];
        (void)snprintf(text, sizeof(text),
                       "%" PRIu64 " log lines of workers were dropped (more than %" PRIu32
                       " a second, or the queue was full)",
                       dropped - queue->dropped_told, queue->lines_per_s);
        queue->dropped_told = dropped;
        line(context, P7_LOG_MAIN, P7_LOG_NOTICE, text);
    }
    return count;
}

static void log_queue_line(void *context, enum p7_log_category category, enum p7_log_level level,
                           const char *text)
{
    (void)context;
    P7_LOG(category, level, "%s", text);
}

uint32_t p7_log_queue_drain(struct p7_log_queue *queue)
{
    return p7_log_queue_drain_to(queue, log_queue_line, NULL);
}

uint64_t p7_log_queue_dropped(const struct p7_log_queue *queue)
{
    return atomic_load_explicit(&queue->dropped, memory_order_relaxed);
}
