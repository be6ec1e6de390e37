/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Two replicas under random traffic, loss, repetition, reordering and changes of the active; and
 * under octets that no replica has written. */
#include "sigtran/base/random.h"
#include "tests/unit/responder/cluster/replica_pair.h"

#define STEP_NS_MAX 20000000
#define CALLS       6u
#define ONESHOTS    40u

/* One call at a time asks, and asks on once it was answered: as an SSF does. */
struct caller {
    uint64_t reference[2];
    uint64_t token; /* not answered yet; 0: none */
    unsigned node;
    uint32_t sequence;
    uint32_t used_100ms;
    uint32_t otid; /* each call has its own dialogue */
    bool open;
};

struct storm {
    struct pair *pair;
    struct random_state random;
    unsigned active;
    bool zombie; /* the other node has not learnt that it is active no more */
    struct caller caller[CALLS];
    uint64_t next_reference;
};

static struct pair_node *node_of(struct storm *s, unsigned n)
{
    return &s->pair->node[n];
}

/* The other node follows the active's ledger: cuts what differs, takes what it lacks. */
static void follow(struct storm *s)
{
    struct pair_node *passive = node_of(s, 1 - s->active);
    const struct pair_node *active = node_of(s, s->active);
    uint64_t common = 0;
    while (common < passive->last && common < active->last &&
           passive->record[common].checksum == active->record[common].checksum)
        common++;
    CU_ASSERT_FATAL(common >= passive->cluster.commit);
    if (common < passive->last)
        pair_truncate(s->pair, 1 - s->active, common);
    pair_replicate(s->pair, 1 - s->active);
}

static void write_term(struct storm *s)
{
    struct pair_node *node = node_of(s, s->active);
    uint8_t octets[LEDGER_RECORD_OCTETS_MAX];
    struct bytes_writer w = bytes_writer_of(octets, octets + sizeof(octets));
    const struct ledger_record record = {.index = node->last + 1,
                                         .term = node->cluster.term,
                                         .kind = LEDGER_TERM,
                                         .node = (uint8_t)s->active};
    CU_ASSERT_EQUAL_FATAL(
        ledger_record_encode(&w, &record,
                             node->last == 0 ? 0 : node->record[node->last - 1].checksum),
        P7_OK);
    pair_append(node, bytes_of(octets, bytes_writer_length(&w)), false);
}

static void demote(struct storm *s)
{
    if (!s->zombie)
        return;
    s->zombie = false;
    node_of(s, 1 - s->active)->cluster.term = node_of(s, s->active)->cluster.term;
    pair_role(s->pair, 1 - s->active, CLUSTER_PASSIVE);
}

static void change_active(struct storm *s)
{
    demote(s);
    const uint64_t term = node_of(s, s->active)->cluster.term + 1;
    s->active = 1 - s->active;
    s->zombie = true;
    node_of(s, s->active)->cluster.term = term;
    node_of(s, s->active)->cluster.role = CLUSTER_ACTIVE;
    write_term(s);
    pair_role(s->pair, s->active, CLUSTER_ACTIVE);
}

static void commit(struct storm *s)
{
    if (s->zombie) /* what both hold is not known */
        return;
    follow(s);
    pair_commit(s->pair, s->active, node_of(s, s->active)->last);
    if (random_below(&s->random, 2) == 0)
        pair_commit(s->pair, 1 - s->active, node_of(s, s->active)->last);
}

/* --- traffic ---------------------------------------------------------------------------------- */

static void hear(struct storm *s, struct caller *caller)
{
    const struct pair_reply *reply = pair_reply_to(s->pair, caller->node, caller->token);
    if (reply == NULL)
        return;
    caller->token = 0;
    CU_ASSERT_EQUAL(reply->verdict, REPLICA_DECIDED);
    CU_ASSERT_NOT_EQUAL(reply->reply.decision.body, DECISION_ERROR);
    caller->sequence = reply->reply.sequence;
    caller->reference[0] = reply->reference[0];
    caller->reference[1] = reply->reference[1];
    caller->open = reply->reply.decision.primitive == DECISION_CONTINUE;
}

static void call_on(struct storm *s)
{
    struct caller *caller = &s->caller[random_below(&s->random, CALLS)];
    if (caller->token != 0)
        hear(s, caller);
    if (caller->token != 0)
        return;
    caller->node = (unsigned)random_below(&s->random, 2);
    if (!caller->open) {
        caller->used_100ms = 0;
        caller->otid = (uint32_t)s->next_reference;
        caller->token = pair_ask_call(s->pair, caller->node, s->next_reference++);
        return;
    }
    caller->used_100ms += 10 + (uint32_t)random_below(&s->random, 100);
    peer_start(&s->pair->peer);
    peer_add_report(&s->pair->peer, (int8_t)(1 + random_below(&s->random, 100)), caller->used_100ms,
                    random_below(&s->random, 3) != 0);
    (void)peer_message(&s->pair->peer, TCAP_CONTINUE, caller->otid, NULL);
    caller->token = pair_ask(s->pair, caller->node, caller->reference, caller->sequence);
}

/* A datagram out of the middle: lost, delivered, or delivered and left in the net. */
static void disturb_net(struct storm *s)
{
    struct pair *p = s->pair;
    static struct pair_datagram datagram;
    if (p->in_net == 0)
        return;
    const uint32_t at = (uint32_t)random_below(&s->random, p->in_net < 8 ? p->in_net : 8);
    const uint64_t what = random_below(&s->random, 8);
    datagram = p->net[at];
    if (what != 0) {
        p->in_net--;
        memmove(&p->net[at], &p->net[at + 1], (p->in_net - at) * sizeof(p->net[0]));
    }
    if (what != 1)
        pair_deliver_datagram(p, &datagram);
}

static void storm_step(struct storm *s)
{
    switch (random_below(&s->random, 16)) {
    case 0:
    case 1:
    case 2:
        (void)pair_ask_oneshot(s->pair, (unsigned)random_below(&s->random, 2),
                               1 + random_below(&s->random, ONESHOTS));
        break;
    case 3:
    case 4:
    case 5:
        call_on(s);
        break;
    case 6:
        if (random_below(&s->random, 6) == 0)
            change_active(s);
        break;
    case 7:
        if (random_below(&s->random, 2) == 0)
            demote(s);
        break;
    case 8:
    case 9:
        commit(s);
        break;
    case 10:
        if (!s->zombie)
            follow(s);
        break;
    case 11:
        pair_turn(s->pair, (int64_t)random_below(&s->random, STEP_NS_MAX));
        break;
    default:
        disturb_net(s);
        break;
    }
}

static void heal(struct storm *s)
{
    demote(s);
    for (unsigned i = 0; i < 8; i++) {
        pair_deliver(s->pair);
        follow(s);
        pair_settle(s->pair, s->active);
        pair_deliver(s->pair);
        pair_turn(s->pair, 100000000);
    }
}

/* --- the promise ------------------------------------------------------------------------------ */

static void check_ledger(const struct pair_node *node)
{
    static struct duplicate_identity seen[PAIR_RECORDS_MAX];
    uint32_t count = 0;
    uint64_t charged = 0;
    for (uint64_t i = 0; i < node->last; i++) {
        struct ledger_record record;
        CU_ASSERT_EQUAL_FATAL(
            ledger_record_decode(bytes_of(node->record[i].octets, node->record[i].length),
                                 i == 0 ? 0 : node->record[i - 1].checksum, &record, NULL, NULL),
            P7_OK);
        charged += record.amount;
        if (record.kind != LEDGER_CHARGE)
            continue;
        for (uint32_t k = 0; k < count; k++)
            CU_ASSERT_FALSE(seen[k].key[0] == record.identity.key[0] &&
                            seen[k].key[1] == record.identity.key[1]);
        seen[count++] = record.identity;
    }
    CU_ASSERT_EQUAL(charged, node->service.accounts.charged_total);
}

static void check(struct storm *s)
{
    struct pair *p = s->pair;
    const struct pair_node *a = &p->node[0];
    const struct pair_node *b = &p->node[1];
    CU_ASSERT_EQUAL(a->replies + b->replies, p->tokens);
    for (unsigned n = 0; n < 2; n++) {
        const struct pair_node *node = &p->node[n];
        CU_ASSERT_EQUAL(replica_pending_count(&node->replica), 0);
        CU_ASSERT_EQUAL(node->replica.counters.malformed, 0);
        for (uint32_t i = 0; i < node->replies; i++) {
            (void)pair_reply_to(p, n, node->reply[i].token);
            CU_ASSERT_EQUAL(node->reply[i].verdict, REPLICA_DECIDED);
        }
    }
    CU_ASSERT_EQUAL(a->last, b->last);
    CU_ASSERT_EQUAL(a->record[a->last - 1].checksum, b->record[b->last - 1].checksum);
    CU_ASSERT_EQUAL(memcmp(a->service.accounts.entry, b->service.accounts.entry,
                           a->service.accounts.count * sizeof(struct account)),
                    0);
    CU_ASSERT_EQUAL(calls_count(&a->replica.calls), calls_count(&b->replica.calls));
    check_ledger(a);
}

static void each_request_is_charged_once_and_answered_once_whatever_happens(void)
{
    uint64_t undone = 0;
    uint64_t relayed = 0;
    for (uint64_t seed = 1; seed <= 150; seed++) {
        struct storm s = {.next_reference = 1000};
        s.pair = pair_open_with(
            &(struct pair_params){.pending_max = 512, .calls_max = 512, .duplicates_max = 4096});
        for (unsigned n = 0; n < 2; n++)
            for (uint32_t i = 0; i < s.pair->node[n].service.accounts.count; i++)
                s.pair->node[n].service.accounts.entry[i].balance = 100000;
        s.pair->node[0].service.accounts.funded = 100000;
        s.pair->node[1].service.accounts.funded = 100000;
        random_seed(&s.random, seed);
        for (unsigned i = 0; i < 500; i++)
            storm_step(&s);
        heal(&s);
        check(&s);
        for (unsigned n = 0; n < 2; n++) {
            undone += s.pair->node[n].replica.counters.undone;
            relayed += s.pair->node[n].replica.counters.relayed;
        }
        pair_close(s.pair);
    }
    CU_ASSERT(undone > 100);
    CU_ASSERT(relayed > 1000);
}

/* --- octets of nobody's ----------------------------------------------------------------------- */

/* Whatever came, a reply that is handed out can be encoded. */
static void check_replies(struct pair *p)
{
    for (unsigned n = 0; n < 2; n++) {
        for (uint32_t i = 0; i < p->node[n].replies; i++) {
            const struct decision *d = &p->node[n].reply[i].reply.decision;
            uint8_t octets[DECISION_OCTETS_MAX];
            struct bytes_writer w = bytes_writer_of(octets, octets + sizeof(octets));
            (void)decision_dialogue_portion(d, bytes_of(NULL, 0));
            (void)decision_invokes_outstanding(d);
            CU_ASSERT_EQUAL(decision_write_components(&w, d), P7_OK);
        }
        p->node[n].replies = 0;
    }
}

static struct cluster_message message_of(uint8_t kind, uint64_t id, uint8_t status,
                                         struct bytes content)
{
    return (struct cluster_message){.kind = kind,
                                    .forward = {.id = id, .status = status, .octets = content}};
}

/* Every shorter content, and every one with one bit changed. */
static void try_all(struct pair *p, unsigned to, const struct pair_datagram *datagram)
{
    static uint8_t copy[CLUSTER_FORWARD_OCTETS_MAX];
    struct cluster_message good;
    CU_ASSERT_EQUAL_FATAL(
        cluster_message_decode(bytes_of(datagram->octets, datagram->length), &good), P7_OK);
    const struct bytes content = good.forward.octets;
    struct replica *replica = &p->node[to].replica;
    for (size_t length = 0; length < content.length; length++) {
        const uint64_t before = replica->counters.malformed;
        const struct cluster_message cut = message_of(
            good.kind, good.forward.id, good.forward.status, bytes_of(content.data, length));
        replica_on_message(replica, &cut, p->now_ns);
        CU_ASSERT_EQUAL(replica->counters.malformed, before + 1);
    }
    for (size_t bit = 0; bit < content.length * 8; bit++) {
        memcpy(copy, content.data, content.length);
        copy[bit / 8] ^= (uint8_t)(1u << (bit % 8));
        const struct cluster_message bad = message_of(
            good.kind, good.forward.id + ((uint64_t)bit << 32) * (good.kind == CLUSTER_FORWARD),
            good.forward.status, bytes_of(copy, content.length));
        replica_on_message(replica, &bad, p->now_ns);
        p->in_net = 0;
        if (bit % 16 == 15)
            pair_settle(p, 0);
        check_replies(p);
        if (good.kind == CLUSTER_RELAY && replica_pending_count(replica) == 0) {
            /* It was believed: ask again under the same id. */
            replica->generation--;
            (void)pair_ask_oneshot(p, to, 2);
            p->in_net = 0;
        }
    }
    p->in_net = 0;
}

static void octets_of_nobody_are_counted_and_do_no_harm(void)
{
    static struct pair_datagram forward;
    static struct pair_datagram relay;
    struct pair *p = pair_open();
    (void)pair_open_call(p, 1, 1);
    (void)pair_ask_oneshot(p, 1, 2);
    CU_ASSERT_EQUAL_FATAL(p->in_net, 1);
    forward = p->net[0];
    pair_deliver(p);
    pair_settle(p, 0);
    CU_ASSERT_EQUAL_FATAL(p->in_net, 1);
    relay = p->net[0];
    p->in_net = 0;
    try_all(p, 1, &relay);
    try_all(p, 0, &forward);
    CU_ASSERT(p->node[0].replica.counters.malformed > 0);
    pair_close(p);
}

static void random_octets_of_random_lengths_do_no_harm(void)
{
    struct random_state random;
    struct pair *p = pair_open();
    uint8_t octets[128];
    random_seed(&random, 11);
    for (unsigned i = 0; i < 20000; i++) {
        const size_t length = random_below(&random, sizeof(octets) + 1);
        for (size_t k = 0; k < length; k++)
            octets[k] = (uint8_t)random_u64(&random);
        if (length > 1) {
            octets[0] = 1; /* of this version, as few are by chance */
            octets[1] &= 3;
        }
        const struct cluster_message message =
            message_of(random_below(&random, 2) == 0 ? CLUSTER_FORWARD : CLUSTER_RELAY,
                       random_u64(&random) & 0xff000000ffull, (uint8_t)random_below(&random, 4),
                       bytes_of(octets, length));
        replica_on_message(&p->node[random_below(&random, 2)].replica, &message, p->now_ns);
        p->in_net = 0;
        check_replies(p);
    }
    CU_ASSERT_EQUAL(p->node[0].last, 0);
    pair_close(p);
}

UNIT_TESTS = {
    UNIT(each_request_is_charged_once_and_answered_once_whatever_happens),
    UNIT(octets_of_nobody_are_counted_and_do_no_harm),
    UNIT(random_octets_of_random_lengths_do_no_harm),
};
UNIT_MAIN("replica under faults")
