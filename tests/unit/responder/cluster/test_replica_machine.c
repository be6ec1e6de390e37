/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Two replicas around the real machine, with a register, disks that sync at once and a net that
 * delivers in order: a request's whole way, over a takeover and a restart. */
#include <stdlib.h>

#include "responder/cluster/replica.h"
#include "tests/unit/responder/peer.h"

#define TICK_NS     10000000LL
#define WALL_NS     1700000000000000000
#define LETTERS     4096u
#define LETTER_ROOM 2048u
#define RECORDS     1024u
#define REPLIES     256u

struct machine_record {
    uint8_t octets[LEDGER_RECORD_OCTETS_MAX];
    struct ledger_record_head head;
};

struct machine_node {
    struct pair *pair;
    struct cluster cluster;
    struct service service;
    struct replica replica;
    struct machine_record record[RECORDS]; /* [i] has index i + 1 */
    uint8_t read[CLUSTER_APPEND_OCTETS + LEDGER_RECORD_OCTETS_MAX];
    uint64_t last;
    uint32_t generation;
    bool up;
    enum replica_verdict verdict[REPLIES]; /* by token */
    struct service_reply reply[REPLIES];
    unsigned replies[REPLIES];
};

struct letter {
    unsigned to;
    size_t length;
    uint8_t octets[LETTER_ROOM];
};

struct pair {
    struct machine_node node[2];
    struct register_value value;
    struct register_answer answer[64];
    unsigned answer_to[64];
    uint32_t answers;
    struct letter letter[LETTERS];
    uint32_t letters;
    struct peer peer;
    int64_t now_ns;
    uint64_t tokens;
};

/* --- handlers of the machine ------------------------------------------------------------------ */

static void post(void *context, const struct cluster_message *message)
{
    struct machine_node *node = context;
    struct pair *pair = node->pair;
    CU_ASSERT_FATAL(pair->letters < LETTERS);
    struct letter *letter = &pair->letter[pair->letters++];
    struct bytes_writer w = bytes_writer_of(letter->octets, letter->octets + LETTER_ROOM);
    CU_ASSERT_EQUAL_FATAL(cluster_message_encode(&w, message), P7_OK);
    letter->length = bytes_writer_length(&w);
    letter->to = node == &pair->node[0] ? 1 : 0;
}

static void ask_register(void *context, const struct register_request *request)
{
    struct machine_node *node = context;
    struct pair *pair = node->pair;
    CU_ASSERT_FATAL(pair->answers < 64);
    (void)register_apply(&pair->value, request, &pair->answer[pair->answers]);
    pair->answer_to[pair->answers++] = node == &pair->node[0] ? 0 : 1;
}

static void on_append(void *context, struct bytes records, bool decided)
{
    struct machine_node *node = context;
    const struct bytes all = records;
    while (records.length > 0) {
        CU_ASSERT_FATAL(node->last < RECORDS);
        struct machine_record *r = &node->record[node->last++];
        CU_ASSERT_EQUAL_FATAL(ledger_record_peek(records, &r->head), P7_OK);
        memcpy(r->octets, records.data, r->head.length);
        records = bytes_of(records.data + r->head.length, records.length - r->head.length);
    }
    replica_on_appended(&node->replica, all, decided);
}

static void on_truncate(void *context, uint64_t last_kept, uint32_t generation)
{
    struct machine_node *node = context;
    node->last = last_kept;
    node->generation = generation;
    replica_on_truncated(&node->replica, last_kept);
}

static void on_committed(void *context, uint64_t index)
{
    struct machine_node *node = context;
    replica_on_committed(&node->replica, index, node->pair->now_ns);
}

static void on_role(void *context, enum cluster_role role, uint64_t term)
{
    struct machine_node *node = context;
    (void)term;
    replica_on_role(&node->replica, role, node->pair->now_ns);
}

static void on_event(void *context, const struct cluster_event *event)
{
    (void)context;
    CU_ASSERT_NOT_EQUAL(event->kind, CLUSTER_EVENT_DIVERGED);
}

static uint64_t log_last(void *context)
{
    return ((const struct machine_node *)context)->last;
}

static enum p7_status log_head(void *context, uint64_t index, uint64_t *term, uint32_t *checksum)
{
    const struct machine_node *node = context;
    *term = 0;
    *checksum = 0;
    if (index > node->last)
        return P7_NOT_FOUND;
    if (index > 0) {
        *term = node->record[index - 1].head.term;
        *checksum = node->record[index - 1].head.checksum;
    }
    return P7_OK;
}

static struct bytes log_read(void *context, uint64_t first, size_t octets, uint32_t *count)
{
    struct machine_node *node = context;
    size_t length = 0;
    *count = 0;
    for (uint64_t i = first; i <= node->last; i++) {
        const struct machine_record *r = &node->record[i - 1];
        if (length + r->head.length > octets && *count > 0)
            break;
        memcpy(node->read + length, r->octets, r->head.length);
        length += r->head.length;
        ++*count;
    }
    return bytes_of(node->read, length);
}

/* --- handlers of the replica ------------------------------------------------------------------ */

static void on_reply(void *context, uint64_t token, enum replica_verdict verdict,
                     const struct service_reply *reply, const uint64_t reference[2])
{
    struct machine_node *node = context;
    (void)reference;
    CU_ASSERT_FATAL(token < REPLIES);
    node->verdict[token] = verdict;
    node->reply[token] = *reply;
    node->replies[token]++;
}

/* The owner fills in the heartbeat. */
static void on_send(void *context, const struct cluster_message *message)
{
    struct machine_node *node = context;
    struct cluster_message copy = *message;
    uint32_t checksum;
    copy.heartbeat = (struct cluster_heartbeat){
        .identity = node->cluster.params.identity,
        .term = node->cluster.term,
        .last = node->last,
        .commit = node->cluster.commit,
        .role = (uint8_t)node->cluster.role,
        .node = node->cluster.params.node,
    };
    CU_ASSERT_EQUAL(log_head(node, node->last, &copy.heartbeat.last_term, &checksum), P7_OK);
    post(node, &copy);
}

static int64_t wall_ns(void *context)
{
    return WALL_NS + ((const struct machine_node *)context)->pair->now_ns;
}

/* --- life ------------------------------------------------------------------------------------- */

/* A node comes up with the ledger that it has. */
static void start(struct pair *pair, unsigned n)
{
    struct machine_node *node = &pair->node[n];
    const struct replica_handler replica_handler = {
        .context = node, .reply = on_reply, .send = on_send, .wall_ns = wall_ns};
    const struct cluster_handler handler = {.context = node,
                                            .send = post,
                                            .request = ask_register,
                                            .append = on_append,
                                            .truncate = on_truncate,
                                            .committed = on_committed,
                                            .role = on_role,
                                            .event = on_event};
    const struct cluster_log log = {
        .context = node, .last = log_last, .head = log_head, .read = log_read};
    struct cluster_params params;
    struct replica_params replica_params;
    struct bench b;

    node->pair = pair;
    node->up = true;
    node->generation = 0;
    bench_params(&b);
    b.params.identity_key = *service_identity_key();
    CU_ASSERT_EQUAL_FATAL(service_create(&node->service, &b.params), P7_OK);
    cluster_params_init(&params);
    params.cluster_id = 7;
    params.node = (uint8_t)n;
    params.identity = 100 + n;
    params.nonce = 1000 + n + (uint64_t)pair->now_ns;
    cluster_init(&node->cluster, &params, &handler, &log);
    replica_params_init(&replica_params);
    replica_params.pending_max = 128;
    replica_params.calls_max = 128;
    CU_ASSERT_EQUAL_FATAL(replica_create(&node->replica, &replica_params, &replica_handler,
                                         &node->service, &node->cluster),
                          P7_OK);
    for (uint64_t i = 0; i < node->last; i++)
        replica_on_appended(&node->replica,
                            bytes_of(node->record[i].octets, node->record[i].head.length), false);
    cluster_start(&node->cluster, pair->now_ns);
}

static void stop(struct pair *pair, unsigned n)
{
    struct machine_node *node = &pair->node[n];
    CU_ASSERT_TRUE(accounts_conserved(&node->service.accounts));
    CU_ASSERT_EQUAL(node->replica.book.failures, 0);
    node->up = false;
    replica_destroy(&node->replica);
    service_destroy(&node->service);
}

static void deliver(struct pair *pair)
{
    static struct letter letter;
    static struct cluster_message message;
    for (uint32_t i = 0; i < pair->answers; i++)
        if (pair->node[pair->answer_to[i]].up)
            cluster_on_register(&pair->node[pair->answer_to[i]].cluster, &pair->answer[i],
                                pair->now_ns);
    pair->answers = 0;
    for (uint32_t i = 0; i < pair->letters; i++) {
        letter = pair->letter[i];
        struct machine_node *node = &pair->node[letter.to];
        if (!node->up)
            continue;
        CU_ASSERT_EQUAL_FATAL(
            cluster_message_decode(bytes_of(letter.octets, letter.length), &message), P7_OK);
        cluster_on_message(&node->cluster, &message, pair->now_ns);
        replica_on_message(&node->replica, &message, pair->now_ns);
    }
    pair->letters = 0;
}

static void run(struct pair *pair, int64_t span_ns)
{
    for (const int64_t until_ns = pair->now_ns + span_ns; pair->now_ns < until_ns;) {
        pair->now_ns += TICK_NS;
        deliver(pair);
        for (unsigned n = 0; n < 2; n++) {
            struct machine_node *node = &pair->node[n];
            if (!node->up)
                continue;
            cluster_on_durable(&node->cluster, node->generation, node->last, pair->now_ns);
            replica_turn(&node->replica, pair->now_ns);
            cluster_turn(&node->cluster, pair->now_ns);
        }
    }
}

static struct pair *create(void)
{
    struct pair *pair = calloc(1, sizeof(*pair));
    CU_ASSERT_PTR_NOT_NULL_FATAL(pair);
    pair->value.owner = REGISTER_NODE_NONE;
    pair->now_ns = TICK_NS;
    start(pair, 0);
    run(pair, 100 * TICK_NS);
    start(pair, 1);
    run(pair, 300 * TICK_NS);
    CU_ASSERT_EQUAL_FATAL(pair->node[0].cluster.role, CLUSTER_ACTIVE);
    CU_ASSERT_EQUAL_FATAL(pair->node[1].cluster.role, CLUSTER_PASSIVE);
    CU_ASSERT_EQUAL_FATAL(pair->value.mode, REGISTER_PAIR);
    return pair;
}

static void destroy(struct pair *pair)
{
    for (unsigned n = 0; n < 2; n++)
        if (pair->node[n].up)
            stop(pair, n);
    free(pair);
}

static uint64_t ask(struct pair *pair, unsigned n, uint32_t service_key, uint64_t reference)
{
    const struct peer_call call = peer_call_of(service_key, reference);
    (void)peer_initial_dp(&pair->peer, &call);
    const uint8_t *o = pair->peer.octets;
    const struct replica_request request = {
        .token = ++pair->tokens,
        .origin = peer_origin(),
        .octets = bytes_of(o, o[1] < 0x80 ? o[1] + 2u : o[2] + 3u),
    };
    CU_ASSERT_FATAL(o[1] <= 0x81);
    replica_request(&pair->node[n].replica, &request, pair->now_ns);
    return request.token;
}

static const struct account *account(const struct pair *pair, unsigned n)
{
    return &pair->node[n].service.accounts.entry[1];
}

/* --- the stories ------------------------------------------------------------------------------ */

static void requests_at_both_nodes_are_answered_and_charged_on_both(void)
{
    struct pair *p = create();
    for (uint64_t i = 0; i < 20; i++)
        (void)ask(p, (unsigned)i % 2, SERVICE_ONESHOT_KEY_DEFAULT, i / 2);
    run(p, 100 * TICK_NS);
    for (uint64_t token = 1; token <= 20; token++) {
        const struct machine_node *node = &p->node[(token - 1) % 2];
        CU_ASSERT_EQUAL(node->replies[token], 1);
        CU_ASSERT_EQUAL(node->verdict[token], REPLICA_DECIDED);
        CU_ASSERT_EQUAL(node->reply[token].decision.body, DECISION_CALL_CONTINUE);
    }
    CU_ASSERT_EQUAL(account(p, 0)->charged, 10 * 3);
    CU_ASSERT_EQUAL(account(p, 1)->charged, 10 * 3);
    destroy(p);
}

static void the_passive_that_takes_over_decides_what_the_dead_active_left(void)
{
    struct pair *p = create();
    const uint64_t call = ask(p, 1, 100, 1);
    run(p, 20 * TICK_NS);
    CU_ASSERT_EQUAL(p->node[1].replies[call], 1);
    const uint64_t lost = ask(p, 1, SERVICE_ONESHOT_KEY_DEFAULT, 2);
    deliver(p); /* decided, and not yet on both */
    stop(p, 0);
    p->letters = 0;
    const uint64_t later = ask(p, 1, SERVICE_ONESHOT_KEY_DEFAULT, 3);
    run(p, 300 * TICK_NS);
    CU_ASSERT_EQUAL(p->node[1].cluster.role, CLUSTER_ACTIVE);
    CU_ASSERT_EQUAL(p->node[1].verdict[lost], REPLICA_DECIDED);
    CU_ASSERT_EQUAL(p->node[1].replies[lost], 1);
    CU_ASSERT_EQUAL(p->node[1].replies[later], 1);
    /* The old active comes back: its tail is cut, its state is the other's. */
    start(p, 0);
    run(p, 300 * TICK_NS);
    CU_ASSERT_EQUAL(p->node[0].cluster.role, CLUSTER_PASSIVE);
    CU_ASSERT_EQUAL(p->node[0].last, p->node[1].last);
    const uint64_t again = ask(p, 0, SERVICE_ONESHOT_KEY_DEFAULT, 2);
    run(p, 20 * TICK_NS);
    CU_ASSERT_EQUAL(p->node[0].replies[again], 1);
    CU_ASSERT_EQUAL(p->node[0].reply[again].disposition, SERVICE_AGAIN);
    for (unsigned n = 0; n < 2; n++) {
        CU_ASSERT_EQUAL(account(p, n)->charged, 2 * 3);
        CU_ASSERT_EQUAL(account(p, n)->reserved, 67);
        CU_ASSERT_EQUAL(calls_count(&p->node[n].replica.calls), 1);
    }
    destroy(p);
}

static void a_planned_hand_over_fails_no_request(void)
{
    struct pair *p = create();
    const char *why;
    uint64_t first = p->tokens + 1;
    CU_ASSERT_EQUAL_FATAL(cluster_switchover(&p->node[0].cluster, p->now_ns, &why), P7_OK);
    for (uint64_t i = 0; i < 40; i++) {
        (void)ask(p, (unsigned)i % 2, SERVICE_ONESHOT_KEY_DEFAULT, 50 + i);
        run(p, TICK_NS);
    }
    run(p, 100 * TICK_NS);
    CU_ASSERT_EQUAL(p->node[1].cluster.role, CLUSTER_ACTIVE);
    CU_ASSERT_EQUAL(p->node[0].cluster.role, CLUSTER_PASSIVE);
    for (uint64_t i = 0; i < 40; i++) {
        CU_ASSERT_EQUAL(p->node[i % 2].replies[first + i], 1);
        CU_ASSERT_EQUAL(p->node[i % 2].verdict[first + i], REPLICA_DECIDED);
    }
    CU_ASSERT_EQUAL(account(p, 0)->charged, 40 * 3);
    CU_ASSERT_EQUAL(account(p, 1)->charged, 40 * 3);
    destroy(p);
}

UNIT_TESTS = {
    UNIT(requests_at_both_nodes_are_answered_and_charged_on_both),
    UNIT(the_passive_that_takes_over_decides_what_the_dead_active_left),
    UNIT(a_planned_hand_over_fails_no_request),
};
UNIT_MAIN("replica with the machine")
