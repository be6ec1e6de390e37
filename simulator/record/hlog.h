/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * hlog - latency.hlog: response times in the HdrHistogram log format 1.3, so that any HdrHistogram
 * tool reads the distribution of every interval (and, merged, of the run).
 *
 * A line per interval and tag (the request kind's name; no tag: all kinds): start and length in
 * seconds, the maximum in ms, then the histogram of nanoseconds in HdrHistogram's V2 encoding
 * (zigzag LEB128 counts), compressed (zlib), in base64.
 *
 * hlog_open -> hlog_put in order of start -> hlog_close, all from one thread. Write errors are
 * sticky as in run_directory.h.
 */
#ifndef SIMULATOR_RECORD_HLOG_H
#define SIMULATOR_RECORD_HLOG_H

#include <stddef.h>
#include <stdint.h>

#include "sigtran/base/status.h"
#include "simulator/core/histogram.h"
#include "simulator/core/request.h"
#include "simulator/record/run_directory.h"

struct hlog;

/* `start_wall_ns`: the run's start since 1970, UTC. Errors as output_open. */
enum p7_status hlog_open(struct hlog **result, const char *directory, int64_t start_wall_ns,
                         const char *version) P7_MUST_CHECK;

/* `tag` NULL: the untagged line. P7_NO_MEMORY; P7_RANGE: a tag with a comma, blank or line break;
 * P7_SYSTEM: the file can't be written (sticky). The histogram is only read. */
enum p7_status hlog_put(struct hlog *hlog, const char *tag, int64_t start_ns, int64_t length_ns,
                        const struct histogram *histogram) P7_MUST_CHECK;

/* An interval's lines: untagged the sum of all kinds, then one tagged with its name for each kind
 * that has values. All of one layout. Errors as hlog_put. */
enum p7_status hlog_put_kinds(struct hlog *hlog, int64_t start_ns, int64_t length_ns,
                              const struct histogram *const kind[REQUEST_KIND_COUNT]) P7_MUST_CHECK;

/* Frees. P7_SYSTEM: not everything is on its way to the disk. */
enum p7_status hlog_close(struct hlog *hlog) P7_MUST_CHECK;

/* The last two steps by themselves, for tests and other writers: V2 compressed bytes; base64 with
 * padding (RFC 4648-4). Both give the length, or 0 when `room` is too small or memory lacks. */
size_t hlog_encode(const struct histogram *histogram, uint8_t *dst, size_t room);
size_t hlog_base64(const uint8_t *data, size_t octets, char *dst, size_t room);

/* Room that hlog_encode needs at most for this histogram. */
size_t hlog_encode_room(const struct histogram *histogram);

#endif
