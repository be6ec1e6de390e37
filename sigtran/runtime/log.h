/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * log - what the programs say to their operator: libosmocore's logging for the main thread, and a
 * bounded queue through which workers have the main thread say it for them.
 *
 * libosmocore's logging is for one thread and may block in write(2). A worker that stood still in
 * it would be measured as an outage of the system under test, so workers only ever put a line into
 * a lock-free queue; when it is full, or when one worker says more than its share, the line is
 * dropped and counted, and the count is logged.
 *
 * Life cycle, main thread: p7_log_open -> (configuration file: `log stderr`, `logging level ...`)
 * -> P7_LOG ... -> p7_log_close. A queue: p7_log_queue_create -> p7_log_queue_write (workers) and
 * p7_log_queue_drain (main, a few times a second) -> p7_log_queue_destroy after the workers ended.
 *
 * libosmocore keeps its logging state in globals of its own: one p7_log_open per process at a time.
 */
#ifndef SIGTRAN_RUNTIME_LOG_H
#define SIGTRAN_RUNTIME_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sigtran/base/status.h"

/* The categories, each settable by `logging level CATEGORY LEVEL`. */
enum p7_log_category {
    P7_LOG_MAIN,
    P7_LOG_SCTP,
    P7_LOG_M3UA,
    P7_LOG_SCCP,
    P7_LOG_TCAP,
    P7_LOG_CAP,
    P7_LOG_TRAFFIC,
    P7_LOG_CLUSTER,
    P7_LOG_CATEGORY_COUNT
};

/* libosmocore's levels, by their values. */
enum p7_log_level {
    P7_LOG_DEBUG = 1,
    P7_LOG_INFO = 3,
    P7_LOG_NOTICE = 5, /* the default: what an operator should see */
    P7_LOG_ERROR = 7,
    P7_LOG_FATAL = 8,
};

#define P7_LOG_LINE_OCTETS 256

/* "main", "sctp", ... without libosmocore's leading D. */
const char *p7_log_category_name(enum p7_log_category category);

/*
 * Starts logging to standard error, with `level` for every category. P7_STATE when it is open
 * already, P7_NO_MEMORY.
 */
enum p7_status p7_log_open(enum p7_log_level level) P7_MUST_CHECK;

/* Brings libosmocore's logging up without opening it: what its commands in configuration files need
 * (console_library_open calls it). A no-op when it is up; P7_NO_MEMORY. */
enum p7_status p7_log_library_open(void) P7_MUST_CHECK;

/* Ends it; a no-op when it is not open. */
void p7_log_close(void);

/* Sets the level of every category on standard error: the programs' --quiet. */
void p7_log_set_level(enum p7_log_level level);

/* Main thread only. */
bool p7_log_is_enabled(enum p7_log_category category, enum p7_log_level level);
void p7_log_line(enum p7_log_category category, enum p7_log_level level, const char *file, int line,
                 const char *format, ...) __attribute__((format(printf, 5, 6)));

/* Main thread only: arguments are evaluated only when the category says something at that level.
 * The newline is added. */
#define P7_LOG(category, level, ...)                                                               \
    do {                                                                                           \
        if (p7_log_is_enabled((category), (level)))                                                \
            p7_log_line((category), (level), __FILE__, __LINE__, __VA_ARGS__);                     \
    } while (0)

struct p7_log_queue;

/*
 * A queue of `capacity` lines (rounded up to a power of two), which takes at most `lines_per_s`
 * lines in a second from all workers together. P7_RANGE when either is 0, P7_NO_MEMORY.
 */
enum p7_status p7_log_queue_create(struct p7_log_queue **queue, uint32_t capacity,
                                   uint32_t lines_per_s) P7_MUST_CHECK;
void p7_log_queue_destroy(struct p7_log_queue *queue);

/*
 * Any thread, never blocks: queues one line (cut at P7_LOG_LINE_OCTETS - 1), or drops and counts
 * it. `now_ns` is the caller's loop time. Returns whether the line was taken.
 */
bool p7_log_queue_write(struct p7_log_queue *queue, int64_t now_ns, enum p7_log_category category,
                        enum p7_log_level level, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

/* Main thread: logs what is queued, and one line about what was dropped since the last call.
 * Returns the number of lines taken out. */
uint32_t p7_log_queue_drain(struct p7_log_queue *queue);

/* The same with the lines handed to `line` instead of libosmocore. */
uint32_t p7_log_queue_drain_to(struct p7_log_queue *queue,
                               void (*line)(void *context, enum p7_log_category category,
                                            enum p7_log_level level, const char *text),
                               void *context);

/* Lines dropped since the queue was created. */
uint64_t p7_log_queue_dropped(const struct p7_log_queue *queue);

#endif
