/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* One side decides random traffic, the other sides apply its records: their states are equal, also
 * after records were taken back. Records go through their octets. */
#include "responder/cluster/book.h"

#include <stdlib.h>

#include "sigtran/base/random.h"
#include "tests/unit/responder/peer.h"

#define RECORDS_MAX  4096u
#define CALLS_MAX    16u
#define HISTORY      32u
#define NS_PER_100MS 100000000

struct side {
    struct service service;
    struct calls calls;
    struct book book;
};

/* A message as it came, and the call that its dialogue belonged to. */
struct sent {
    uint8_t octets[640];
    uint64_t reference[2];
};

struct traffic {
    struct random_state random;
    struct peer peer;
    struct side active;
    struct ledger_record record[RECORDS_MAX];
    uint32_t records;
    uint32_t checksum;
    int64_t wall_ns;
    uint64_t next_reference;
    uint64_t call[CALLS_MAX][2]; /* references of calls that were begun; zeros: none */
    uint32_t used[CALLS_MAX];
    struct sent history[HISTORY];
    uint32_t sent;
    uint32_t repeated; /* duplicates that the service knew */
};

static void side_open(struct side *side, uint32_t duplicates_max, bool faults)
{
    struct bench b;
    bench_params(&b);
    b.params.account_count = 8;
    b.params.account_balance = 3000;
    b.params.duplicates_max = duplicates_max;
    b.params.identity_key = *service_identity_key();
    if (faults)
        b.params.fault = (struct fault_params){.error_weight = 5000, .drop_weight = 5000};
    b.params.fault_seed = 5;
    CU_ASSERT_EQUAL_FATAL(service_create(&side->service, &b.params), P7_OK);
    CU_ASSERT_EQUAL_FATAL(calls_create(&side->calls, 4 * CALLS_MAX), P7_OK);
    CU_ASSERT_EQUAL_FATAL(book_create(&side->book, &side->service, &side->calls), P7_OK);
}

static void side_close(struct side *side)
{
    CU_ASSERT_TRUE(accounts_conserved(&side->service.accounts));
    CU_ASSERT_EQUAL(side->book.failures, 0);
    book_destroy(&side->book);
    calls_destroy(&side->calls);
    service_destroy(&side->service);
}

/* --- deciding --------------------------------------------------------------------------------- */

static void keep_record(struct traffic *t, struct ledger_record *record)
{
    uint8_t octets[LEDGER_RECORD_OCTETS_MAX];
    struct bytes_writer w = bytes_writer_of(octets, octets + sizeof(octets));
    CU_ASSERT_FATAL(t->records < RECORDS_MAX);
    record->index = t->records + 1;
    record->term = 3;
    record->wall_ns = t->wall_ns;
    CU_ASSERT_EQUAL_FATAL(ledger_record_encode(&w, record, t->checksum), P7_OK);
    CU_ASSERT_EQUAL_FATAL(ledger_record_decode(bytes_of(octets, bytes_writer_length(&w)),
                                               t->checksum, &t->record[t->records], NULL,
                                               &t->checksum),
                          P7_OK);
    t->records++;
    book_noted(&t->active.book, record);
}

static struct service_dialogue dialogue_of(const struct traffic *t, const uint64_t reference[2])
{
    const struct service_dialogue *call = calls_find(&t->active.calls, reference);
    return call != NULL ? *call : (struct service_dialogue){.account = ACCOUNT_NONE};
}

static void decide(struct traffic *t, const struct tcap_message *message,
                   const uint64_t reference[2], uint64_t begun[2])
{
    struct side *side = &t->active;
    struct service_reply reply;
    struct ledger_record record;
    struct book_mark mark;
    struct service_dialogue dialogue = {.account = ACCOUNT_NONE};
    if (message->type != TCAP_BEGIN)
        dialogue = dialogue_of(t, reference);
    book_mark(&side->book, &dialogue, &mark);
    service_receive(&side->service, &dialogue, message, peer_origin(), t->records + 1, t->wall_ns,
                    &reply);
    t->repeated += reply.disposition == SERVICE_AGAIN || reply.disposition == SERVICE_ATTACHED;
    if (book_note(&side->book, &mark, &dialogue, &reply, &record)) {
        CU_ASSERT_TRUE(reply.disposition == SERVICE_ANSWER || reply.disposition == SERVICE_NOTHING);
        keep_record(t, &record);
    }
    if (begun != NULL) {
        begun[0] = dialogue.reference[0];
        begun[1] = dialogue.reference[1];
    }
}

static void take(struct traffic *t, const struct tcap_message *message, uint64_t *reference)
{
    struct sent *sent = &t->history[t->sent++ % HISTORY];
    memcpy(sent->octets, t->peer.octets, sizeof(sent->octets));
    sent->reference[0] = message->type == TCAP_BEGIN ? 0 : reference[0];
    sent->reference[1] = message->type == TCAP_BEGIN ? 0 : reference[1];
    decide(t, message, sent->reference, message->type == TCAP_BEGIN ? reference : NULL);
}

static void close_call(struct traffic *t, const uint64_t reference[2])
{
    struct book_mark mark;
    struct ledger_record record;
    struct service_dialogue dialogue = dialogue_of(t, reference);
    book_mark(&t->active.book, &dialogue, &mark);
    (void)service_close(&t->active.service, &dialogue, t->wall_ns);
    if (book_note(&t->active.book, &mark, &dialogue, NULL, &record))
        keep_record(t, &record);
}

/* --- traffic ---------------------------------------------------------------------------------- */

static void begin(struct traffic *t, uint32_t slot)
{
    static const char *const subscribers[] = {"46701000001", "46701000002", "46701000007",
                                              "46701999999"};
    uint64_t scratch[2];
    const uint64_t sort = random_below(&t->random, 4);
    const char *subscriber = subscribers[random_below(&t->random, 4)];
    if (sort == 0) {
        take(t, peer_initial_dp_sms(&t->peer, subscriber, t->next_reference++), scratch);
        return;
    }
    struct peer_call call =
        peer_call_of(sort == 1 ? SERVICE_ONESHOT_KEY_DEFAULT : 100, t->next_reference++);
    call.calling = subscriber;
    take(t, peer_initial_dp(&t->peer, &call), sort == 1 ? scratch : t->call[slot]);
    t->used[slot] = 0;
}

static void repeat(struct traffic *t)
{
    struct tcap_message message;
    struct service_reply reply;
    const uint32_t kept = t->sent < HISTORY ? t->sent : HISTORY;
    if (kept == 0)
        return;
    const struct sent *sent = &t->history[random_below(&t->random, kept)];
    /* The message's own length says where it ends: short or long form of up to two octets. */
    const uint8_t *o = sent->octets;
    const size_t length = o[1] < 0x80    ? o[1] + 2u
                          : o[1] == 0x81 ? o[2] + 3u
                                         : bytes_load_u16be(o + 2) + 4u;
    CU_ASSERT_EQUAL_FATAL(tcap_decode(bytes_of(o, length), &message), P7_OK);
    if (message.type == TCAP_CONTINUE && calls_find(&t->active.calls, sent->reference) == NULL &&
        service_receive_stray(&t->active.service, &message, peer_origin(), &reply)) {
        t->repeated++;
        return;
    }
    decide(t, &message, sent->reference, NULL);
}

static void in_call(struct traffic *t, uint32_t slot)
{
    const int8_t invoke_id = (int8_t)(2 + random_below(&t->random, 100));
    uint64_t *reference = t->call[slot];
    t->used[slot] += (uint32_t)random_below(&t->random, 400);
    switch (random_below(&t->random, 8)) {
    case 0:
    case 1:
        take(t, peer_event(&t->peer, invoke_id, CAP_BCSM_O_ANSWER, false), reference);
        break;
    case 2:
    case 3:
    case 4:
        take(t, peer_report(&t->peer, invoke_id, t->used[slot], true), reference);
        break;
    case 5:
        take(t, peer_report(&t->peer, invoke_id, t->used[slot], false), reference);
        break;
    case 6:
        take(t, peer_event(&t->peer, invoke_id, CAP_BCSM_O_DISCONNECT, true), reference);
        break;
    default:
        peer_start(&t->peer);
        if (random_below(&t->random, 2) == 0)
            peer_add_report(&t->peer, invoke_id, t->used[slot], false);
        take(t, peer_message(&t->peer, TCAP_END, 0, NULL), reference);
        break;
    }
}

static void step(struct traffic *t)
{
    const uint32_t slot = (uint32_t)random_below(&t->random, CALLS_MAX);
    const uint64_t what = random_below(&t->random, 20);
    t->wall_ns += (int64_t)random_below(&t->random, 20 * (uint64_t)NS_PER_100MS);
    if (what < 3)
        repeat(t);
    else if (what == 3)
        close_call(t, t->call[slot]);
    else if (calls_find(&t->active.calls, t->call[slot]) != NULL || what == 4)
        in_call(t, slot);
    else
        begin(t, slot);
}

static struct traffic *traffic_open(uint64_t seed, uint32_t duplicates_max)
{
    struct traffic *t = calloc(1, sizeof(*t));
    CU_ASSERT_PTR_NOT_NULL_FATAL(t);
    random_seed(&t->random, seed);
    t->wall_ns = 1700000000000000000;
    t->next_reference = 1;
    side_open(&t->active, duplicates_max, seed % 2 == 0);
    return t;
}

static void traffic_close(struct traffic *t)
{
    side_close(&t->active);
    free(t);
}

/* --- comparing -------------------------------------------------------------------------------- */

#define SAME(field) CU_ASSERT_EQUAL(a->field, b->field)

static void compare_decisions(const struct decision *a, const struct decision *b)
{
    SAME(primitive);
    SAME(dialogue);
    SAME(body);
    SAME(context);
    SAME(kind);
    SAME(result);
    SAME(code);
    SAME(problem_kind);
    SAME(invoke_id);
    SAME(answers_invoke_id);
    SAME(flags);
    SAME(slice_100ms);
}

static void compare_calls(const struct service_dialogue *a, const struct service_dialogue *b)
{
    CU_ASSERT_EQUAL(a == NULL, b == NULL);
    if (a == NULL || b == NULL)
        return;
    CU_ASSERT_EQUAL(a->flags & SERVICE_DIALOGUE_IN_FLIGHT, 0);
    SAME(charged);
    SAME(reserved);
    SAME(last_content);
    SAME(answered_ns);
    SAME(account);
    SAME(used_100ms);
    SAME(granted_100ms);
    SAME(sequence);
    SAME(state);
    SAME(flags);
    SAME(context);
    SAME(invoke_id);
    compare_decisions(&a->last, &b->last);
}

static void compare_hits(const struct duplicate_hit *a, const struct duplicate_hit *b)
{
    SAME(state);
    SAME(handle);
    if (a->state == DUPLICATE_UNKNOWN)
        return;
    SAME(token);
    compare_decisions(&a->decision, &b->decision);
}

/* `oldest`: of the records whose duplicates are looked up. */
static void compare(const struct traffic *t, const struct side *x, const struct side *y,
                    uint32_t oldest)
{
    CU_ASSERT_EQUAL(x->book.applied, y->book.applied);
    CU_ASSERT_EQUAL(x->service.accounts.charged_total, y->service.accounts.charged_total);
    CU_ASSERT_EQUAL(x->service.accounts.reserved_total, y->service.accounts.reserved_total);
    for (uint32_t i = 0; i < x->service.accounts.count; i++) {
        const struct account *a = &x->service.accounts.entry[i];
        const struct account *b = &y->service.accounts.entry[i];
        SAME(balance);
        SAME(reserved);
        SAME(charged);
    }
    CU_ASSERT_EQUAL(calls_count(&x->calls), calls_count(&y->calls));
    for (uint32_t i = oldest; i < t->records; i++) {
        const struct ledger_record *r = &t->record[i];
        struct duplicate_identity identity = r->identity;
        compare_calls(calls_find(&x->calls, r->reference), calls_find(&y->calls, r->reference));
        if ((r->flags & LEDGER_HAS_STRAY) != 0) {
            identity.key[0] = r->stray[0];
            identity.key[1] = r->stray[1];
        }
        const struct duplicate_hit of_x = duplicate_find(&x->service.duplicates, &identity);
        const struct duplicate_hit of_y = duplicate_find(&y->service.duplicates, &identity);
        compare_hits(&of_x, &of_y);
    }
}

static void apply(const struct traffic *t, struct side *side, uint64_t up_to)
{
    while (side->book.applied < up_to)
        book_apply(&side->book, &t->record[side->book.applied]);
}

/* --- the tests -------------------------------------------------------------------------------- */

static void records_make_the_same_state_on_another_node(void)
{
    uint32_t kinds = 0;
    uint32_t flags = 0;
    uint32_t repeated = 0;
    for (uint64_t seed = 1; seed <= 40; seed++) {
        struct traffic *t = traffic_open(seed, 4096);
        struct side passive = {0};
        side_open(&passive, 4096, false);
        for (uint32_t i = 0; i < 600; i++) {
            step(t);
            apply(t, &passive, t->records);
            if (i % 100 == 99) {
                const uint64_t commit = t->records - random_below(&t->random, t->records / 2 + 1);
                book_committed(&t->active.book, commit);
                book_committed(&passive.book, commit);
                compare(t, &t->active, &passive, 0);
            }
        }
        for (uint32_t i = 0; i < t->records; i++) {
            kinds |= 1u << t->record[i].kind;
            flags |= t->record[i].flags;
        }
        repeated += t->repeated;
        side_close(&passive);
        traffic_close(t);
    }
    /* The traffic had everything in it. */
    CU_ASSERT_EQUAL(kinds, (1u << LEDGER_CHARGE) | (1u << LEDGER_SETTLEMENT));
    CU_ASSERT_EQUAL(flags, LEDGER_HAS_CALL | LEDGER_CALL_OVER | LEDGER_HAS_STRAY | LEDGER_IN_TABLE);
    CU_ASSERT(repeated > 100);
}

static void records_taken_back_leave_no_trace(void)
{
    for (uint64_t seed = 1; seed <= 60; seed++) {
        struct traffic *t = traffic_open(seed, 4096);
        struct side passive = {0};
        struct side untold = {0};
        side_open(&passive, 4096, false);
        side_open(&untold, 4096, false);
        for (uint32_t i = 0; i < 300; i++)
            step(t);
        const uint64_t all = t->records;
        const uint64_t kept = all - random_below(&t->random, all);
        apply(t, &passive, all);
        apply(t, &untold, kept);
        book_committed(&t->active.book, kept);
        book_committed(&passive.book, kept);
        book_committed(&untold.book, kept);
        while (passive.book.applied > kept)
            book_undo(&passive.book);
        compare(t, &passive, &untold, 0);
        /* The one that has decided them takes them back as well. */
        while (t->active.book.applied > kept)
            book_undo(&t->active.book);
        compare(t, &t->active, &untold, 0);
        apply(t, &t->active, all);
        apply(t, &passive, all);
        apply(t, &untold, all);
        compare(t, &t->active, &untold, 0);
        compare(t, &passive, &untold, 0);
        side_close(&untold);
        side_close(&passive);
        traffic_close(t);
    }
}

static void a_full_table_is_equal_again_once_as_many_have_come(void)
{
    for (uint64_t seed = 1; seed <= 10; seed++) {
        struct traffic *t = traffic_open(seed, 16);
        struct side passive = {0};
        side_open(&passive, 16, false);
        for (uint32_t i = 0; i < 300; i++)
            step(t);
        apply(t, &passive, t->records);
        const uint64_t kept = t->records - 10;
        while (passive.book.applied > kept)
            book_undo(&passive.book);
        CU_ASSERT(duplicate_table_count(&passive.service.duplicates) < 16);
        apply(t, &passive, t->records);
        compare(t, &t->active, &passive, 0);
        CU_ASSERT_EQUAL(duplicate_table_count(&passive.service.duplicates), 16);
        side_close(&passive);
        traffic_close(t);
    }
}

static void what_did_not_become_a_record_is_dropped(void)
{
    struct traffic *t = traffic_open(1, 64);
    struct side untold = {0};
    struct service_reply reply;
    struct ledger_record record;
    struct book_mark mark;
    struct service_dialogue dialogue = {.account = ACCOUNT_NONE};
    const struct peer_call call = peer_call_of(100, 9);
    side_open(&untold, 64, false);
    book_mark(&t->active.book, &dialogue, &mark);
    service_receive(&t->active.service, &dialogue, peer_initial_dp(&t->peer, &call), peer_origin(),
                    1, t->wall_ns, &reply);
    CU_ASSERT_TRUE_FATAL(book_note(&t->active.book, &mark, &dialogue, &reply, &record));
    CU_ASSERT_EQUAL(record.reserved_delta, 67);
    CU_ASSERT_EQUAL(record.account, 46701000001);
    t->record[0] = record;
    t->records = 1;
    book_drop(&t->active.book);
    compare(t, &t->active, &untold, 0);
    CU_ASSERT_EQUAL(duplicate_table_count(&t->active.service.duplicates), 0);
    side_close(&untold);
    traffic_close(t);
}

static void what_lies_further_back_than_the_undo_counts_as_answered(void)
{
    struct side side = {0};
    side_open(&side, 65536, false);
    struct ledger_record record = {.kind = LEDGER_CHARGE, .flags = LEDGER_IN_TABLE};
    for (uint64_t i = 1; i <= CLUSTER_UNDO_MAX + 100; i++) {
        record.index = i;
        record.identity.key[0] = i;
        book_apply(&side.book, &record);
    }
    record.identity.key[0] = 100;
    CU_ASSERT_EQUAL(duplicate_find(&side.service.duplicates, &record.identity).state,
                    DUPLICATE_ANSWERED);
    record.identity.key[0] = 101;
    CU_ASSERT_EQUAL(duplicate_find(&side.service.duplicates, &record.identity).state,
                    DUPLICATE_IN_FLIGHT);
    for (uint32_t i = 0; i < CLUSTER_UNDO_MAX; i++)
        book_undo(&side.book);
    CU_ASSERT_EQUAL(duplicate_table_count(&side.service.duplicates), 100);
    CU_ASSERT_EQUAL(side.book.applied, 100);
    side_close(&side);
}

static void a_record_that_can_not_be_applied_is_counted_and_known_again(void)
{
    struct side side = {0};
    side_open(&side, 64, false);
    struct ledger_record record = {.index = 1,
                                   .kind = LEDGER_CHARGE,
                                   .flags = LEDGER_IN_TABLE | LEDGER_HAS_CALL,
                                   .account = 46701000000 + 8,
                                   .amount = 5,
                                   .identity = {.key = {1, 2}},
                                   .call = {.state = SERVICE_DIALOGUE_CALL, .account = 8}};
    book_apply(&side.book, &record);
    CU_ASSERT_EQUAL(side.book.failures, 1);
    record.index = 2;
    record.account = 46701000000;
    record.amount = 3001; /* one more than there is */
    book_apply(&side.book, &record);
    CU_ASSERT_EQUAL(side.book.failures, 2);
    record.index = 3;
    record.amount = 0; /* but the call is of an account that is not there */
    book_apply(&side.book, &record);
    CU_ASSERT_EQUAL(side.book.failures, 3);
    CU_ASSERT_EQUAL(calls_count(&side.calls), 0);
    CU_ASSERT_EQUAL(duplicate_table_count(&side.service.duplicates), 3);
    for (unsigned i = 0; i < 3; i++)
        book_undo(&side.book);
    CU_ASSERT_EQUAL(duplicate_table_count(&side.service.duplicates), 0);
    side.book.failures = 0;
    side_close(&side);
}

UNIT_TESTS = {
    UNIT(records_make_the_same_state_on_another_node),
    UNIT(records_taken_back_leave_no_trace),
    UNIT(a_full_table_is_equal_again_once_as_many_have_come),
    UNIT(what_did_not_become_a_record_is_dropped),
    UNIT(what_lies_further_back_than_the_undo_counts_as_answered),
    UNIT(a_record_that_can_not_be_applied_is_counted_and_known_again),
};
UNIT_MAIN("book")
