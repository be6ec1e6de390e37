/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "sigtran/transport/memory_network.h"

#include "sigtran/base/timer_heap.h"
#include "tests/unit/unit.h"

#define MS  1000000LL
#define SEC 1000000000LL

struct side {
    struct transport *transport;
    uint32_t association;
    uint32_t up, down, restart, writable, messages, out_of_order;
    uint32_t next[8]; /* expected number by stream */
    int64_t arrived_ns;
    uint64_t digest; /* of everything that happened, in order */
    char reason[TRANSPORT_REASON_OCTETS];
};

struct world {
    struct memory_network *network;
    struct side a; /* connects */
    struct side b; /* listens */
    int64_t now_ns;
};

static void digest(struct side *s, uint64_t v)
{
    s->digest = (s->digest ^ v) * 1099511628211u;
}

static void on_message(void *context, uint32_t association, const struct transport_message *m)
{
    struct side *s = context;
    (void)association;
    uint32_t number = 0;
    memcpy(&number, m->bytes.data, sizeof(number));
    s->messages++;
    s->out_of_order += number != s->next[m->stream];
    s->next[m->stream] = number + 1;
    s->arrived_ns = m->received_ns;
    digest(s, number);
    digest(s, m->stream);
    digest(s, (uint64_t)m->received_ns);
}

static void on_event(void *context, uint32_t association, const struct transport_event *e)
{
    struct side *s = context;
    s->association = association;
    s->up += e->kind == TRANSPORT_EVENT_UP;
    s->down += e->kind == TRANSPORT_EVENT_DOWN;
    s->restart += e->kind == TRANSPORT_EVENT_RESTART;
    s->writable += e->kind == TRANSPORT_EVENT_WRITABLE;
    if (e->kind == TRANSPORT_EVENT_DOWN)
        memcpy(s->reason, e->reason, sizeof(s->reason));
    digest(s, e->kind + 1000u);
}

static struct transport_endpoint endpoint(uint16_t remote_port)
{
    struct transport_endpoint e = {.local_port = 2905,
                                   .remote_port = remote_port,
                                   .remote_ip_count = 1,
                                   .remote_ip = {"10.0.0.2"},
                                   .profile = {.rto_initial_ms = 500,
                                               .rto_min_ms = 200,
                                               .rto_max_ms = 800,
                                               .association_max_retrans = 4,
                                               .init_max_attempts = 2,
                                               .init_timeout_max_ms = 1000,
                                               .streams_out = 8,
                                               .streams_in = 8,
                                               .send_buffer_octets = 10000}};
    return e;
}

static void world_open(struct world *w, uint64_t seed, struct memory_faults faults)
{
    memset(w, 0, sizeof(*w));
    w->now_ns = SEC;
    CU_ASSERT_EQUAL_FATAL(memory_network_create(seed, &faults, &w->network), P7_OK);
    const struct transport_handler ha = {&w->a, on_message, on_event};
    const struct transport_handler hb = {&w->b, on_message, on_event};
    CU_ASSERT_EQUAL_FATAL(memory_network_open(w->network, "10.0.0.1", &ha, &w->a.transport), P7_OK);
    CU_ASSERT_EQUAL_FATAL(memory_network_open(w->network, "10.0.0.2", &hb, &w->b.transport), P7_OK);
    transport_step(w->a.transport, w->now_ns);
    uint32_t listener;
    const struct transport_endpoint server = endpoint(0);
    CU_ASSERT_EQUAL_FATAL(transport_listen(w->b.transport, &server, &listener), P7_OK);
    const struct transport_endpoint client = endpoint(2905);
    CU_ASSERT_EQUAL_FATAL(transport_connect(w->a.transport, &client, &w->a.association), P7_OK);
}

static void world_close(struct world *w)
{
    transport_close(w->a.transport);
    transport_close(w->b.transport);
    memory_network_destroy(w->network);
}

static void run(struct world *w, int64_t until_ns)
{
    for (;;) {
        transport_flush(w->a.transport, w->now_ns);
        transport_flush(w->b.transport, w->now_ns);
        const int64_t next = memory_network_deadline_ns(w->network);
        if (next > until_ns)
            break;
        w->now_ns = next > w->now_ns ? next : w->now_ns;
        transport_step(w->a.transport, w->now_ns);
        transport_step(w->b.transport, w->now_ns);
    }
    w->now_ns = until_ns;
    transport_step(w->a.transport, w->now_ns);
    transport_step(w->b.transport, w->now_ns);
}

static enum p7_status send_number(struct world *w, uint16_t stream, uint32_t number)
{
    uint8_t message[100] = {0};
    memcpy(message, &number, sizeof(number));
    return transport_send(w->a.transport, w->a.association, stream, TRANSPORT_PPID_M3UA,
                          bytes_of(message, sizeof(message)));
}

static const struct memory_faults calm = {.delay_min_ns = MS, .delay_max_ns = MS};

static void both_ends_come_up_and_know_each_other(void)
{
    struct world w;
    world_open(&w, 1, calm);
    CU_ASSERT_EQUAL(send_number(&w, 0, 0), P7_STATE);
    run(&w, 2 * SEC);
    CU_ASSERT_EQUAL(w.a.up, 1);
    CU_ASSERT_EQUAL(w.b.up, 1);
    struct transport_status status;
    CU_ASSERT_EQUAL(transport_get_status(w.a.transport, w.a.association, &status), P7_OK);
    CU_ASSERT_EQUAL(status.streams_out, 8);
    CU_ASSERT_STRING_EQUAL(status.path[0].ip, "10.0.0.2");
    CU_ASSERT_EQUAL(send_number(&w, 8, 0), P7_RANGE);
    world_close(&w);
}

static void a_message_takes_the_delay_after_its_flush(void)
{
    struct world w;
    world_open(&w, 1, calm);
    run(&w, 2 * SEC);
    CU_ASSERT_EQUAL(send_number(&w, 0, 0), P7_OK);
    run(&w, 3 * SEC);
    CU_ASSERT_EQUAL(w.b.messages, 1);
    CU_ASSERT_EQUAL(w.b.arrived_ns, (2 * SEC) + MS);
    world_close(&w);
}

/* RFC9260-6.6: order holds within a stream, whatever is lost and however delays differ. */
static void loss_and_jitter_never_reorder_a_stream(void)
{
    struct world w;
    world_open(&w, 7,
               (struct memory_faults){.delay_min_ns = 0, .delay_max_ns = 5 * MS, .loss = 0.05});
    run(&w, 20 * SEC);
    uint32_t next[4] = {0};
    for (uint32_t i = 0; i < 4000; i++) {
        const uint16_t stream = (uint16_t)(i % 4);
        if (send_number(&w, stream, next[stream]) == P7_OK)
            next[stream]++;
        run(&w, w.now_ns + MS);
    }
    run(&w, w.now_ns + (60 * SEC));
    CU_ASSERT_EQUAL(w.b.messages, next[0] + next[1] + next[2] + next[3]);
    CU_ASSERT(w.b.messages > 2000);
    CU_ASSERT_EQUAL(w.b.out_of_order, 0);
    struct transport_counters counters;
    transport_get_counters(w.a.transport, &counters);
    CU_ASSERT(counters.chunks_retransmitted > 100);
    world_close(&w);
}

static uint64_t history(uint64_t seed)
{
    struct world w;
    world_open(&w, seed,
               (struct memory_faults){.delay_max_ns = 3 * MS,
                                      .loss = 0.02,
                                      .disconnects_per_second = 0.1,
                                      .restarts_per_second = 0.3});
    for (uint32_t i = 0; i < 3000; i++) {
        (void)!send_number(&w, (uint16_t)(i % 8), i);
        run(&w, w.now_ns + (10 * MS));
    }
    const uint64_t all = w.a.digest ^ (w.b.digest * 31);
    CU_ASSERT(w.b.messages > 10);
    world_close(&w);
    return all;
}

static void the_same_seed_gives_the_same_history(void)
{
    const uint64_t first = history(42);
    CU_ASSERT_EQUAL(history(42), first);
    CU_ASSERT_NOT_EQUAL(history(43), first);
}

static void a_full_send_buffer_says_so_and_then_that_it_is_writable(void)
{
    struct world w;
    world_open(&w, 1, calm);
    run(&w, 2 * SEC);
    uint32_t sent = 0;
    while (send_number(&w, 0, sent) == P7_OK)
        sent++;
    CU_ASSERT_EQUAL(sent, 100); /* 10 000 octets of buffer */
    CU_ASSERT_EQUAL(w.a.writable, 0);
    run(&w, 3 * SEC);
    CU_ASSERT_EQUAL(w.a.writable, 1);
    CU_ASSERT_EQUAL(w.b.messages, 100);
    CU_ASSERT_EQUAL(send_number(&w, 0, sent), P7_OK);
    world_close(&w);
}

static void a_graceful_end_delivers_what_was_sent(void)
{
    struct world w;
    world_open(&w, 3, (struct memory_faults){.delay_max_ns = 4 * MS, .loss = 0.2});
    run(&w, 20 * SEC);
    for (uint32_t i = 0; i < 50; i++)
        CU_ASSERT_EQUAL(send_number(&w, 1, i), P7_OK);
    transport_disconnect(w.a.transport, w.a.association, false);
    run(&w, w.now_ns + (20 * SEC));
    CU_ASSERT_EQUAL(w.b.messages, 50);
    CU_ASSERT_EQUAL(w.a.down, 1);
    CU_ASSERT_EQUAL(w.b.down, 1);
    world_close(&w);
}

static void an_abort_ends_both_at_once(void)
{
    struct world w;
    world_open(&w, 3, calm);
    run(&w, 2 * SEC);
    transport_disconnect(w.a.transport, w.a.association, true);
    CU_ASSERT_EQUAL(w.a.down, 0); /* from a later step only */
    run(&w, w.now_ns + (2 * MS));
    CU_ASSERT_EQUAL(w.a.down, 1);
    CU_ASSERT_EQUAL(w.b.down, 1);
    world_close(&w);
}

/* RFC9260-6.3.3: 200 400 800 800 800 ms, then the sixth expiry ends it. */
static void a_cut_host_costs_the_association_its_retransmissions(void)
{
    struct world w;
    world_open(&w, 3, calm);
    run(&w, 2 * SEC);
    memory_network_cut(w.b.transport, true);
    CU_ASSERT_EQUAL(send_number(&w, 0, 0), P7_OK);
    CU_ASSERT_EQUAL(send_number(&w, 0, 1), P7_OK);
    run(&w, (2 * SEC) + (2900 * MS));
    CU_ASSERT_EQUAL(w.a.down, 0);
    run(&w, (2 * SEC) + (3100 * MS));
    CU_ASSERT_EQUAL(w.a.down, 1);
    CU_ASSERT_EQUAL(w.b.messages, 0);
    world_close(&w);
}

static void a_short_cut_only_delays_in_order(void)
{
    struct world w;
    world_open(&w, 3, calm);
    run(&w, 2 * SEC);
    memory_network_cut(w.b.transport, true);
    for (uint32_t i = 0; i < 20; i++)
        CU_ASSERT_EQUAL(send_number(&w, 0, i), P7_OK);
    run(&w, w.now_ns + (300 * MS));
    memory_network_cut(w.b.transport, false);
    run(&w, w.now_ns + SEC);
    CU_ASSERT_EQUAL(w.b.messages, 20);
    CU_ASSERT_EQUAL(w.b.out_of_order, 0);
    CU_ASSERT_EQUAL(w.a.down, 0);
    world_close(&w);
}

/* RFC9260-5.2: nothing from before a restart arrives after it. */
static void a_restart_is_told_to_both_and_drops_what_was_under_way(void)
{
    struct world w;
    world_open(&w, 3, calm);
    run(&w, 2 * SEC);
    CU_ASSERT_EQUAL(send_number(&w, 0, 0), P7_OK);
    transport_flush(w.a.transport, w.now_ns);
    memory_network_restart(w.a.transport, w.a.association);
    run(&w, 3 * SEC);
    CU_ASSERT_EQUAL(w.a.restart, 1);
    CU_ASSERT_EQUAL(w.b.restart, 1);
    CU_ASSERT_EQUAL(w.b.messages, 0);
    CU_ASSERT_EQUAL(send_number(&w, 0, 0), P7_OK);
    run(&w, 4 * SEC);
    CU_ASSERT_EQUAL(w.b.messages, 1);
    world_close(&w);
}

static void a_connect_to_nobody_is_refused_or_runs_out_of_inits(void)
{
    struct world w;
    world_open(&w, 3, calm);
    run(&w, 2 * SEC);
    const struct transport_endpoint closed = endpoint(9);
    uint32_t association;
    CU_ASSERT_EQUAL(transport_connect(w.a.transport, &closed, &association), P7_OK);
    run(&w, w.now_ns + (3 * MS));
    CU_ASSERT_EQUAL(w.a.down, 1);
    struct transport_endpoint nobody = endpoint(2905);
    memcpy(nobody.remote_ip[0], "10.0.0.9", 9);
    CU_ASSERT_EQUAL(transport_connect(w.a.transport, &nobody, &association), P7_OK);
    run(&w, w.now_ns + (2499 * MS)); /* 500 + 1000 + 1000 ms */
    CU_ASSERT_EQUAL(w.a.down, 1);
    run(&w, w.now_ns + (2 * MS));
    CU_ASSERT_EQUAL(w.a.down, 2);
    CU_ASSERT_STRING_EQUAL(w.a.reason, "no answer to the INITs");
    world_close(&w);
}

static void unsound_faults_are_refused(void)
{
    struct memory_network *network;
    const struct memory_faults always = {.loss = 1};
    const struct memory_faults backwards = {.delay_min_ns = 2, .delay_max_ns = 1};
    CU_ASSERT_EQUAL(memory_network_create(1, &always, &network), P7_RANGE);
    CU_ASSERT_EQUAL(memory_network_create(1, &backwards, &network), P7_RANGE);
}

UNIT_TESTS = {
    UNIT(both_ends_come_up_and_know_each_other),
    UNIT(a_message_takes_the_delay_after_its_flush),
    UNIT(loss_and_jitter_never_reorder_a_stream),
    UNIT(the_same_seed_gives_the_same_history),
    UNIT(a_full_send_buffer_says_so_and_then_that_it_is_writable),
    UNIT(a_graceful_end_delivers_what_was_sent),
    UNIT(an_abort_ends_both_at_once),
    UNIT(a_cut_host_costs_the_association_its_retransmissions),
    UNIT(a_short_cut_only_delays_in_order),
    UNIT(a_restart_is_told_to_both_and_drops_what_was_under_way),
    UNIT(a_connect_to_nobody_is_refused_or_runs_out_of_inits),
    UNIT(unsound_faults_are_refused),
};
UNIT_MAIN("memory_network")
