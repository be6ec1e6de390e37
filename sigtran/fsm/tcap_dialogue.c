/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The table: slots, ids, time and sending. What comes in is in tcap_dialogue_receive.c. */
#include "sigtran/fsm/tcap_dialogue.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "sigtran/fsm/tcap_dialogue_table.h"

#define GENERATION_BITS_MIN 8u
#define GENERATION_BITS_MAX 16u
#define USER_OCTETS_MAX     65536u

/* 40 octets here, 24 in pool and heap: 64 per dialogue besides the user's. */
static_assert(sizeof(struct tcap_slot) == 40, "the memory of a million dialogues hangs on it");

const char *tcap_dialogue_state_name(enum tcap_dialogue_state state)
{
    static const char *const names[] = {
        [TCAP_STATE_FREE] = "free",
        [TCAP_STATE_IDLE] = "idle",
        [TCAP_STATE_INITIATION_SENT] = "initiation-sent",
        [TCAP_STATE_INITIATION_RECEIVED] = "initiation-received",
        [TCAP_STATE_ACTIVE] = "active",
    };
    return (unsigned)state < sizeof(names) / sizeof(names[0]) ? names[state] : "unknown";
}

static unsigned bits_for(uint32_t capacity)
{
    unsigned bits = 0;
    while (((uint64_t)1 << bits) < capacity)
        bits++;
    return bits;
}

static enum p7_status set_id_layout(struct tcap_dialogue_table *t,
                                    const struct tcap_dialogue_settings *s)
{
    const unsigned index_bits = bits_for(s->capacity);
    if (s->id_prefix_bits + index_bits + GENERATION_BITS_MIN > 32)
        return P7_RANGE;
    if (((uint64_t)s->id_prefix >> s->id_prefix_bits) != 0)
        return P7_RANGE;
    unsigned generation_bits = 32 - s->id_prefix_bits - index_bits;
    if (generation_bits > GENERATION_BITS_MAX)
        generation_bits = GENERATION_BITS_MAX;
    t->index_bits = (uint8_t)index_bits;
    t->generation_mask = ((uint32_t)1 << generation_bits) - 1;
    t->id_prefix =
        s->id_prefix_bits == 0 ? 0 : (uint32_t)((uint64_t)s->id_prefix << (32 - s->id_prefix_bits));
    return P7_OK;
}

static uint32_t round_up(uint32_t octets)
{
    return (octets + 7u) & ~7u;
}

enum p7_status tcap_dialogue_table_create(struct tcap_dialogue_table **table,
                                          const struct tcap_dialogue_settings *settings)
{
    const struct tcap_dialogue_settings *s = settings;

    *table = NULL;
    if (s->capacity == 0 || s->capacity > LIMIT_DIALOGUES || s->user_octets > USER_OCTETS_MAX ||
        s->route_octets > USER_OCTETS_MAX || s->inactivity_ns < 0 ||
        s->origins > TCAP_DIALOGUE_ORIGINS ||
        (s->origins != 0 && s->route_octets < sizeof(uint32_t)))
        return P7_RANGE;
    struct tcap_dialogue_table *t = calloc(1, sizeof(*t));
    if (t == NULL)
        return P7_NO_MEMORY;
    enum p7_status status = set_id_layout(t, s);
    if (status == P7_OK) {
        t->capacity = s->capacity;
        t->user_octets = round_up(s->user_octets);
        t->route_octets = s->route_octets;
        t->inactivity_ns = s->inactivity_ns;
        t->check_invoke_ids = s->check_invoke_ids;
        t->slots = calloc(s->capacity, sizeof(*t->slots));
        status = t->slots == NULL ? P7_NO_MEMORY : P7_OK;
    }
    if (status == P7_OK) {
        const uint32_t octets = t->user_octets + round_up(s->route_octets);
        status = pool_create(&t->pool, octets == 0 ? 8 : octets, s->capacity);
    }
    if (status == P7_OK)
        status = timer_heap_create(&t->heap, s->capacity);
    if (status != P7_OK) {
        tcap_dialogue_table_destroy(t);
        return status;
    }
    t->generation_first = s->generation_first;
    t->origins = s->origins;
    memcpy(t->group, s->group, sizeof(t->group));
    *table = t;
    return P7_OK;
}

void tcap_dialogue_table_destroy(struct tcap_dialogue_table *table)
{
    if (table == NULL)
        return;
    free(table->slots);
    pool_destroy(&table->pool);
    timer_heap_destroy(&table->heap);
    free(table);
}

/* --- Slots and ids -------------------------------------------------------------------------- */

static void give_oldest_at_rest(struct tcap_dialogue_table *t)
{
    pool_give(&t->pool, t->rest[t->rest_first]);
    t->rest_first = (t->rest_first + 1) % TCAP_DIALOGUE_REST;
    t->rest_count--;
}

void tcap_table_set_route(struct tcap_dialogue_table *table, uint32_t index, const void *route)
{
    if (table->route_octets == 0)
        return;
    uint8_t *octets = (uint8_t *)pool_at(&table->pool, index) + table->user_octets;
    if (route != NULL)
        memcpy(octets, route, table->route_octets);
    else
        memset(octets, 0, table->route_octets);
}

uint32_t tcap_table_take(struct tcap_dialogue_table *table, int64_t now_ns, const void *route)
{
    uint32_t index = pool_take(&table->pool);
    if (index == POOL_NONE && table->rest_count != 0) {
        give_oldest_at_rest(table);
        index = pool_take(&table->pool);
    }
    if (index == POOL_NONE) {
        table->counters.table_full++;
        return TCAP_DIALOGUE_INVALID;
    }
    struct tcap_slot *slot = &table->slots[index];
    const uint32_t generation =
        (slot->flags & SLOT_EVER_TAKEN) != 0 ? slot->generation + 1u : table->generation_first;
    slot->generation = (uint16_t)(generation & table->generation_mask);
    slot->flags = (uint8_t)((slot->flags & SLOT_ARMED) | SLOT_EVER_TAKEN);
    slot->state = TCAP_STATE_IDLE;
    slot->deadline_ns = TIMER_NEVER_NS;
    slot->outstanding = 0;
    slot->peer_length = 0;
    tcap_table_set_route(table, index, route);
    tcap_table_touch(table, index, now_ns);
    table->count++;
    return index;
}

static uint32_t origin_of(const struct tcap_dialogue_table *t, const void *route)
{
    uint32_t origin = 0;
    if (t->origins != 0 && route != NULL)
        memcpy(&origin, route, sizeof(origin));
    assert(origin < TCAP_DIALOGUE_ORIGINS && (t->origins == 0 || origin < t->origins));
    return origin;
}

/* One that takes more than its part leaves a quarter of the table to those who don't. */
/* Q.774-3.2.1.3 */
static bool has_share(const struct tcap_dialogue_table *t, uint32_t origin)
{
    return t->origins < 2 || t->open_of_origin[origin] < t->capacity / t->origins ||
           t->capacity - t->count > t->capacity / 4;
}

uint32_t tcap_table_take_remote(struct tcap_dialogue_table *table, int64_t now_ns,
                                const void *route)
{
    const uint32_t origin = origin_of(table, route);
    if (!has_share(table, origin)) {
        table->counters.share_full++;
        return TCAP_DIALOGUE_INVALID;
    }
    const uint32_t index = tcap_table_take(table, now_ns, route);
    if (index == TCAP_DIALOGUE_INVALID)
        return index;
    table->slots[index].flags |= SLOT_REMOTE;
    table->open_of_origin[origin]++;
    return index;
}

bool tcap_dialogue_is_from(const struct tcap_dialogue_table *table, uint32_t dialogue,
                           const void *route)
{
    if (table->origins < 2)
        return true;
    const uint32_t from = origin_of(table, route);
    const uint32_t of = origin_of(table, tcap_dialogue_route(table, dialogue));
    if ((table->slots[dialogue].flags & SLOT_REMOTE) != 0)
        return from == of;
    return table->group[from] == table->group[of] || table->group[from] == 0 ||
           table->group[of] == 0;
}

void tcap_table_end(struct tcap_dialogue_table *table, uint32_t index)
{
    struct tcap_slot *slot = &table->slots[index];

    assert(slot->state != TCAP_STATE_FREE);
    if ((slot->flags & SLOT_REMOTE) != 0) {
        slot->flags &= (uint8_t)~SLOT_REMOTE;
        table->open_of_origin[origin_of(table, tcap_dialogue_route(table, index))]--;
    }
    if ((slot->flags & SLOT_REJECT) != 0)
        table->counters.reject_lost++;
    slot->state = TCAP_STATE_FREE;
    table->count--;
    table->counters.closed++;
    if (table->rest_count == TCAP_DIALOGUE_REST)
        give_oldest_at_rest(table);
    table->rest[(table->rest_first + table->rest_count) % TCAP_DIALOGUE_REST] = index;
    table->rest_count++;
}

static uint32_t local_id(const struct tcap_dialogue_table *t, uint32_t index)
{
    return t->id_prefix | ((uint32_t)t->slots[index].generation << t->index_bits) | index;
}

uint32_t tcap_table_find(const struct tcap_dialogue_table *table, uint32_t id, bool *stale)
{
    const uint32_t index = id & (((uint32_t)1 << table->index_bits) - 1);
    *stale = false;
    if (index >= table->capacity)
        return TCAP_DIALOGUE_INVALID;
    const struct tcap_slot *slot = &table->slots[index];
    if (slot->state > TCAP_STATE_IDLE && local_id(table, index) == id)
        return index;
    const uint32_t others =
        ~((table->generation_mask << table->index_bits) | (((uint32_t)1 << table->index_bits) - 1));
    *stale = (id & others) == table->id_prefix && (slot->flags & SLOT_EVER_TAKEN) != 0;
    return TCAP_DIALOGUE_INVALID;
}

/* --- Time ----------------------------------------------------------------------------------- */

void tcap_dialogue_set_deadline(struct tcap_dialogue_table *table, uint32_t dialogue,
                                int64_t deadline_ns)
{
    assert(dialogue < table->capacity);
    struct tcap_slot *slot = &table->slots[dialogue];
    assert(slot->state != TCAP_STATE_FREE);
    slot->deadline_ns = deadline_ns;
    const bool armed = (slot->flags & SLOT_ARMED) != 0;
    if (deadline_ns == TIMER_NEVER_NS || (armed && slot->armed_ns <= deadline_ns))
        return;
    timer_heap_arm(&table->heap, dialogue, deadline_ns);
    slot->armed_ns = deadline_ns;
    slot->flags |= SLOT_ARMED;
}

void tcap_table_touch(struct tcap_dialogue_table *table, uint32_t index, int64_t now_ns)
{
    if (table->inactivity_ns != 0)
        tcap_dialogue_set_deadline(table, index, now_ns + table->inactivity_ns);
}

int64_t tcap_dialogue_deadline_ns(const struct tcap_dialogue_table *table)
{
    return timer_heap_deadline_ns(&table->heap);
}

/* The next dialogue that is really due. Each turn takes one timer out or moves it beyond now, so
 * the heap's size bounds the loop. */
static uint32_t pop_due(struct tcap_dialogue_table *t, int64_t now_ns)
{
    uint32_t index;
    while ((index = timer_heap_pop_due(&t->heap, now_ns)) != TIMER_HEAP_NONE) {
        struct tcap_slot *slot = &t->slots[index];
        slot->flags &= (uint8_t)~SLOT_ARMED;
        if (slot->state == TCAP_STATE_FREE || slot->deadline_ns == TIMER_NEVER_NS)
            continue;
        if (slot->deadline_ns <= now_ns)
            return index;
        tcap_dialogue_set_deadline(t, index, slot->deadline_ns);
    }
    return TCAP_DIALOGUE_INVALID;
}

/* A U-ABORT without a word of the user's: an ABRT where the dialogue has a context, else bare. */
static struct bytes timeout_abort(struct tcap_dialogue_table *t, uint32_t index)
{
    const struct tcap_slot *slot = &t->slots[index];
    const struct tcap_dialogue_portion abrt = tcap_abrt_user();
    const struct tcap_parts parts = {
        .type = TCAP_ABORT,
        .dtid = {.value = slot->peer_value, .length = slot->peer_length},
        .dialogue = (slot->flags & SLOT_CONTEXT) != 0 ? &abrt : NULL,
    };
    struct bytes_writer w = bytes_writer_of(t->reply, t->reply + sizeof(t->reply));
    const enum p7_status status = tcap_write_parts(&w, &parts);
    assert(status == P7_OK); /* all of it is ours, and the room is enough for the longest */
    t->counters.u_abort_sent++;
    return bytes_of(t->reply, bytes_writer_length(&w));
}

bool tcap_dialogue_expire(struct tcap_dialogue_table *table, int64_t now_ns,
                          struct tcap_dialogue_indication *indication)
{
    const uint32_t index = pop_due(table, now_ns);
    if (index == TCAP_DIALOGUE_INVALID)
        return false;
    *indication = (struct tcap_dialogue_indication){.type = TCAP_IND_TIMEOUT, .dialogue = index};
    table->counters.timeout++;
    if (table->slots[index].peer_length != 0)
        indication->reply = timeout_abort(table, index);
    tcap_table_end(table, index);
    return true;
}

/* --- Sending -------------------------------------------------------------------------------- */

enum p7_status tcap_dialogue_open(struct tcap_dialogue_table *table, int64_t now_ns,
                                  const void *route, uint32_t *dialogue)
{
    *dialogue = tcap_table_take(table, now_ns, route);
    if (*dialogue == TCAP_DIALOGUE_INVALID)
        return P7_FULL;
    table->counters.opened_local++;
    return P7_OK;
}

struct bytes tcap_table_p_abort(struct tcap_dialogue_table *table,
                                const struct tcap_transaction_id *peer, uint8_t cause)
{
    const struct bytes context = table->message.dialogue.application_context;
    const bool no_common = cause == TCAP_P_ABORT_NO_COMMON_DIALOGUE_PORTION &&
                           context.length != 0 && context.length <= TCAP_DIALOGUE_CONTEXT_OCTETS;
    const struct tcap_dialogue_portion portion =
        no_common ? tcap_aare_no_common_dialogue_portion(context) : tcap_abrt_provider();
    const bool on_the_wire = cause <= TCAP_P_ABORT_RESOURCE_LIMITATION;
    const struct tcap_parts parts = {.type = TCAP_ABORT,
                                     .dtid = *peer,
                                     .has_p_abort = on_the_wire,
                                     .p_abort_cause = on_the_wire ? cause : 0,
                                     .dialogue = on_the_wire ? NULL : &portion};
    struct bytes_writer w = bytes_writer_of(table->reply, table->reply + sizeof(table->reply));
    const enum p7_status status = tcap_write_parts(&w, &parts);
    assert(status == P7_OK); /* all of it is ours, and the room is enough for the longest */
    table->counters.p_abort_sent++;
    return bytes_of(table->reply, bytes_writer_length(&w));
}

/* Q.774 figure A.5: which primitive a state allows. */
/* Q.774-3.3.3 */
static bool may_send(uint8_t state, enum tcap_send_primitive primitive)
{
    if (primitive == TCAP_SEND_BEGIN)
        return state == TCAP_STATE_IDLE;
    return state == TCAP_STATE_INITIATION_RECEIVED || state == TCAP_STATE_ACTIVE;
}

/* The REJECT that is owed, encoded at the writer; empty when none is. */
static struct bytes owed_reject(const struct tcap_slot *slot, struct bytes_writer *w)
{
    if ((slot->flags & SLOT_REJECT) == 0)
        return bytes_of(NULL, 0);
    const struct tcap_component reject = {.type = TCAP_REJECT,
                                          .has_invoke_id = (slot->flags & SLOT_REJECT_ID) != 0,
                                          .invoke_id = slot->reject_invoke_id,
                                          .problem_kind = slot->reject_kind,
                                          .problem = slot->reject_problem};
    const enum p7_status status = tcap_write_component(w, &reject);
    assert(status == P7_OK);
    return bytes_of(w->start, bytes_writer_length(w));
}

static void account_sent(struct tcap_dialogue_table *t, uint32_t index, int64_t now_ns,
                         enum tcap_send_primitive primitive)
{
    struct tcap_slot *slot = &t->slots[index];

    if ((slot->flags & SLOT_REJECT) != 0 && primitive != TCAP_SEND_U_ABORT) {
        t->counters.reject_sent++;
        slot->flags &= (uint8_t) ~(SLOT_REJECT | SLOT_REJECT_ID);
    }
    switch (primitive) {
    case TCAP_SEND_BEGIN:
        slot->state = TCAP_STATE_INITIATION_SENT;
        t->counters.begin_sent++;
        break;
    case TCAP_SEND_CONTINUE:
        slot->state = TCAP_STATE_ACTIVE;
        t->counters.continue_sent++;
        break;
    case TCAP_SEND_END:
        t->counters.end_sent++;
        tcap_table_end(t, index);
        return;
    case TCAP_SEND_U_ABORT:
        t->counters.u_abort_sent++;
        tcap_table_end(t, index);
        return;
    }
    tcap_table_touch(t, index, now_ns);
}

enum p7_status tcap_dialogue_send(struct tcap_dialogue_table *table, int64_t now_ns,
                                  uint32_t dialogue, enum tcap_send_primitive primitive,
                                  const struct tcap_request *request, struct bytes_writer *writer)
{
    static const uint8_t types[] = {[TCAP_SEND_BEGIN] = TCAP_BEGIN,
                                    [TCAP_SEND_CONTINUE] = TCAP_CONTINUE,
                                    [TCAP_SEND_END] = TCAP_END,
                                    [TCAP_SEND_U_ABORT] = TCAP_ABORT};
    uint8_t reject[16];
    struct bytes_writer reject_writer = bytes_writer_of(reject, reject + sizeof(reject));

    assert(dialogue < table->capacity && (unsigned)primitive < sizeof(types));
    struct tcap_slot *slot = &table->slots[dialogue];
    if (!may_send(slot->state, primitive))
        return P7_STATE;
    if (primitive == TCAP_SEND_U_ABORT &&
        (request->component_count != 0 || request->components_encoded.length != 0))
        return P7_RANGE; /* Q.773-4.2.1: an ABORT has no component portion */
    const struct tcap_parts parts = {
        .type = types[primitive],
        .otid = {.value = local_id(table, dialogue), .length = 4},
        .dtid = {.value = slot->peer_value, .length = slot->peer_length},
        .dialogue = request->dialogue,
        .components_first = owed_reject(slot, &reject_writer),
        .components = request->components,
        .component_count = request->component_count,
        .components_encoded = request->components_encoded,
    };
    const enum p7_status status = tcap_write_parts(writer, &parts);
    if (status != P7_OK)
        return status;
    if (primitive == TCAP_SEND_BEGIN && request->dialogue != NULL &&
        request->dialogue->pdu == TCAP_DIALOGUE_AARQ)
        slot->flags |= SLOT_CONTEXT;
    slot->outstanding |= request->invokes_outstanding;
    account_sent(table, dialogue, now_ns, primitive);
    return P7_OK;
}

void tcap_dialogue_drop(struct tcap_dialogue_table *table, uint32_t dialogue)
{
    assert(dialogue < table->capacity);
    table->counters.prearranged_end++;
    tcap_table_end(table, dialogue);
}

/* --- Looking at dialogues ------------------------------------------------------------------- */

void *tcap_dialogue_user(struct tcap_dialogue_table *table, uint32_t dialogue)
{
    assert(dialogue < table->capacity);
    return pool_at(&table->pool, dialogue);
}

const void *tcap_dialogue_route(const struct tcap_dialogue_table *table, uint32_t dialogue)
{
    assert(dialogue < table->capacity);
    return (const uint8_t *)pool_at(&table->pool, dialogue) + table->user_octets;
}

enum tcap_dialogue_state tcap_dialogue_state(const struct tcap_dialogue_table *table,
                                             uint32_t dialogue)
{
    assert(dialogue < table->capacity);
    return (enum tcap_dialogue_state)table->slots[dialogue].state;
}

uint32_t tcap_dialogue_local_id(const struct tcap_dialogue_table *table, uint32_t dialogue)
{
    assert(dialogue < table->capacity);
    return local_id(table, dialogue);
}

struct tcap_transaction_id tcap_dialogue_peer_id(const struct tcap_dialogue_table *table,
                                                 uint32_t dialogue)
{
    assert(dialogue < table->capacity);
    const struct tcap_slot *slot = &table->slots[dialogue];
    return (struct tcap_transaction_id){.value = slot->peer_value, .length = slot->peer_length};
}

uint32_t tcap_dialogue_find(const struct tcap_dialogue_table *table, uint32_t id)
{
    bool stale;
    return tcap_table_find(table, id, &stale);
}

uint32_t tcap_dialogue_next(const struct tcap_dialogue_table *table, uint32_t from)
{
    /* Slots behind `fresh` were never taken. */
    for (uint32_t i = from; i < table->pool.fresh; i++)
        if (table->slots[i].state != TCAP_STATE_FREE)
            return i;
    return TCAP_DIALOGUE_INVALID;
}

uint32_t tcap_dialogue_count(const struct tcap_dialogue_table *table)
{
    return table->count;
}

uint32_t tcap_dialogue_capacity(const struct tcap_dialogue_table *table)
{
    return table->capacity;
}

size_t tcap_dialogue_memory_octets(const struct tcap_dialogue_table *table)
{
    const size_t heap = sizeof(int64_t) + 2 * sizeof(uint32_t) + sizeof(uint32_t);
    const size_t pool = table->pool.slot_size + sizeof(uint32_t);
    return sizeof(struct tcap_slot) + pool + heap;
}

const struct tcap_dialogue_counters *tcap_dialogue_counters(const struct tcap_dialogue_table *table)
{
    return &table->counters;
}
