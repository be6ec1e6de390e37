/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "tests/unit/responder/cluster/rig.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- a node's log ----------------------------------------------------------------------------- */

static uint64_t log_last(void *context)
{
    const struct rig_node *node = context;
    return node->last;
}

static enum p7_status log_head(void *context, uint64_t index, uint64_t *term, uint32_t *checksum)
{
    const struct rig_node *node = context;
    *term = 0;
    *checksum = 0;
    if (index == 0)
        return P7_OK;
    if (index > node->last)
        return P7_NOT_FOUND;
    *term = node->record[index - 1].head.term;
    *checksum = node->record[index - 1].head.checksum;
    return P7_OK;
}

static struct bytes log_read(void *context, uint64_t first, size_t octets, uint32_t *count)
{
    struct rig_node *node = context;
    size_t length = 0;
    *count = 0;
    for (uint64_t i = first; i <= node->last; i++) {
        const struct rig_record *record = &node->record[i - 1];
        if (*count > 0 && length + record->head.length > octets)
            break;
        memcpy(node->read + length, record->octets, record->head.length);
        length += record->head.length;
        (*count)++;
    }
    return bytes_of(node->read, length);
}

/* --- the handler ------------------------------------------------------------------------------ */

static void post(struct rig *rig, uint8_t to, uint8_t from, const uint8_t *octets, size_t length)
{
    assert(rig->count < RIG_QUEUE && length <= sizeof(rig->letter[0].octets));
    struct rig_letter *letter = &rig->letter[(rig->first + rig->count++) % RIG_QUEUE];
    letter->to = to;
    letter->from = from;
    letter->length = length;
    memcpy(letter->octets, octets, length);
}

static void on_send(void *context, const struct cluster_message *message)
{
    const struct rig_node *node = context;
    uint8_t octets[2048];
    struct bytes_writer w = bytes_writer_of(octets, octets + sizeof(octets));
    const enum p7_status status = cluster_message_encode(&w, message);
    assert(status == P7_OK);
    (void)status;
    if (node->rig->link_up)
        post(node->rig, node->params.node == 0 ? 1 : 0, node->params.node, octets,
             bytes_writer_length(&w));
}

static void on_request(void *context, const struct register_request *request)
{
    const struct rig_node *node = context;
    uint8_t octets[512];
    struct bytes_writer w = bytes_writer_of(octets, octets + sizeof(octets));
    const enum p7_status status = register_request_encode(&w, request);
    assert(status == P7_OK);
    (void)status;
    if (node->rig->register_up)
        post(node->rig, 2, node->params.node, octets, bytes_writer_length(&w));
}

static void on_append(void *context, struct bytes records, bool decided)
{
    struct rig_node *node = context;
    (void)decided;
    while (records.length > 0) {
        struct ledger_record_head head;
        const enum p7_status status = ledger_record_peek(records, &head);
        assert(status == P7_OK && head.index == node->last + 1 && node->last < RIG_RECORDS);
        (void)status;
        struct rig_record *record = &node->record[node->last++];
        memcpy(record->octets, records.data, head.length);
        record->head = head;
        records = bytes_of(records.data + head.length, records.length - head.length);
    }
}

static void on_truncate(void *context, uint64_t last_kept, uint32_t generation)
{
    struct rig_node *node = context;
    assert(last_kept >= node->committed);
    node->last = last_kept;
    node->generation = generation;
    if (node->durable > last_kept)
        node->durable = last_kept;
}

static void on_committed(void *context, uint64_t index)
{
    struct rig_node *node = context;
    assert(index > node->committed && index <= node->last);
    node->committed = index;
}

static void on_role(void *context, enum cluster_role role, uint64_t term)
{
    struct rig_node *node = context;
    (void)term;
    node->role = role;
}

static void on_event(void *context, const struct cluster_event *event)
{
    struct rig_node *node = context;
    node->events[event->kind]++;
    if (event->kind == CLUSTER_EVENT_STALLED)
        (void)snprintf(node->stalled, sizeof(node->stalled), "%s", event->text);
}

/* --- the rig ---------------------------------------------------------------------------------- */

struct rig *rig_create(void)
{
    struct rig *rig = calloc(1, sizeof(*rig));
    assert(rig != NULL);
    rig->now_ns = 1000 * RIG_MS;
    rig->register_up = true;
    rig->link_up = true;
    rig->value.owner = REGISTER_NODE_NONE;
    for (uint8_t i = 0; i < 2; i++) {
        struct rig_node *node = &rig->node[i];
        node->rig = rig;
        cluster_params_init(&node->params);
        node->params.cluster_id = 7;
        node->params.node = i;
        node->params.identity = 0x1111u + i;
        node->params.nonce = 1000u * (i + 1u);
    }
    return rig;
}

void rig_start(struct rig *rig, unsigned node)
{
    struct rig_node *n = &rig->node[node];
    const struct cluster_handler handler = {
        .context = n,
        .send = on_send,
        .request = on_request,
        .append = on_append,
        .truncate = on_truncate,
        .committed = on_committed,
        .role = on_role,
        .event = on_event,
    };
    const struct cluster_log log = {
        .context = n, .last = log_last, .head = log_head, .read = log_read};
    n->up = true;
    n->committed = 0;
    n->generation = 0;
    n->role = CLUSTER_STARTING;
    memset(n->events, 0, sizeof(n->events));
    n->params.nonce += 100;
    cluster_init(&n->cluster, &n->params, &handler, &log);
    cluster_start(&n->cluster, rig->now_ns);
}

void rig_kill(struct rig *rig, unsigned node)
{
    rig->node[node].up = false;
    rig->node[node].last = rig->node[node].durable;
}

static void at_register(struct rig *rig, const struct rig_letter *letter)
{
    struct register_request request;
    struct register_answer answer;
    uint8_t octets[512];
    struct bytes_writer w = bytes_writer_of(octets, octets + sizeof(octets));
    enum p7_status status =
        register_request_decode(bytes_of(letter->octets, letter->length), &request);
    assert(status == P7_OK);
    (void)register_apply(&rig->value, &request, &answer);
    status = register_answer_encode(&w, &answer);
    assert(status == P7_OK);
    (void)status;
    post(rig, 3, letter->from, octets, bytes_writer_length(&w));
}

static void deliver(struct rig *rig, const struct rig_letter *letter)
{
    enum p7_status status;
    if (letter->to == 2) {
        if (rig->register_up)
            at_register(rig, letter);
    } else if (letter->to == 3) {
        struct register_answer answer;
        status = register_answer_decode(bytes_of(letter->octets, letter->length), &answer);
        assert(status == P7_OK);
        if (rig->node[letter->from].up)
            cluster_on_register(&rig->node[letter->from].cluster, &answer, rig->now_ns);
    } else {
        struct cluster_message message;
        status = cluster_message_decode(bytes_of(letter->octets, letter->length), &message);
        assert(status == P7_OK);
        if (rig->node[letter->to].up && rig->link_up)
            cluster_on_message(&rig->node[letter->to].cluster, &message, rig->now_ns);
    }
    (void)status;
}

static void turn(struct rig *rig, struct rig_node *node)
{
    if (!node->up)
        return;
    if (!node->disk_stands && node->durable < node->last) {
        node->durable = node->last;
        cluster_on_durable(&node->cluster, node->generation, node->durable, rig->now_ns);
    }
    cluster_turn(&node->cluster, rig->now_ns);
}

void rig_run(struct rig *rig, int64_t span_ns)
{
    const int64_t until_ns = rig->now_ns + span_ns;
    for (; rig->now_ns <= until_ns; rig->now_ns += RIG_MS) {
        for (uint32_t left = rig->count; left > 0; left--) {
            const struct rig_letter letter = rig->letter[rig->first];
            rig->first = (rig->first + 1) % RIG_QUEUE;
            rig->count--;
            deliver(rig, &letter);
        }
        turn(rig, &rig->node[0]);
        turn(rig, &rig->node[1]);
    }
}

struct rig *rig_create_pair(void)
{
    struct rig *rig = rig_create();
    rig_start(rig, 0);
    rig_start(rig, 1);
    rig_run(rig, 1500 * RIG_MS);
    return rig;
}

uint64_t rig_charge(struct rig *rig, unsigned node)
{
    struct ledger_record record = {
        .kind = LEDGER_CHARGE,
        .flags = LEDGER_IN_TABLE,
        .account = 467010000001,
        .amount = 1,
        .identity = {.key = {(uint64_t)rig->now_ns, node}, .content = 9},
    };
    if (cluster_append(&rig->node[node].cluster, &record, rig->now_ns) != P7_OK)
        return 0;
    return record.index;
}

unsigned rig_active(const struct rig *rig)
{
    const bool zero = rig->node[0].up && rig->node[0].cluster.role == CLUSTER_ACTIVE;
    const bool one = rig->node[1].up && rig->node[1].cluster.role == CLUSTER_ACTIVE;
    if (zero == one)
        return 2;
    return zero ? 0 : 1;
}

bool rig_same_ledgers(const struct rig *rig)
{
    if (rig->node[0].last != rig->node[1].last)
        return false;
    for (uint64_t i = 0; i < rig->node[0].last; i++)
        if (rig->node[0].record[i].head.checksum != rig->node[1].record[i].head.checksum)
            return false;
    return true;
}
