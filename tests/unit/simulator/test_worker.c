/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * The simulated network on the wire: a worker whose node has a way to each of two others, on an
 * in-memory network. The worker stamps by the real clock, so its schedule is driven by hand:
 * everything that may be due is due within `ALL_NS`, and nothing times out.
 */
#include <stdlib.h>

#include "simulator/record/run_directory.h"
#include "simulator/worker_internal.h"
#include "tests/unit/sigtran/runtime/node_rig.h"
#include "tests/unit/simulator/record/scratch.h"

#define NODE_A 0
#define NODE_B 1
#define SIM    2
#define ALL_NS (100 * RIG_SEC)

/* What a node says to a request. */
struct answer {
    bool is_silent;
    int32_t code; /* of the operation that goes with the END, or the CONTINUE */
    enum tcap_send_primitive primitive;
};

struct world {
    struct rig rig;
    struct scratch scratch;
    struct worker *worker;
    struct recorder *recorder;
    struct subscribers subscribers;
    struct answer answer[2];
    uint32_t begins[2];
    uint32_t told_by;         /* the node that was asked last */
    struct sccp_party origin; /* of the last request, as a responder sees it */
    uint32_t foreign[2];      /* messages to transactions that the node does not have */
    struct tcap_transaction_id foreign_id; /* of the last one */
};

static struct world world;
static struct settings settings;

static void on_asked(uint32_t which, const struct tcap_dialogue_indication *indication,
                     const struct node_route *route)
{
    const struct answer *answer = &world.answer[which];
    if (indication->type != TCAP_IND_BEGIN)
        return;
    world.begins[which]++;
    world.told_by = which;
    world.origin = route->called;
    if (answer->is_silent)
        return;
    const struct tcap_component invoke = tcap_invoke(1, answer->code);
    const struct tcap_request request = {.components = &invoke, .component_count = 1};
    CU_ASSERT_EQUAL(node_send(world.rig.side[which].node, world.rig.now_ns, indication->dialogue,
                              answer->primitive, &request),
                    P7_OK);
}

static void on_asked_a(void *context, const struct tcap_dialogue_indication *indication,
                       const struct node_route *route)
{
    (void)context;
    on_asked(NODE_A, indication, route);
}

static void on_asked_b(void *context, const struct tcap_dialogue_indication *indication,
                       const struct node_route *route)
{
    (void)context;
    on_asked(NODE_B, indication, route);
}

static void on_foreign(void *context, const struct tcap_dialogue_indication *indication,
                       const struct node_route *route)
{
    uint32_t *count = context;
    (void)route;
    (*count)++;
    world.foreign_id = indication->message->dtid;
}

static void on_node_event(void *context, const struct node_event *event, int64_t now_ns)
{
    (void)context;
    (void)event;
    (void)now_ns;
}

/* --- the simulator -----------------------------------------------------------------------------
 */

static void fill_settings(enum target_policy policy)
{
    struct target_settings *target = &settings.simulator.target[0];
    memset(&settings, 0, sizeof(settings));
    settings.as_count = 2;
    settings.simulator.journal_durable = true;
    settings.simulator.target_count = 1;
    *target = (struct target_settings){
        .name = "cluster", .as_count = 2, .as = {"a", "b"}, .policy = policy};
    target->called.ssn = SCCP_SSN_CAP;
    target->calling.ssn = SCCP_SSN_CAP;
    (void)snprintf(target->calling.global_title, sizeof(target->calling.global_title), "46701009");
}

static void open_recorder(void)
{
    static const char *const nodes[] = {"a", "b"};
    static const char *const names[] = {"cluster"};
    char reason[RUN_REASON_OCTETS];
    const struct recorder_settings recorder = {.directory = world.scratch.path,
                                               .ring_records = 1024,
                                               .target_count = 1,
                                               .target_names = names,
                                               .flow_count = 1,
                                               .flow_names = names,
                                               .node_count = 2,
                                               .node_names = nodes,
                                               .run_tag = 1,
                                               .journal = true};
    scratch_create(&world.scratch);
    CU_ASSERT_EQUAL_FATAL(recorder_open(&recorder, &world.recorder, reason, sizeof(reason)), P7_OK);
}

/* `count` requests are due within the first second. */
static void open_worker(enum traffic_model_kind kind, uint32_t count)
{
    struct worker *w = calloc(1, sizeof(*w));
    CU_ASSERT_PTR_NOT_NULL_FATAL(w);
    world.worker = w;
    w->settings = &settings;
    w->recorder = world.recorder;
    const struct traffic_settings traffic = {
        .seed = 1,
        .duration_ns = (int64_t)count * RIG_MS,
        .timeout_ns = 1000 * RIG_SEC,
        .retransmit_after_ns = 10 * RIG_SEC,
        .attempts = 2,
        .calls_max = 64,
        .subscriber_count = 1,
        .flow_count = 1,
        .flow = {{.rate_per_s = 1000, .mix_count = 1, .mix = {{.weight = 1}}}},
        .model_count = 1,
        .model = {{.kind = kind, .cap_version = 2, .service_key = 1, .duration_ms = 1000}},
    };
    const struct traffic_sink sink = worker_traffic_sink(w);
    CU_ASSERT_EQUAL_FATAL(traffic_create(&w->traffic, &traffic, &sink), P7_OK);
    CU_ASSERT_EQUAL_FATAL(subscribers_range(&world.subscribers, "46701", "24001", 1), P7_OK);
    const struct ssf_config ssf = {.called_party = "4670",
                                   .msc_address = "4671",
                                   .run_tag = 1,
                                   .subscribers = &world.subscribers};
    CU_ASSERT_EQUAL_FATAL(ssf_init(&w->ssf, &ssf), P7_OK);
    const struct measure_config measure = {.flow_count = 1, .target_count = 1};
    CU_ASSERT_EQUAL_FATAL(interval_create(&w->set[0], 0, 1000 * RIG_SEC), P7_OK);
    CU_ASSERT_EQUAL_FATAL(measure_create(&w->measure, &measure, &w->set[0]), P7_OK);
    CU_ASSERT_EQUAL_FATAL(echoes_create(&w->echoes, 64), P7_OK);
}

static void open_node_of(uint32_t which)
{
    static const char *const ip[] = {"10.0.0.2", "10.0.0.3"};
    const struct node_handler handler = {.context = &world.foreign[which],
                                         .dialogue = which == NODE_A ? on_asked_a : on_asked_b,
                                         .event = on_node_event,
                                         .discarded = on_foreign};
    const struct node_asp server = rig_asp_server("sim", "10.0.0.1");
    const struct node_as network = rig_as(1, 1, AS_MODE_OVERRIDE);
    struct node_config config = rig_config(2 + which, &server, 1, &network);
    (void)rig_add(&world.rig, ip[which], &config, &handler);
    world.answer[which] = (struct answer){.code = CAP_CONTINUE, .primitive = TCAP_SEND_END};
}

static void world_open(enum target_policy policy, enum traffic_model_kind kind, uint32_t count)
{
    memset(&world, 0, sizeof(world));
    fill_settings(policy);
    open_recorder();
    rig_open(&world.rig, 1, &rig_calm);
    open_node_of(NODE_A);
    open_node_of(NODE_B);
    open_worker(kind, count);
    const struct node_handler handler = {.context = world.worker,
                                         .dialogue = worker_on_dialogue,
                                         .event = on_node_event,
                                         .discarded = worker_on_discarded};
    const struct node_asp clients[] = {rig_asp_client("to-a", "10.0.0.2"),
                                       rig_asp_client("to-b", "10.0.0.3")};
    struct node_as ass[] = {rig_as(2, 1, AS_MODE_OVERRIDE), rig_as(3, 1, AS_MODE_OVERRIDE)};
    for (uint32_t i = 0; i < 2; i++) {
        (void)snprintf(ass[i].name, sizeof(ass[i].name), "%s", i == 0 ? "a" : "b");
        memcpy(settings.as[i].name, ass[i].name, sizeof(settings.as[i].name));
        ass[i].group = 1;
        ass[i].m3ua.asp[0] = i;
    }
    struct node_config config = rig_config(1, clients, 2, ass);
    config.as_count = 2;
    config.user_octets = sizeof(struct worker_dialogue);
    world.worker->node = rig_add(&world.rig, "10.0.0.1", &config, &handler)->node;
    CU_ASSERT_EQUAL_FATAL(worker_create_routes(world.worker), P7_OK);
    rig_run_for(&world.rig, RIG_SEC);
    world.worker->origin_ns = clock_monotonic_ns() - RIG_SEC; /* all is due by now */
}

/* Everything that is due at `now_ns`, and what follows from it on the wire. */
static void act(int64_t now_ns)
{
    for (;;) {
        const struct traffic_action action = traffic_next(&world.worker->traffic, now_ns);
        if (action.kind == TRAFFIC_NOTHING)
            break;
        worker_act(world.worker, action);
    }
    rig_run_for(&world.rig, 50 * RIG_MS);
}

/* Starts request `which` (0, 1, ...) without giving it time to be sent again. */
static void start(uint32_t which)
{
    const struct traffic_action action =
        traffic_next(&world.worker->traffic, (int64_t)which * RIG_MS);
    CU_ASSERT_EQUAL_FATAL(action.kind, TRAFFIC_BEGIN);
    worker_act(world.worker, action);
    rig_run_for(&world.rig, 50 * RIG_MS);
}

/* Ends the run; `rows` are the last cells of requests.csv: attempts and what follows flow. */
static const char *world_close(void)
{
    char text[256];
    struct worker *w = world.worker;
    traffic_finish(&w->traffic, ALL_NS);
    act(ALL_NS);
    worker_release_echoes(w, INT64_MAX);
    CU_ASSERT_TRUE(accounting_check(&w->measure.accounting, 0, text, sizeof(text)));
    CU_ASSERT_EQUAL(tcap_dialogue_count(node_dialogues(w->node)), 0);
    recorder_close(world.recorder, NULL);
    rig_close(&world.rig);
    traffic_destroy(&w->traffic);
    measure_destroy(&w->measure);
    echoes_destroy(&w->echoes);
    interval_destroy(&w->set[0]);
    free(w);
    return scratch_read(&world.scratch, RUN_FILE_REQUESTS);
}

static uint32_t count_of(const char *text, const char *word)
{
    uint32_t count = 0;
    for (const char *at = strstr(text, word); at != NULL; at = strstr(at + 1, word))
        count++;
    return count;
}

static const struct accounting_counts *total(void)
{
    return &world.worker->measure.accounting.total;
}

/* --- the stories --------------------------------------------------------------------------------
 */

/* A responder names a request by the calling party's octets: see server_dialogue.c. */
static void the_origin_that_a_run_names_is_what_the_responder_receives(void)
{
    world_open(TARGET_POLICY_ACTIVE, TRAFFIC_MODEL_ONESHOT, 1);
    start(0);
    const struct bytes told = sccp_party_bytes(&world.origin);
    const struct bytes named = worker_target_origin(world.worker, 0);
    CU_ASSERT_TRUE(named.length > 4);
    CU_ASSERT_EQUAL_FATAL(told.length, named.length);
    CU_ASSERT_EQUAL(memcmp(told.data, named.data, named.length), 0);
    (void)world_close();
    scratch_remove_tree(world.scratch.path);
}

static void active_goes_to_the_first_node_and_stays_with_the_one_that_answered_in_its_place(void)
{
    world_open(TARGET_POLICY_ACTIVE, TRAFFIC_MODEL_ONESHOT, 4);
    start(0);
    CU_ASSERT_TRUE(world.begins[NODE_A] == 1 && world.begins[NODE_B] == 0);
    world.answer[NODE_A].is_silent = true;
    start(1);
    CU_ASSERT_EQUAL(total()->ok, 1);
    start(2);
    act(ALL_NS); /* the last one starts, and all are sent again */
    CU_ASSERT_EQUAL(total()->ok, 4);
    CU_ASSERT_EQUAL(total()->due, 4);
    CU_ASSERT_EQUAL(world.begins[NODE_A], 4);
    CU_ASSERT_EQUAL(world.begins[NODE_B], 3);
    CU_ASSERT_EQUAL(world.worker->ways[0].proved, NODE_B);
    const char *rows = world_close();
    CU_ASSERT_EQUAL(count_of(rows, ",a,1,\n"), 1);
    CU_ASSERT_EQUAL(count_of(rows, ",b,1,\n"), 3);
    scratch_remove_tree(world.scratch.path);
}

static void round_robin_goes_to_the_nodes_in_turn(void)
{
    world_open(TARGET_POLICY_ROUND_ROBIN, TRAFFIC_MODEL_ONESHOT, 10);
    act(9 * RIG_MS);
    CU_ASSERT_EQUAL(world.begins[NODE_A], 5);
    CU_ASSERT_EQUAL(world.begins[NODE_B], 5);
    CU_ASSERT_EQUAL(total()->ok, 10);
    (void)world_close();
    scratch_remove_tree(world.scratch.path);
}

static void both_are_asked_at_once_and_a_request_has_one_outcome(void)
{
    world_open(TARGET_POLICY_BOTH, TRAFFIC_MODEL_ONESHOT, 10);
    for (uint32_t i = 0; i < 10; i++)
        start(i);
    CU_ASSERT_EQUAL(world.begins[NODE_A], 10);
    CU_ASSERT_EQUAL(world.begins[NODE_B], 10);
    CU_ASSERT_EQUAL(total()->due, 10);
    CU_ASSERT_EQUAL(total()->ok, 10);
    CU_ASSERT_EQUAL(total()->duplicate_replies, 0);
    CU_ASSERT_EQUAL(total()->retransmissions, 0);
    const struct worker_copies copies = worker_get_copies(world.worker);
    CU_ASSERT_EQUAL(copies.sent, 10);
    CU_ASSERT_EQUAL(copies.replies, 10);
    CU_ASSERT_EQUAL(copies.contradicted, 0);
    const char *rows = world_close();
    CU_ASSERT_EQUAL(count_of(rows, ",2,\n"), 10);
    CU_ASSERT_EQUAL(count_of(rows, "contradicted"), 0);
    CU_ASSERT_EQUAL(count_of(scratch_read(&world.scratch, RUN_FILE_JOURNAL), ",again,"), 10);
    scratch_remove_tree(world.scratch.path);
}

static void two_nodes_that_say_different_things_are_found_out(void)
{
    world_open(TARGET_POLICY_BOTH, TRAFFIC_MODEL_ONESHOT, 3);
    world.answer[NODE_B].code = CAP_CONNECT;
    start(0);
    world.answer[NODE_B].is_silent = true;
    start(1);
    world.answer[NODE_B] = world.answer[NODE_A];
    start(2);
    CU_ASSERT_EQUAL(total()->ok, 3);
    CU_ASSERT_EQUAL(worker_get_copies(world.worker).contradicted, 1);
    const char *rows = world_close();
    CU_ASSERT_EQUAL(count_of(rows, "contradicted"), 1);
    CU_ASSERT_EQUAL(count_of(rows, ",1,\n"), 1);
    CU_ASSERT_EQUAL(count_of(rows, ",2,\n"), 2);
    CU_ASSERT_EQUAL(count_of(scratch_read(&world.scratch, RUN_FILE_JOURNAL), "contradicted"), 1);
    scratch_remove_tree(world.scratch.path);
}

/* A way that is closed leaves the other one, and nothing is counted twice. */
static void both_with_one_way_open_is_one_request(void)
{
    world_open(TARGET_POLICY_BOTH, TRAFFIC_MODEL_ONESHOT, 2);
    transport_disconnect(node_transport(world.rig.side[NODE_A].node),
                         rig_association(&world.rig.side[NODE_A], 0), true);
    rig_run_for(&world.rig, 10 * RIG_MS);
    start(0);
    CU_ASSERT_EQUAL(world.begins[NODE_B], 1);
    CU_ASSERT_EQUAL(total()->ok, 1);
    CU_ASSERT_EQUAL(worker_get_copies(world.worker).unsent, 1);
    (void)world_close();
    scratch_remove_tree(world.scratch.path);
}

/* The same transaction at both nodes: the second END finds no dialogue any more. */
static void a_second_reply_to_a_request_sent_again_is_compared(void)
{
    world_open(TARGET_POLICY_ACTIVE, TRAFFIC_MODEL_ONESHOT, 1);
    world.answer[NODE_B].code = CAP_CONNECT;
    worker_act(world.worker, traffic_next(&world.worker->traffic, 0));
    act(ALL_NS); /* sent again before the first node's reply is here */
    CU_ASSERT_TRUE(world.begins[NODE_A] == 1 && world.begins[NODE_B] == 1);
    CU_ASSERT_EQUAL(total()->ok, 1);
    CU_ASSERT_EQUAL(total()->duplicate_replies, 1);
    CU_ASSERT_EQUAL(worker_get_copies(world.worker).contradicted, 1);
    CU_ASSERT_EQUAL(worker_get_copies(world.worker).unmatched, 0);
    const char *rows = world_close();
    CU_ASSERT_EQUAL(count_of(rows, "contradicted,0,0,0000010000000000"), 1);
    scratch_remove_tree(world.scratch.path);
}

/* The dialogue lives at A; with its association gone the request goes to B, for the transaction
 * that A has given: a cluster may know it. This B does not, and says so. */
static void a_request_inside_of_a_dialogue_takes_the_other_way_when_its_own_is_gone(void)
{
    world_open(TARGET_POLICY_ACTIVE, TRAFFIC_MODEL_CALL, 1);
    world.answer[NODE_A].primitive = TCAP_SEND_CONTINUE;
    start(0);
    CU_ASSERT_EQUAL(total()->ok, 1);
    const uint32_t dialogue = tcap_dialogue_next(node_dialogues(world.worker->node), 0);
    const struct tcap_transaction_id at_a =
        tcap_dialogue_peer_id(node_dialogues(world.worker->node), dialogue);
    transport_disconnect(node_transport(world.rig.side[NODE_A].node),
                         rig_association(&world.rig.side[NODE_A], 0), true);
    rig_run_for(&world.rig, 10 * RIG_MS);
    /* The answer's instant, the report's: the duration of the schedule must not cut them. */
    world.worker->traffic.settings.duration_ns = ALL_NS;
    world.worker->paused = traffic_pause(&world.worker->traffic, RIG_MS) == P7_OK;
    act(50 * RIG_SEC);
    CU_ASSERT_TRUE(world.foreign[NODE_B] > 0);
    CU_ASSERT_EQUAL(world.foreign_id.value, at_a.value);
    CU_ASSERT_EQUAL(total()->due, 2);
    CU_ASSERT_EQUAL(total()->error, 1);
    const char *rows = world_close();
    CU_ASSERT_EQUAL(
        count_of(rows, ",0,1,0000010000000000,b,1,p-abort: unrecognized transaction id\n"), 1);
    scratch_remove_tree(world.scratch.path);
}

UNIT_TESTS = {
    UNIT(the_origin_that_a_run_names_is_what_the_responder_receives),
    UNIT(active_goes_to_the_first_node_and_stays_with_the_one_that_answered_in_its_place),
    UNIT(round_robin_goes_to_the_nodes_in_turn),
    UNIT(both_are_asked_at_once_and_a_request_has_one_outcome),
    UNIT(two_nodes_that_say_different_things_are_found_out),
    UNIT(both_with_one_way_open_is_one_request),
    UNIT(a_second_reply_to_a_request_sent_again_is_compared),
    UNIT(a_request_inside_of_a_dialogue_takes_the_other_way_when_its_own_is_gone),
};
UNIT_MAIN("worker")
