/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "sigtran/runtime/capture.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "sigtran/codec/capture_block.h"
#include "sigtran/runtime/thread.h"

#define CACHE_LINE_OCTETS 64
#define POLL_NS           20000000
#define BUFFER_OCTETS     ((size_t)512 * 1024)

/* In front of each entry of the ring. Entries are multiples of 8 octets and never wrap: what is
 * left at the end of the ring is skipped by an entry of kind SKIP. */
enum entry_kind { ENTRY_SKIP, ENTRY_MESSAGE, ENTRY_ASSOCIATION };

struct entry {
    uint32_t octets; /* with this header, rounded up */
    uint32_t kind;
    uint32_t association;
    uint32_t length; /* of what follows */
    int64_t at_ns;
    uint32_t ppid;
    uint16_t stream;
    uint16_t is_outbound;
};

/* What follows the header of ENTRY_ASSOCIATION. */
struct ends {
    struct capture_address local;
    struct capture_address peer;
    uint16_t local_port;
    uint16_t peer_port;
};

struct association {
    struct capture_flow out;
    struct capture_flow in;
};

/* The lines of producer and writer are padded apart.
 * NOLINTNEXTLINE(clang-analyzer-optin.performance.Padding) */
struct capture {
    /* The traffic thread's line. */
    _Alignas(CACHE_LINE_OCTETS) _Atomic uint64_t head; /* octets put */
    uint64_t tail_seen;
    _Atomic uint64_t messages;
    _Atomic uint64_t lost;
    /* The writer's line. */
    _Alignas(CACHE_LINE_OCTETS) _Atomic uint64_t tail; /* octets taken */
    _Atomic uint64_t left_out;
    _Atomic uint64_t lost_disk;
    _Atomic uint64_t octets;
    _Atomic int error_number;
    _Atomic bool stop;
    /* Fixed after capture_open. */
    _Alignas(CACHE_LINE_OCTETS) uint8_t *ring;
    uint64_t mask;
    uint64_t octets_max;
    int64_t wall_minus_monotonic_ns;
    int fd;
    pthread_t thread;
    /* The writer's own. */
    bool is_full;
    uint32_t tags; /* verification tags given out */
    uint64_t buffered;
    struct bytes_writer writer;
    uint8_t *buffer;
    struct association *association;
};

/* --- the traffic thread ----------------------------------------------------------------------- */

/* Room for an entry, or NULL; what it moves on is told to the writer by `publish`. */
static struct entry *reserve(struct capture *capture, size_t length, uint64_t *head)
{
    const uint64_t size = capture->mask + 1;
    const uint64_t octets = (sizeof(struct entry) + length + 7) & ~UINT64_C(7);
    *head = atomic_load_explicit(&capture->head, memory_order_relaxed);
    const uint64_t to_end = size - (*head & capture->mask);
    const uint64_t skipped = to_end < octets ? to_end : 0;
    if (size - (*head - capture->tail_seen) < skipped + octets) {
        capture->tail_seen = atomic_load_explicit(&capture->tail, memory_order_acquire);
        if (size - (*head - capture->tail_seen) < skipped + octets)
            return NULL;
    }
    if (skipped != 0) {
        /* The writer needs no more than the first two words of it. */
        const uint32_t skip[2] = {(uint32_t)skipped, ENTRY_SKIP};
        memcpy(capture->ring + (*head & capture->mask), skip, sizeof(skip));
        *head += skipped;
    }
    struct entry *entry = (struct entry *)(void *)(capture->ring + (*head & capture->mask));
    entry->octets = (uint32_t)octets;
    entry->length = (uint32_t)length;
    *head += octets;
    return entry;
}

static void publish(struct capture *capture, uint64_t head)
{
    atomic_store_explicit(&capture->head, head, memory_order_release);
}

static void count(_Atomic uint64_t *counter, uint64_t n)
{
    atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + n,
                          memory_order_relaxed);
}

static void parse_address(const char *text, struct capture_address *address)
{
    address->is_ipv6 = strchr(text, ':') != NULL;
    if (text[0] == '\0' ||
        inet_pton(address->is_ipv6 ? AF_INET6 : AF_INET, text, address->octets) != 1)
        memset(address->octets, 0, sizeof(address->octets));
}

void capture_association(struct capture *capture, uint32_t association, const char *local_ip,
                         uint16_t local_port, const char *peer_ip, uint16_t peer_port)
{
    struct ends ends;
    uint64_t head;
    memset(&ends, 0, sizeof(ends));
    parse_address(peer_ip, &ends.peer);
    parse_address(local_ip, &ends.local);
    if (ends.local.is_ipv6 != ends.peer.is_ipv6) {
        memset(&ends.local, 0, sizeof(ends.local));
        ends.local.is_ipv6 = ends.peer.is_ipv6;
    }
    ends.local_port = local_port;
    ends.peer_port = peer_port;
    struct entry *entry = reserve(capture, sizeof(ends), &head);
    if (entry == NULL) {
        count(&capture->lost, 1);
        return;
    }
    entry->kind = ENTRY_ASSOCIATION;
    entry->association = association;
    memcpy(entry + 1, &ends, sizeof(ends));
    publish(capture, head);
}

void capture_message(struct capture *capture, uint32_t association, bool is_outbound,
                     int64_t now_ns, uint16_t stream, uint32_t ppid, struct bytes message)
{
    uint64_t head;
    struct entry *entry = reserve(capture, message.length, &head);
    if (entry == NULL) {
        count(&capture->lost, 1);
        return;
    }
    entry->kind = ENTRY_MESSAGE;
    entry->association = association;
    entry->at_ns = now_ns;
    entry->ppid = ppid;
    entry->stream = stream;
    entry->is_outbound = is_outbound ? 1 : 0;
    if (message.length != 0)
        memcpy(entry + 1, message.data, message.length);
    count(&capture->messages, 1);
    publish(capture, head);
}

/* --- the writer's thread ---------------------------------------------------------------------- */

static void flush(struct capture *capture)
{
    struct bytes_writer *w = &capture->writer;
    const uint8_t *at = w->start;
    while (at < w->at && atomic_load_explicit(&capture->error_number, memory_order_relaxed) == 0) {
        const ssize_t n = write(capture->fd, at, (size_t)(w->at - at));
        if (n >= 0)
            at += n;
        else if (errno != EINTR)
            atomic_store_explicit(&capture->error_number, errno, memory_order_relaxed);
    }
    count(&capture->octets, (uint64_t)(at - w->start));
    if (at < w->at)
        count(&capture->lost_disk, capture->buffered);
    capture->buffered = 0;
    *w = bytes_writer_of(w->start, w->end);
}

static void begin_association(struct capture *capture, const struct entry *entry)
{
    struct association *association = &capture->association[entry->association];
    struct ends ends;
    memcpy(&ends, entry + 1, sizeof(ends));
    memset(association, 0, sizeof(*association));
    association->out = (struct capture_flow){.source = ends.local,
                                             .destination = ends.peer,
                                             .source_port = ends.local_port,
                                             .destination_port = ends.peer_port,
                                             .is_outbound = true,
                                             .verification_tag = ++capture->tags,
                                             .tsn = 1};
    association->in = (struct capture_flow){.source = ends.peer,
                                            .destination = ends.local,
                                            .source_port = ends.peer_port,
                                            .destination_port = ends.local_port,
                                            .verification_tag = ++capture->tags,
                                            .tsn = 1};
}

static void write_entry(struct capture *capture, const struct entry *entry)
{
    if (entry->kind == ENTRY_ASSOCIATION) {
        begin_association(capture, entry);
        return;
    }
    const size_t octets_max = capture_message_octets_max(entry->length);
    const uint64_t before = atomic_load_explicit(&capture->octets, memory_order_relaxed) +
                            bytes_writer_length(&capture->writer);
    /* From the first message that does not fit on, all are left out: no gaps in between. */
    capture->is_full =
        capture->is_full || (capture->octets_max != 0 && before + octets_max > capture->octets_max);
    if (capture->is_full) {
        count(&capture->left_out, 1);
        return;
    }
    if ((size_t)(capture->writer.end - capture->writer.at) < octets_max)
        flush(capture);
    struct association *association = &capture->association[entry->association];
    capture_write_message(&capture->writer,
                          entry->is_outbound != 0 ? &association->out : &association->in,
                          entry->at_ns + capture->wall_minus_monotonic_ns, entry->stream,
                          entry->ppid, bytes_of(entry + 1, entry->length));
    assert(!capture->writer.failed);
    capture->buffered++;
}

static void drain(struct capture *capture)
{
    const uint64_t head = atomic_load_explicit(&capture->head, memory_order_acquire);
    uint64_t tail = atomic_load_explicit(&capture->tail, memory_order_relaxed);
    while (tail != head) {
        const struct entry *entry =
            (const struct entry *)(const void *)(capture->ring + (tail & capture->mask));
        if (entry->kind != ENTRY_SKIP)
            write_entry(capture, entry);
        tail += entry->octets;
        atomic_store_explicit(&capture->tail, tail, memory_order_release);
    }
    flush(capture);
}

static void *writer_run(void *context)
{
    struct capture *capture = context;
    const struct timespec nap = {.tv_nsec = POLL_NS};
    for (;;) {
        /* Read before draining: what was put before the stop is then surely seen. */
        const bool stop = atomic_load_explicit(&capture->stop, memory_order_acquire);
        drain(capture);
        if (stop)
            return NULL;
        (void)clock_nanosleep(CLOCK_MONOTONIC, 0, &nap, NULL);
    }
}

/* --- life cycle ------------------------------------------------------------------------------- */

static void release(struct capture *capture)
{
    if (capture->fd != -1)
        (void)close(capture->fd);
    free(capture->ring);
    free(capture->buffer);
    free(capture->association);
    free(capture);
}

static struct capture *allocate(uint64_t ring_octets)
{
    struct capture *capture = aligned_alloc(CACHE_LINE_OCTETS, sizeof(*capture));
    if (capture == NULL)
        return NULL;
    memset(capture, 0, sizeof(*capture));
    capture->fd = -1;
    capture->mask = ring_octets - 1;
    capture->ring = malloc(ring_octets);
    capture->buffer = malloc(BUFFER_OCTETS);
    capture->association = calloc(LIMIT_ASSOCIATIONS, sizeof(*capture->association));
    if (capture->ring == NULL || capture->buffer == NULL || capture->association == NULL) {
        release(capture);
        return NULL;
    }
    /* Touched now: the traffic thread shall not take page faults. */
    memset(capture->ring, 0, ring_octets);
    return capture;
}

/* SCHED_BATCH: not to preempt the traffic thread when it wakes on the same core. A kernel that
 * refuses that costs precision only. */
static int start_writer(struct capture *capture)
{
    const int error_number = thread_start(&capture->thread, writer_run, capture, "capture");
    if (error_number == 0) {
        const struct sched_param none = {.sched_priority = 0};
        (void)pthread_setschedparam(capture->thread, SCHED_BATCH, &none);
    }
    return error_number;
}

enum p7_status capture_open(const struct capture_settings *settings, struct capture **out,
                            char *reason, size_t reason_octets)
{
    const uint32_t wanted =
        settings->ring_octets == 0 ? CAPTURE_RING_OCTETS_DEFAULT : settings->ring_octets;
    uint64_t ring_octets = CAPTURE_RING_OCTETS_MIN;
    if (wanted < CAPTURE_RING_OCTETS_MIN || wanted > CAPTURE_RING_OCTETS_MAX) {
        (void)snprintf(reason, reason_octets, "capture: a ring of %u octets is out of range",
                       wanted);
        return P7_RANGE;
    }
    while (ring_octets < wanted)
        ring_octets *= 2;
    struct capture *capture = allocate(ring_octets);
    if (capture == NULL) {
        (void)snprintf(reason, reason_octets, "capture: no memory for %llu octets of ring",
                       (unsigned long long)ring_octets);
        return P7_NO_MEMORY;
    }
    capture->octets_max = settings->octets_max;
    capture->wall_minus_monotonic_ns = settings->wall_minus_monotonic_ns;
    capture->writer = bytes_writer_of(capture->buffer, capture->buffer + BUFFER_OCTETS);
    capture_write_head(&capture->writer, "pulse7 " PULSE7_VERSION, settings->comment);
    capture->fd = open(settings->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    const int error_number = capture->fd == -1 ? errno : start_writer(capture);
    if (error_number != 0) {
        (void)snprintf(reason, reason_octets, "capture %s: %s", settings->path,
                       strerror(error_number));
        release(capture);
        errno = error_number;
        return P7_SYSTEM;
    }
    *out = capture;
    return P7_OK;
}

void capture_get_counters(const struct capture *capture, struct capture_counters *counters)
{
    *counters = (struct capture_counters){
        .messages = atomic_load_explicit(&capture->messages, memory_order_relaxed),
        .lost = atomic_load_explicit(&capture->lost, memory_order_relaxed),
        .left_out = atomic_load_explicit(&capture->left_out, memory_order_relaxed),
        .lost_disk = atomic_load_explicit(&capture->lost_disk, memory_order_relaxed),
        .octets = atomic_load_explicit(&capture->octets, memory_order_relaxed),
        .error_number = atomic_load_explicit(&capture->error_number, memory_order_relaxed),
    };
}

void capture_close(struct capture *capture, struct capture_counters *counters)
{
    if (capture == NULL)
        return;
    atomic_store_explicit(&capture->stop, true, memory_order_release);
    const int joined = pthread_join(capture->thread, NULL);
    assert(joined == 0);
    if (counters != NULL)
        capture_get_counters(capture, counters);
    release(capture);
}
