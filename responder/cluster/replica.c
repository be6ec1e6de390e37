/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Life cycle, and the requests that wait. */
#include "responder/cluster/replica.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "responder/cluster/replica_internal.h"

#define PENDING_DEFAULT    65536u
#define CALLS_DEFAULT      100000u
#define RETRY_NS_DEFAULT   100000000LL
#define GIVE_UP_NS_DEFAULT 10000000000LL

#define CHECKSUMS (CLUSTER_UNDO_MAX + 1u)

void replica_params_init(struct replica_params *params)
{
    *params = (struct replica_params){
        .pending_max = PENDING_DEFAULT,
        .calls_max = CALLS_DEFAULT,
        .retry_ns = RETRY_NS_DEFAULT,
        .give_up_ns = GIVE_UP_NS_DEFAULT,
    };
}

static enum p7_status create_parts(struct replica *replica)
{
    const struct replica_params *params = &replica->params;
    enum p7_status status = calls_create(&replica->calls, params->calls_max);
    if (status == P7_OK)
        status = book_create(&replica->book, replica->service, &replica->calls);
    if (status == P7_OK)
        status =
            pool_create(&replica->pending, sizeof(struct replica_pending), params->pending_max);
    if (status == P7_OK)
        status = timer_heap_create(&replica->timers, params->pending_max);
    if (status == P7_OK)
        status = replica_answered_create(replica);
    if (status != P7_OK)
        return status;
    replica->checksums = calloc(CHECKSUMS, sizeof(*replica->checksums));
    return replica->checksums == NULL ? P7_NO_MEMORY : P7_OK;
}

enum p7_status replica_create(struct replica *replica, const struct replica_params *params,
                              const struct replica_handler *handler, struct service *service,
                              struct cluster *cluster)
{
    *replica = (struct replica){
        .params = *params,
        .handler = *handler,
        .service = service,
        .cluster = cluster,
        .epoch = 1,
        /* A RELAY to an earlier life of this node must not find its number taken again. */
        .generation = (uint32_t)cluster->params.nonce,
    };
    if (params->pending_max == 0 || params->pending_max > REPLICA_PENDING_MAX ||
        params->retry_ns <= 0 || params->give_up_ns <= 0)
        return P7_RANGE;
    const enum p7_status status = create_parts(replica);
    if (status != P7_OK)
        replica_destroy(replica);
    return status;
}

void replica_destroy(struct replica *replica)
{
    timer_heap_destroy(&replica->timers);
    pool_destroy(&replica->pending);
    book_destroy(&replica->book);
    calls_destroy(&replica->calls);
    free(replica->answered);
    free(replica->checksums);
    *replica = (struct replica){0};
}

/* --- lists of pending requests ---------------------------------------------------------------- */

static struct replica_list *list_of(struct replica *replica, const struct replica_pending *pending)
{
    return pending->state == REPLICA_WAITING ? &replica->waiting : &replica->held;
}

/* The field that points at `number` (slot + 1) from its neighbour, or from the list's end. */
static uint32_t *next_of(struct replica *replica, struct replica_list *list, uint32_t number)
{
    return number == 0 ? &list->first : &replica_pending_at(replica, number - 1)->next;
}

static uint32_t *previous_of(struct replica *replica, struct replica_list *list, uint32_t number)
{
    return number == 0 ? &list->last : &replica_pending_at(replica, number - 1)->previous;
}

static void list_unlink(struct replica *replica, uint32_t slot)
{
    struct replica_pending *pending = replica_pending_at(replica, slot);
    struct replica_list *list = list_of(replica, pending);
    const bool linked = pending->previous != 0 || pending->next != 0 || list->first == slot + 1;
    if (!linked)
        return;
    *next_of(replica, list, pending->previous) = pending->next;
    *previous_of(replica, list, pending->next) = pending->previous;
    pending->previous = 0;
    pending->next = 0;
}

/* Puts it in front of `next` (slot + 1; 0: at the end). Its state says which list. */
static void list_link(struct replica *replica, uint32_t slot, uint32_t next)
{
    struct replica_pending *pending = replica_pending_at(replica, slot);
    struct replica_list *list = list_of(replica, pending);
    uint32_t *previous = previous_of(replica, list, next);
    pending->next = next;
    pending->previous = *previous;
    *next_of(replica, list, pending->previous) = slot + 1;
    *previous = slot + 1;
}

/* --- pending requests ------------------------------------------------------------------------- */

uint32_t replica_pending_take(struct replica *replica, const struct replica_input *input,
                              int64_t now_ns)
{
    const uint32_t slot = pool_take(&replica->pending);
    if (slot == POOL_NONE)
        return slot;
    struct replica_pending *pending = replica_pending_at(replica, slot);
    pending->state = REPLICA_HELD;
    pending->give_up_ns = now_ns + replica->params.give_up_ns;
    pending->reference[0] = input->reference[0];
    pending->reference[1] = input->reference[1];
    pending->sequence = input->sequence;
    pending->close = input->close;
    pending->stray = input->stray;
    pending->no_copy = input->octets.length > REPLICA_MESSAGE_OCTETS ||
                       input->origin.length > REPLICA_ORIGIN_OCTETS;
    if (pending->no_copy)
        return slot;
    pending->octets_length = (uint16_t)input->octets.length;
    pending->origin_length = (uint8_t)input->origin.length;
    if (input->octets.length > 0)
        memcpy(pending->octets, input->octets.data, input->octets.length);
    if (input->origin.length > 0)
        memcpy(pending->origin, input->origin.data, input->origin.length);
    return slot;
}

void replica_pending_give(struct replica *replica, uint32_t slot)
{
    list_unlink(replica, slot);
    timer_heap_cancel(&replica->timers, slot);
    /* A RELAY that comes late finds nobody here. */
    replica_pending_at(replica, slot)->generation = 0;
    pool_give(&replica->pending, slot);
}

static struct replica_input input_of(const struct replica_pending *pending)
{
    return (struct replica_input){
        .origin = bytes_of(pending->origin, pending->origin_length),
        .octets = bytes_of(pending->octets, pending->octets_length),
        .reference = {pending->reference[0], pending->reference[1]},
        .sequence = pending->sequence,
        .close = pending->close,
        .stray = pending->stray,
    };
}

void replica_pending_finish(struct replica *replica, uint32_t slot,
                            const struct replica_outcome *outcome)
{
    const struct replica_pending *pending = replica_pending_at(replica, slot);
    const struct replica_outcome told = *outcome; /* it may be the slot's own */
    const uint64_t token = pending->token;
    if (pending->of_peer) {
        replica_relay(replica, pending, &told);
        replica_pending_give(replica, slot);
        return;
    }
    replica_pending_give(replica, slot);
    replica->handler.reply(replica->handler.context, token, (enum replica_verdict)told.verdict,
                           &told.reply, told.reference);
}

/* When it is looked at next: a retry is for what another node is to decide. */
static void arm(struct replica *replica, uint32_t slot, int64_t now_ns)
{
    const struct replica_pending *pending = replica_pending_at(replica, slot);
    int64_t deadline_ns = pending->give_up_ns;
    if (!replica->active && pending->state != REPLICA_WAITING &&
        now_ns + replica->params.retry_ns < deadline_ns)
        deadline_ns = now_ns + replica->params.retry_ns;
    timer_heap_arm(&replica->timers, slot, deadline_ns);
}

/* Whether there may be an active to forward to. */
static bool may_forward(const struct replica *replica)
{
    return !replica->active &&
           (replica->cluster->role == CLUSTER_PASSIVE || replica->cluster->role == CLUSTER_FAILED);
}

static void end_unheard(struct replica *replica, uint32_t slot, enum replica_verdict verdict)
{
    struct replica_outcome outcome;
    replica_outcome_init(&outcome, verdict);
    replica_pending_finish(replica, slot, &outcome);
}

/* It can't be decided now. */
static void hold(struct replica *replica, uint32_t slot, int64_t now_ns)
{
    list_link(replica, slot, 0);
    arm(replica, slot, now_ns);
    if (may_forward(replica))
        replica_forward(replica, slot);
}

/* Decides it; false: not now. It is in no list before, nor after a refusal. */
static bool decide(struct replica *replica, uint32_t slot, const struct replica_input *input,
                   int64_t now_ns)
{
    struct replica_outcome outcome;
    if (!replica_decide(replica, input, now_ns, &outcome))
        return false;
    if (outcome.index <= cluster_commit(replica->cluster)) {
        replica_pending_finish(replica, slot, &outcome);
        return true;
    }
    struct replica_pending *pending = replica_pending_at(replica, slot);
    pending->outcome = outcome;
    pending->state = REPLICA_WAITING;
    list_link(replica, slot, 0);
    arm(replica, slot, now_ns);
    return true;
}

void replica_pending_start(struct replica *replica, uint32_t slot,
                           const struct replica_input *input, int64_t now_ns)
{
    /* Behind those that wait already, so that the requests of a call keep their order. */
    if (replica->held.first == 0 && replica_accepts(replica) &&
        decide(replica, slot, input, now_ns))
        return;
    if (!replica_pending_at(replica, slot)->no_copy) {
        hold(replica, slot, now_ns);
        return;
    }
    struct replica_outcome outcome;
    replica_refuse(replica, input, &outcome);
    replica->counters.overload++;
    replica_pending_finish(replica, slot, &outcome);
}

void replica_request(struct replica *replica, const struct replica_request *request, int64_t now_ns)
{
    const struct replica_input input = {
        .origin = request->origin,
        .octets = request->octets,
        .reference = {request->reference[0], request->reference[1]},
        .sequence = request->sequence,
        .close = request->close,
        .stray = request->stray,
    };
    replica->now_ns = now_ns;
    const uint32_t slot = replica_pending_take(replica, &input, now_ns);
    if (slot == POOL_NONE) {
        struct replica_outcome outcome;
        replica->counters.overload++;
        replica_refuse(replica, &input, &outcome);
        replica->handler.reply(replica->handler.context, request->token, REPLICA_OVERLOAD,
                               &outcome.reply, outcome.reference);
        return;
    }
    struct replica_pending *pending = replica_pending_at(replica, slot);
    pending->token = request->token;
    if (++replica->generation == 0) /* nobody's */
        replica->generation = 1;
    pending->generation = replica->generation;
    replica_pending_start(replica, slot, &input, now_ns);
}

/* --- time ------------------------------------------------------------------------------------- */

static void on_timer(struct replica *replica, uint32_t slot, int64_t now_ns)
{
    const struct replica_pending *pending = replica_pending_at(replica, slot);
    if (now_ns < pending->give_up_ns) {
        if (pending->state != REPLICA_WAITING && may_forward(replica))
            replica_forward(replica, slot);
        arm(replica, slot, now_ns);
        return;
    }
    if (!pending->of_peer)
        replica->counters.gave_up++;
    end_unheard(replica, slot, REPLICA_GAVE_UP);
}

/* Decides what was held, in the order in which it came. */
static void drain(struct replica *replica, int64_t now_ns)
{
    for (uint32_t i = 0; i < REPLICA_DECISIONS_PER_TURN; i++) {
        if (replica->held.first == 0 || !replica_accepts(replica))
            return;
        const uint32_t slot = replica->held.first - 1;
        struct replica_pending *pending = replica_pending_at(replica, slot);
        const struct replica_input input = input_of(pending);
        list_unlink(replica, slot);
        pending->state = REPLICA_HELD;
        if (!decide(replica, slot, &input, now_ns)) {
            list_link(replica, slot, replica->held.first);
            return;
        }
    }
}

void replica_turn(struct replica *replica, int64_t now_ns)
{
    replica->now_ns = now_ns;
    for (uint32_t i = 0; i < REPLICA_TIMERS_PER_TURN; i++) {
        const uint32_t slot = timer_heap_pop_due(&replica->timers, now_ns);
        if (slot == TIMER_HEAP_NONE)
            break;
        on_timer(replica, slot, now_ns);
    }
    drain(replica, now_ns);
}

int64_t replica_deadline_ns(const struct replica *replica)
{
    if (replica->held.first != 0 && replica_accepts(replica))
        return replica->now_ns;
    return timer_heap_deadline_ns(&replica->timers);
}

uint32_t replica_pending_count(const struct replica *replica)
{
    return replica->pending.in_use;
}

/* --- the machine's calls ---------------------------------------------------------------------- */

/* A record of another's deciding, or a recovered one. */
static void apply(struct replica *replica, struct bytes octets,
                  const struct ledger_record_head *head)
{
    struct ledger_record record;
    const uint32_t previous =
        head->index > 1 ? replica->checksums[(head->index - 1) % CHECKSUMS] : 0;
    if (head->index != replica->book.applied + 1) {
        replica->book.failures++;
        return;
    }
    if (ledger_record_decode(octets, previous, &record, NULL, NULL) != P7_OK) {
        /* It has its place in the ledger all the same; those behind it are to find theirs. */
        replica->book.failures++;
        record = (struct ledger_record){.index = head->index, .kind = LEDGER_TERM};
    }
    book_apply(&replica->book, &record);
}

void replica_on_appended(struct replica *replica, struct bytes records, bool decided)
{
    while (records.length > 0) {
        struct ledger_record_head head;
        if (ledger_record_peek(records, &head) != P7_OK || head.length > records.length) {
            replica->book.failures++;
            return;
        }
        if (!decided)
            apply(replica, bytes_of(records.data, head.length), &head);
        replica->checksums[head.index % CHECKSUMS] = head.checksum;
        records = bytes_of(records.data + head.length, records.length - head.length);
    }
}

/* What waits for a record behind `kept` is decided anew, by whoever is active then; what the peer
 * forwarded it will ask for again. */
static void requeue_waiting(struct replica *replica, uint64_t kept, int64_t now_ns)
{
    while (replica->waiting.last != 0) {
        const uint32_t slot = replica->waiting.last - 1;
        struct replica_pending *pending = replica_pending_at(replica, slot);
        if (pending->outcome.index <= kept)
            return;
        list_unlink(replica, slot);
        pending->state = REPLICA_HELD;
        if (pending->of_peer) {
            end_unheard(replica, slot, REPLICA_GAVE_UP);
        } else if (pending->no_copy) {
            replica->counters.gave_up++;
            end_unheard(replica, slot, REPLICA_GAVE_UP);
        } else {
            list_link(replica, slot, replica->held.first);
            arm(replica, slot, now_ns);
        }
    }
}

void replica_on_truncated(struct replica *replica, uint64_t last_kept)
{
    requeue_waiting(replica, last_kept, replica->now_ns);
    while (replica->book.applied > last_kept) {
        book_undo(&replica->book);
        replica->counters.undone++;
    }
}

void replica_on_committed(struct replica *replica, uint64_t index, int64_t now_ns)
{
    replica->now_ns = now_ns;
    book_committed(&replica->book, index);
    while (replica->waiting.first != 0) {
        const uint32_t slot = replica->waiting.first - 1;
        const struct replica_pending *pending = replica_pending_at(replica, slot);
        if (pending->outcome.index > index)
            return;
        replica_pending_finish(replica, slot, &pending->outcome);
    }
}

/* Nothing of the peer's is left here; what is ours goes to the next active in the coming turn. */
static void leave_active(struct replica *replica, int64_t now_ns)
{
    replica->active = false;
    replica_answered_forget(replica);
    requeue_waiting(replica, cluster_commit(replica->cluster), now_ns);
    uint32_t next = replica->held.first;
    while (next != 0) {
        const uint32_t slot = next - 1;
        const struct replica_pending *pending = replica_pending_at(replica, slot);
        next = pending->next;
        if (pending->of_peer)
            end_unheard(replica, slot, REPLICA_GAVE_UP);
    }
}

void replica_on_role(struct replica *replica, enum cluster_role role, int64_t now_ns)
{
    replica->now_ns = now_ns;
    if (role == CLUSTER_ACTIVE) {
        replica->active = true;
        return;
    }
    if (replica->active)
        leave_active(replica, now_ns);
    if (role != CLUSTER_PASSIVE)
        return;
    for (uint32_t next = replica->held.first; next != 0;) {
        timer_heap_arm(&replica->timers, next - 1, now_ns);
        next = replica_pending_at(replica, next - 1)->next;
    }
}
