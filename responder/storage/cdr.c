/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "responder/storage/cdr.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/types.h>
#include <unistd.h>

#include "responder/storage/cdr_file.h"
#include "responder/storage/disk_posix.h"
#include "responder/storage/ledger_reader.h"
#include "sigtran/runtime/clock.h"
#include "sigtran/runtime/thread.h"

#define NICE        19 /* behind everything else, and not starved as SCHED_IDLE would be */
#define PATH_OCTETS 4096

struct cdr {
    struct cdr_params params; /* without its pointers */
    char ledger[PATH_OCTETS];
    struct cdr_files files;
    struct disk_posix *disk; /* NULL: not opened yet, or dropped after an error */
    struct ledger_reader *reader;
    int64_t begun_ns; /* of the unfinished file */
    int64_t retry_ns; /* no work before */
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    bool stopping;              /* under the mutex */
    char text[CDR_TEXT_OCTETS]; /* under the mutex */
    _Atomic uint64_t committed;
    _Atomic uint64_t published;
    _Atomic uint64_t read;
    _Atomic uint64_t files_published;
    _Atomic uint64_t lines;
    _Atomic uint64_t amount;
    _Atomic uint64_t failures;
    _Atomic bool failing;
};

void cdr_params_init(struct cdr_params *params)
{
    *params = (struct cdr_params){.octets_max = 16777216u, .age_max_ms = 60000, .poll_ms = 100};
}

/* --- work ----------------------------------------------------------------------------------- */

static void close_ledger(struct cdr *cdr)
{
    ledger_reader_close(cdr->reader);
    disk_posix_close(cdr->disk);
    cdr->reader = NULL;
    cdr->disk = NULL;
}

/* Back to the last published file; tried again after a while. */
static void give_up(struct cdr *cdr, const char *what, const char *why)
{
    (void)pthread_mutex_lock(&cdr->mutex);
    (void)snprintf(cdr->text, sizeof(cdr->text), "%s: %s", what, why);
    (void)pthread_mutex_unlock(&cdr->mutex);
    cdr_files_drop(&cdr->files);
    close_ledger(cdr);
    cdr->retry_ns = clock_monotonic_ns() + (int64_t)CDR_RETRY_MS * CLOCK_NS_PER_MS;
    atomic_fetch_add(&cdr->failures, 1);
    atomic_store(&cdr->failing, true);
    atomic_store(&cdr->published, cdr->files.published);
    atomic_store(&cdr->read, cdr->files.last);
}

static bool open_ledger(struct cdr *cdr)
{
    if (cdr->reader != NULL)
        return true;
    if (disk_posix_open(cdr->ledger, true, &cdr->disk) != P7_OK) {
        give_up(cdr, cdr->ledger, strerror(errno));
        return false;
    }
    if (ledger_reader_open(disk_posix_ops(cdr->disk), cdr->params.cluster_id,
                           cdr->files.published + 1, &cdr->reader) == P7_OK)
        return true;
    give_up(cdr, cdr->ledger, cdr->reader == NULL ? "no memory" : ledger_reader_text(cdr->reader));
    return false;
}

static bool publish(struct cdr *cdr)
{
    const uint64_t before = cdr->files.published;
    const uint64_t count = cdr->files.count;
    const uint64_t amount = cdr->files.amount;
    const enum p7_status status = cdr_files_publish(&cdr->files);
    if (cdr->files.published != before) {
        atomic_fetch_add(&cdr->files_published, 1);
        atomic_fetch_add(&cdr->lines, count);
        atomic_fetch_add(&cdr->amount, amount);
        atomic_store(&cdr->published, cdr->files.published);
    }
    if (status == P7_OK) {
        atomic_store(&cdr->failing, false);
        return true;
    }
    give_up(cdr, "publishing", cdr->files.text);
    return false;
}

/* A file that was about to be published when the power failed ends where it ended then. */
static bool is_complete(const struct cdr *cdr)
{
    if (!cdr_files_pending(&cdr->files))
        return false;
    if (cdr->files.planned != 0)
        return cdr->files.last == cdr->files.planned;
    return cdr->files.octets >= cdr->params.octets_max;
}

static bool put(struct cdr *cdr, const struct ledger_record *record)
{
    const bool pending = cdr_files_pending(&cdr->files);
    if (cdr_files_put(&cdr->files, record) != P7_OK) {
        give_up(cdr, "writing", cdr->files.text);
        return false;
    }
    if (!pending && cdr_files_pending(&cdr->files))
        cdr->begun_ns = clock_monotonic_ns();
    atomic_store(&cdr->read, record->index);
    return !is_complete(cdr) || publish(cdr);
}

/* Reads up to `limit`. */
static bool read_ledger(struct cdr *cdr, uint64_t limit)
{
    struct ledger_record record;
    if (limit <= cdr->files.last)
        return true;
    if (!open_ledger(cdr))
        return false;
    if (ledger_reader_refresh(cdr->reader) != P7_OK) {
        give_up(cdr, cdr->ledger, ledger_reader_text(cdr->reader));
        return false;
    }
    while (cdr->files.last < limit) {
        const enum p7_status status = ledger_reader_next(cdr->reader, &record, NULL);
        if (status == P7_NOT_FOUND)
            give_up(cdr, cdr->ledger, "it ends before the index that was committed");
        else if (status != P7_OK)
            give_up(cdr, cdr->ledger, ledger_reader_text(cdr->reader));
        if (status != P7_OK || !put(cdr, &record))
            return false;
    }
    return true;
}

static void work(struct cdr *cdr, bool last_time)
{
    const uint64_t limit = atomic_load(&cdr->committed);
    if (!last_time && clock_monotonic_ns() < cdr->retry_ns)
        return;
    if (!read_ledger(cdr, limit) || !cdr_files_pending(&cdr->files) || cdr->files.planned != 0)
        return;
    const int64_t age_ns = clock_monotonic_ns() - cdr->begun_ns;
    if (last_time || age_ns >= (int64_t)cdr->params.age_max_ms * CLOCK_NS_PER_MS)
        (void)publish(cdr);
}

/* --- the thread ----------------------------------------------------------------------------- */

/* False when it is time to stop. */
static bool nap(struct cdr *cdr)
{
    const int64_t until_ns = clock_monotonic_ns() + (int64_t)cdr->params.poll_ms * CLOCK_NS_PER_MS;
    const struct timespec until = {.tv_sec = until_ns / CLOCK_NS_PER_S,
                                   .tv_nsec = until_ns % CLOCK_NS_PER_S};
    (void)pthread_mutex_lock(&cdr->mutex);
    while (!cdr->stopping &&
           pthread_cond_timedwait(&cdr->changed, &cdr->mutex, &until) != ETIMEDOUT) {
    }
    const bool stopping = cdr->stopping;
    (void)pthread_mutex_unlock(&cdr->mutex);
    return !stopping;
}

static void *thread_run(void *argument)
{
    struct cdr *cdr = argument;
    /* Of the thread alone, on Linux. Where it is refused, it only runs earlier than it need. */
    (void)setpriority(PRIO_PROCESS, (id_t)gettid(), NICE);
    while (nap(cdr))
        work(cdr, false);
    work(cdr, true);
    return NULL;
}

static int start(struct cdr *cdr)
{
    pthread_condattr_t attributes;
    (void)pthread_mutex_init(&cdr->mutex, NULL);
    (void)pthread_condattr_init(&attributes);
    (void)pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&cdr->changed, &attributes);
    (void)pthread_condattr_destroy(&attributes);
    const int error = thread_start(&cdr->thread, thread_run, cdr, "p7-cdr");
    if (error == 0)
        return 0;
    (void)pthread_cond_destroy(&cdr->changed);
    (void)pthread_mutex_destroy(&cdr->mutex);
    return error;
}

/* --- life cycle ----------------------------------------------------------------------------- */

enum p7_status cdr_create(const struct cdr_params *params, struct cdr **out, char *text,
                          size_t text_octets)
{
    struct cdr *cdr = calloc(1, sizeof(*cdr));
    *out = NULL;
    if (cdr == NULL) {
        (void)snprintf(text, text_octets, "no memory for the CDR writer");
        return P7_NO_MEMORY;
    }
    cdr->params = *params;
    const int length = snprintf(cdr->ledger, sizeof(cdr->ledger), "%s", params->ledger);
    if (length < 0 || (size_t)length >= sizeof(cdr->ledger)) {
        (void)snprintf(text, text_octets, "the ledger's path is too long");
        free(cdr);
        return P7_RANGE;
    }
    const enum p7_status status =
        cdr_files_open(&cdr->files, params->directory, params->cluster_id);
    if (status != P7_OK) {
        (void)snprintf(text, text_octets, "%s", cdr->files.text);
        free(cdr);
        return status;
    }
    cdr->params.ledger = NULL;
    cdr->params.directory = NULL;
    atomic_store(&cdr->published, cdr->files.published);
    atomic_store(&cdr->read, cdr->files.published);
    const int error = start(cdr);
    if (error != 0) {
        (void)snprintf(text, text_octets, "no thread for the CDR writer: %s", strerror(error));
        cdr_files_close(&cdr->files);
        free(cdr);
        errno = error;
        return P7_SYSTEM;
    }
    *out = cdr;
    return P7_OK;
}

void cdr_destroy(struct cdr *cdr)
{
    if (cdr == NULL)
        return;
    (void)pthread_mutex_lock(&cdr->mutex);
    cdr->stopping = true;
    (void)pthread_cond_signal(&cdr->changed);
    (void)pthread_mutex_unlock(&cdr->mutex);
    (void)pthread_join(cdr->thread, NULL);
    (void)pthread_cond_destroy(&cdr->changed);
    (void)pthread_mutex_destroy(&cdr->mutex);
    close_ledger(cdr);
    cdr_files_close(&cdr->files);
    free(cdr);
}

void cdr_committed(struct cdr *cdr, uint64_t index)
{
    atomic_store(&cdr->committed, index);
}

void cdr_counters(const struct cdr *cdr, struct cdr_counters *counters)
{
    *counters = (struct cdr_counters){
        .published = atomic_load(&cdr->published),
        .read = atomic_load(&cdr->read),
        .files = atomic_load(&cdr->files_published),
        .lines = atomic_load(&cdr->lines),
        .amount = atomic_load(&cdr->amount),
        .failures = atomic_load(&cdr->failures),
        .failing = atomic_load(&cdr->failing),
    };
}

void cdr_text(struct cdr *cdr, char *text, size_t text_octets)
{
    (void)pthread_mutex_lock(&cdr->mutex);
    (void)snprintf(text, text_octets, "%s", cdr->text);
    (void)pthread_mutex_unlock(&cdr->mutex);
}
