/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * Replication of the ledger. A record is named by (index, term); two records of one name are the
 * same, and so is all that precedes them: an APPEND names the record before its first one, and is
 * taken only where that one is here, too.
 */
#include <assert.h>

#include "responder/cluster/cluster_internal.h"
#include "sigtran/base/timer_heap.h"

static enum p7_status head_of(const struct cluster *cluster, uint64_t index, uint64_t *term,
                              uint32_t *checksum)
{
    return cluster->log.head(cluster->log.context, index, term, checksum);
}

/* --- what is committed ------------------------------------------------------------------------ */

static void commit_up_to(struct cluster *cluster, uint64_t index)
{
    if (index <= cluster->commit)
        return;
    cluster->commit = index;
    /* The passive hears of it soon, also when no record follows. */
    if (cluster->role == CLUSTER_ACTIVE &&
        cluster->heartbeat_ns > cluster->now_ns + CLUSTER_COMMIT_TOLD_NS)
        cluster->heartbeat_ns = cluster->now_ns + CLUSTER_COMMIT_TOLD_NS;
    cluster->handler.committed(cluster->handler.context, index);
}

void cluster_commit_advance(struct cluster *cluster)
{
    uint64_t index = cluster->durable;
    if (cluster->needs_both && cluster->peer_durable < index)
        index = cluster->peer_durable;
    commit_up_to(cluster, index);
}

void cluster_commit_follow(struct cluster *cluster, uint64_t commit)
{
    commit_up_to(cluster, commit < cluster->matched ? commit : cluster->matched);
}

void cluster_on_durable(struct cluster *cluster, uint32_t generation, uint64_t index,
                        int64_t now_ns)
{
    cluster->now_ns = now_ns;
    /* Written before a truncation: another record may stand there now. */
    if (generation != cluster->generation || index <= cluster->durable)
        return;
    cluster->durable = index;
    if (cluster->role == CLUSTER_ACTIVE)
        cluster_commit_advance(cluster);
    else
        cluster->ack_due = true;
}

/* --- the active ------------------------------------------------------------------------------- */

enum p7_status cluster_write_record(struct cluster *cluster, struct ledger_record *record,
                                    bool decided)
{
    uint8_t octets[LEDGER_RECORD_OCTETS_MAX];
    struct bytes_writer writer = bytes_writer_of(octets, octets + sizeof(octets));
    uint64_t term;
    uint32_t checksum;
    const uint64_t last = cluster_last(cluster);
    enum p7_status status = head_of(cluster, last, &term, &checksum);
    if (status != P7_OK)
        return status;
    record->index = last + 1;
    record->term = cluster->term;
    status = ledger_record_encode(&writer, record, checksum);
    if (status != P7_OK)
        return status;
    cluster->handler.append(cluster->handler.context,
                            bytes_of(octets, bytes_writer_length(&writer)), decided);
    return P7_OK;
}

void cluster_replicate_begin(struct cluster *cluster)
{
    cluster->began = cluster_last(cluster);
    cluster->peer_durable = 0;
    cluster->peer_matches = false;
    cluster->probe_due = true;
    cluster->next = cluster_last(cluster);
    cluster->resend_ns = cluster->now_ns + cluster->params.retry_ns;
    cluster->progress_ns = cluster->now_ns;
    cluster_commit_advance(cluster);
}

uint64_t cluster_peer_received(const struct cluster *cluster)
{
    /* A last record of our own term is one that we sent, and so is all before it. */
    if (cluster->peer.last_term == cluster->term && cluster->peer.last > cluster->peer_durable &&
        cluster->peer.last <= cluster_last(cluster))
        return cluster->peer.last;
    return cluster->peer_durable;
}

void cluster_on_ack(struct cluster *cluster, const struct cluster_message *message)
{
    if (cluster->role != CLUSTER_ACTIVE || message->heartbeat.term != cluster->term)
        return;
    const uint64_t last = cluster_last(cluster);
    const uint64_t durable = message->ack.durable < last ? message->ack.durable : last;
    if (!message->ack.matches) {
        /* It has less than we took it to have: find the place anew. An old answer that came late
         * costs a round of questions. */
        if (durable < cluster->peer_durable) {
            cluster->peer_durable = 0;
            cluster->peer_matches = false;
        }
        if (durable + 1 < cluster->next) {
            cluster->next = durable + 1;
            cluster->probe_due = true;
        }
        return;
    }
    cluster->peer_matches = true;
    if (durable > cluster->peer_durable) {
        cluster->peer_durable = durable;
        cluster->progress_ns = cluster->now_ns;
        cluster->resend_ns = cluster->now_ns + cluster->params.retry_ns;
    }
    if (cluster->next <= cluster->peer_durable)
        cluster->next = cluster->peer_durable + 1;
    cluster_commit_advance(cluster);
}

/* One APPEND from `next` on; false: there was nothing to send, or it can't be read now. */
static bool send_append(struct cluster *cluster)
{
    struct cluster_message message = {.kind = CLUSTER_APPEND};
    uint32_t count = 0;
    const uint64_t previous = cluster->next - 1;
    if (head_of(cluster, previous, &message.append.previous_term,
                &message.append.previous_checksum) != P7_OK)
        return false;
    message.append.previous = previous;
    if (cluster->next <= cluster_last(cluster))
        message.append.records =
            cluster->log.read(cluster->log.context, cluster->next, CLUSTER_APPEND_OCTETS, &count);
    cluster_send(cluster, &message);
    cluster->next += count;
    return count > 0;
}

static void send_appends(struct cluster *cluster)
{
    if (!cluster->peer_matches) {
        /* Find where the ledgers meet, one step at a time. */
        const uint64_t next = cluster->next;
        if (cluster->probe_due)
            (void)send_append(cluster);
        cluster->probe_due = false;
        cluster->next = next;
        return;
    }
    for (uint32_t i = 0; i < CLUSTER_APPENDS_PER_TURN; i++) {
        if (cluster->next > cluster_last(cluster) ||
            cluster->next > cluster_peer_received(cluster) + CLUSTER_WINDOW_RECORDS)
            break;
        if (!send_append(cluster))
            break;
    }
}

static void active_turn(struct cluster *cluster)
{
    const uint64_t last = cluster_last(cluster);
    if (cluster->peer_durable >= last)
        cluster->progress_ns = cluster->now_ns;
    if (cluster->peer_lost || cluster->peer.node == REGISTER_NODE_NONE)
        return;
    if (cluster->resend_ns <= cluster->now_ns) {
        const uint64_t received = cluster_peer_received(cluster);
        cluster->probe_due = true;
        if (cluster->peer_matches && cluster->next > received + 1) {
            cluster->next = received + 1;
            cluster->counters.appends_resent++;
        }
        cluster->resend_ns = cluster->now_ns + cluster->params.retry_ns;
    }
    send_appends(cluster);
}

/* --- the passive ------------------------------------------------------------------------------ */

static void acknowledge(struct cluster *cluster, bool matches, uint64_t durable)
{
    struct cluster_message message = {.kind = CLUSTER_APPEND_ACK};
    message.ack.matches = matches;
    message.ack.durable = durable;
    cluster->ack_due = false;
    cluster_send(cluster, &message);
}

static void diverged(struct cluster *cluster)
{
    cluster_fail(cluster, CLUSTER_EVENT_DIVERGED,
                 "the active's ledger lacks or contradicts what is committed here: a disk has lost "
                 "durable data, or a takeover was forced; keep both ledgers, see the operator's "
                 "page on how to choose");
}

/* Whether the record before the first one of the APPEND is here. */
static bool place_is_here(struct cluster *cluster, const struct cluster_message *message)
{
    const uint64_t previous = message->append.previous;
    const uint64_t last = cluster_last(cluster);
    uint64_t term;
    uint32_t checksum;
    if (previous > last) {
        acknowledge(cluster, false, last);
    } else if (head_of(cluster, previous, &term, &checksum) != P7_OK) {
        return false;
    } else if (term != message->append.previous_term) {
        if (previous <= cluster->commit) {
            diverged(cluster);
            return false;
        }
        /* Up to here they are equal for sure; what is equal beyond is passed over. */
        acknowledge(cluster, false, cluster->commit);
    } else if (checksum != message->append.previous_checksum) {
        diverged(cluster);
    } else {
        return true;
    }
    cluster->counters.mismatches++;
    return false;
}

static void truncate_behind(struct cluster *cluster, uint64_t last_kept)
{
    const uint64_t taken = cluster_last(cluster) - last_kept;
    cluster->counters.truncated += taken;
    cluster->generation++;
    if (cluster->durable > last_kept)
        cluster->durable = last_kept;
    cluster->handler.truncate(cluster->handler.context, last_kept, cluster->generation);
    cluster_tell(cluster, CLUSTER_EVENT_TRUNCATED, "took back records that were never acknowledged",
                 taken);
}

/*
 * Passes over the records that are here already; what is left of `records` is new, `previous` and
 * `checksum` those of the record before. False: a contradiction, or octets that are no records.
 */
static bool skip_known(struct cluster *cluster, struct bytes *records, uint64_t *previous,
                       uint32_t *checksum)
{
    while (records->length > 0 && *previous < cluster_last(cluster)) {
        struct ledger_record_head head;
        uint64_t term;
        uint32_t own_checksum;
        if (ledger_record_peek(*records, &head) != P7_OK || head.index != *previous + 1 ||
            head_of(cluster, head.index, &term, &own_checksum) != P7_OK)
            return false;
        if (term != head.term) {
            if (head.index <= cluster->commit) {
                diverged(cluster);
                return false;
            }
            truncate_behind(cluster, *previous);
            return true;
        }
        if (own_checksum != head.checksum) {
            diverged(cluster);
            return false;
        }
        *previous = head.index;
        *checksum = head.checksum;
        *records = bytes_of(records->data + head.length, records->length - head.length);
    }
    return true;
}

/* How many octets are whole records that follow each other; `last` is the last one's index. */
static size_t count_new(struct bytes records, uint64_t previous, uint32_t checksum, uint64_t term,
                        uint64_t *last)
{
    size_t octets = 0;
    *last = previous;
    while (octets < records.length) {
        struct ledger_record_head head;
        const struct bytes rest = bytes_of(records.data + octets, records.length - octets);
        if (ledger_record_peek(rest, &head) != P7_OK || head.index != *last + 1 ||
            head.term > term || !ledger_record_follows(bytes_of(rest.data, head.length), checksum))
            break;
        *last = head.index;
        checksum = head.checksum;
        octets += head.length;
    }
    return octets;
}

void cluster_on_append(struct cluster *cluster, const struct cluster_message *message)
{
    if (cluster->role != CLUSTER_PASSIVE || message->heartbeat.term != cluster->term ||
        message->heartbeat.role != CLUSTER_ACTIVE) {
        cluster->counters.appends_refused++;
        return;
    }
    if (!place_is_here(cluster, message))
        return;
    struct bytes records = message->append.records;
    uint64_t previous = message->append.previous;
    uint32_t checksum = message->append.previous_checksum;
    if (!skip_known(cluster, &records, &previous, &checksum))
        return;
    uint64_t last = previous;
    if (records.length > 0) {
        const size_t octets = count_new(records, previous, checksum, cluster->term, &last);
        if (octets > 0)
            cluster->handler.append(cluster->handler.context, bytes_of(records.data, octets),
                                    false);
    }
    if (cluster->matched_term != cluster->term || last > cluster->matched)
        cluster->matched = last;
    cluster->matched_term = cluster->term;
    cluster->ack_due = true;
    cluster_commit_follow(cluster, message->heartbeat.commit);
}

void cluster_replicate_turn(struct cluster *cluster)
{
    if (cluster->role == CLUSTER_ACTIVE) {
        active_turn(cluster);
        return;
    }
    if (!cluster->ack_due || cluster->role != CLUSTER_PASSIVE ||
        cluster->matched_term != cluster->term) {
        cluster->ack_due = false;
        return;
    }
    acknowledge(cluster, true,
                cluster->durable < cluster->matched ? cluster->durable : cluster->matched);
}
