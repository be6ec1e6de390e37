/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Routing keys are registered: by an ASP (node 1, and 2) at an SG (node 0), and byte by byte. */
#include <stdio.h>

#include "tests/unit/sigtran/fsm/m3ua_endpoint_fixture.h"

#define ASPUP     "0100030100000008"
#define ASPUP_ACK "0100030400000008"
/* REG REQ: Local-RK-Identifier 1, then the rest of the key; DPC 700 */
#define DPC      "020b0008000002bc"
#define KEY(n)   "020700" n "020a000800000001"
#define REG_REQ  "010009010000001c" KEY("14") DPC
#define REG_7    "0100090100000024" KEY("1c") "0006000800000007" DPC
#define DEREG(c) "0100090300000010 00060008" c

static struct node *const sg = &nodes[0];
static struct node *const one = &nodes[1];
static struct node *const two = &nodes[2];

struct sg_setup {
    enum m3ua_registration registration;
    uint32_t spares;
    bool has_static; /* AS 0: routing context 7, point code 700, served by ASP 0 */
    uint32_t asps;
    uint16_t users;
    bool has_appearance;
};

static void sg_create(const struct sg_setup *setup)
{
    static const struct m3ua_asp_config asp[3] = {
        {.role = ASP_ROLE_SG}, {.role = ASP_ROLE_SG}, {.role = ASP_ROLE_SG}};
    struct m3ua_as_config as[3];
    uint32_t count = 0;
    if (setup->has_static)
        as[count++] = (struct m3ua_as_config){.has_routing_context = true,
                                              .routing_context = 7,
                                              .point_code = 700,
                                              .traffic_mode = AS_MODE_OVERRIDE,
                                              .t_r_ns = 2 * SECOND,
                                              .asp_count = 1,
                                              .asp = {0},
                                              .queue_octets = 512};
    for (uint32_t i = 0; i < setup->spares; i++) {
        as[count] = (struct m3ua_as_config){.spare = true,
                                            .traffic_mode = AS_MODE_OVERRIDE,
                                            .t_r_ns = 2 * SECOND,
                                            .asp_count = setup->asps,
                                            .queue_octets = 512};
        for (uint32_t a = 0; a < setup->asps; a++)
            as[count].asp[a] = a;
        count++;
    }
    const struct m3ua_endpoint_config config = {.point_code = 1,
                                                .users = setup->users,
                                                .has_network_appearance = setup->has_appearance,
                                                .network_appearance = 8,
                                                .registration = setup->registration,
                                                .asp_count = setup->asps,
                                                .asp = asp,
                                                .as_count = count,
                                                .as = as};
    CU_ASSERT_EQUAL_FATAL(node_create(0, &config), P7_OK);
}

static const struct sg_setup dynamic = {
    .registration = M3UA_REGISTRATION_DYNAMIC, .spares = 2, .asps = 3};
static const struct sg_setup fixed = {.has_static = true, .asps = 2, .users = 1u << 3};

/* An ASP with one AS that registers its key: that point code, no routing context of its own. */
static void asp_create_for(unsigned index, uint32_t point_code, enum as_traffic_mode mode)
{
    static const struct m3ua_asp_config asp = {
        .role = ASP_ROLE_ASP, .wants_up = true, .wants_active = true, .t_ack_tries = 3};
    const struct m3ua_as_config as = {.point_code = point_code,
                                      .traffic_mode = mode,
                                      .sends_traffic_mode = true,
                                      .registers = true,
                                      .asp_count = 1,
                                      .asp = {0}};
    const struct m3ua_endpoint_config config = {
        .point_code = point_code, .asp_count = 1, .asp = &asp, .as_count = 1, .as = &as};
    CU_ASSERT_EQUAL_FATAL(node_create(index, &config), P7_OK);
}

/* The SG alone: the test plays the ASPs on associations 0.. */
static void start_sg(const struct sg_setup *setup)
{
    fixture_reset();
    sg_create(setup);
    for (uint32_t i = 0; i < setup->asps; i++) {
        link_up(i, sg, i, NULL, 0, 4);
        give(sg, i, 0, ASPUP);
    }
    sg->sent_count = 0;
    sg->event_count = 0;
}

/* The status that the SG answers the key with, and its routing context. */
static uint32_t status_for(uint32_t asp, const char *hex, uint32_t *routing_context)
{
    sg->sent_count = 0;
    give(sg, asp, 0, hex);
    CU_ASSERT_TRUE_FATAL(sg->sent_count > 0);
    struct m3ua_fault fault;
    const struct sent *s = &sg->sent[0];
    CU_ASSERT_EQUAL(s->stream, 0);
    CU_ASSERT_EQUAL_FATAL(m3ua_decode(s->octets, s->octets + s->length, &sent_message, &fault),
                          P7_OK);
    if (sent_message.kind == M3UA_DEREG_RSP) {
        *routing_context = sent_message.deregistration_result[0].routing_context;
        return sent_message.deregistration_result[0].status;
    }
    CU_ASSERT_EQUAL_FATAL(sent_message.kind, M3UA_REG_RSP);
    CU_ASSERT_EQUAL(sent_message.registration_result[0].local_id, 1);
    *routing_context = sent_message.registration_result[0].routing_context;
    return sent_message.registration_result[0].status;
}

static const struct m3ua_endpoint_event *last_registration(const struct node *of)
{
    const struct m3ua_endpoint_event *e = event_of(of, M3UA_EVENT_REGISTRATION);
    CU_ASSERT_PTR_NOT_NULL_FATAL(e);
    return e;
}

/* --- between an ASP and an SG ---------------------------------------------------------------- */

/* RFC4666-4.4.1 */
static void an_asp_registers_its_key_before_it_asks_for_traffic(void)
{
    fixture_reset();
    sg_create(&fixed);
    asp_create_for(1, 700, AS_MODE_OVERRIDE);
    link_up(0, one, 0, sg, 0, 4);
    pump();
    CU_ASSERT_EQUAL(m3ua_endpoint_as_state(one->ep, 0), AS_STATE_ACTIVE);
    CU_ASSERT_EQUAL(m3ua_endpoint_as_state(sg->ep, 0), AS_STATE_ACTIVE);
    CU_ASSERT_EQUAL(m3ua_endpoint_as_config(one->ep, 0)->routing_context, 7);
    const struct m3ua_endpoint_event *e = last_registration(one);
    CU_ASSERT_EQUAL(e->message_kind, M3UA_REG_RSP);
    CU_ASSERT_EQUAL(e->registration_status, M3UA_REGISTRATION_SUCCESS);
    CU_ASSERT_EQUAL(e->routing_context, 7);
    CU_ASSERT_EQUAL(last_registration(sg)->message_kind, M3UA_REG_REQ);
    CU_ASSERT_EQUAL(transfer(one, 0, 0, "x"), P7_OK);
    CU_ASSERT_EQUAL(transfer(sg, 0, 0, "y"), P7_OK);
    pump();
    CU_ASSERT_EQUAL(sg->data_count, 1);
    CU_ASSERT_EQUAL(sg->data.routing_context, 7);
    CU_ASSERT_EQUAL(one->data_count, 1);
    CU_ASSERT_EQUAL(m3ua_endpoint_deadline_ns(one->ep), TIMER_NEVER_NS);
}

/* RFC4666-4.4.1: a new key, a second ASP that joins, and 4.4.2: none left */
static void a_new_key_gets_an_as_of_its_own_while_somebody_has_it(void)
{
    fixture_reset();
    sg_create(&dynamic);
    asp_create_for(1, 700, AS_MODE_LOADSHARE);
    asp_create_for(2, 700, AS_MODE_LOADSHARE);
    CU_ASSERT_FALSE(m3ua_endpoint_as_is_used(sg->ep, 0));
    link_up(0, one, 0, sg, 0, 4);
    pump();
    CU_ASSERT_TRUE(m3ua_endpoint_as_is_used(sg->ep, 0));
    CU_ASSERT_EQUAL(m3ua_endpoint_as_config(sg->ep, 0)->point_code, 700);
    CU_ASSERT_EQUAL(m3ua_endpoint_as_config(sg->ep, 0)->traffic_mode, AS_MODE_LOADSHARE);
    link_up(1, two, 0, sg, 1, 4);
    pump();
    CU_ASSERT_FALSE(m3ua_endpoint_as_is_used(sg->ep, 1));
    CU_ASSERT_TRUE(m3ua_endpoint_carries(sg->ep, 0, 0) && m3ua_endpoint_carries(sg->ep, 1, 0));
    for (uint8_t sls = 0; sls < 4; sls++)
        CU_ASSERT_EQUAL(transfer(sg, 0, sls, "x"), P7_OK);
    pump();
    CU_ASSERT_EQUAL(one->data_count, 2);
    CU_ASSERT_EQUAL(two->data_count, 2);
    /* one leaves, by the book */
    CU_ASSERT_EQUAL(m3ua_endpoint_deregister(one->ep, 0, 0, now_ns), P7_STATE); /* active */
    CU_ASSERT_EQUAL(m3ua_endpoint_asp_inactive(one->ep, 0, 0, now_ns), P7_OK);
    pump();
    CU_ASSERT_EQUAL(m3ua_endpoint_deregister(one->ep, 0, 0, now_ns), P7_OK);
    pump();
    CU_ASSERT_EQUAL(last_registration(one)->message_kind, M3UA_DEREG_RSP);
    CU_ASSERT_EQUAL(last_registration(one)->registration_status, M3UA_DEREGISTRATION_SUCCESS);
    CU_ASSERT_TRUE(m3ua_endpoint_as_is_used(sg->ep, 0));
    CU_ASSERT_EQUAL(m3ua_endpoint_as_state(one->ep, 0), AS_STATE_DOWN);
    /* the other one is lost: the AS keeps its traffic for T(r), and is spare then */
    link_down(1);
    CU_ASSERT_EQUAL(m3ua_endpoint_as_state(sg->ep, 0), AS_STATE_PENDING);
    pass(2 * SECOND);
    CU_ASSERT_FALSE(m3ua_endpoint_as_is_used(sg->ep, 0));
    /* and back: both are taken in again, the one when it asks, the other by itself */
    CU_ASSERT_EQUAL(m3ua_endpoint_register(one->ep, 0, 0, now_ns), P7_OK);
    CU_ASSERT_EQUAL(m3ua_endpoint_register(one->ep, 0, 0, now_ns), P7_EXISTS);
    CU_ASSERT_EQUAL(m3ua_endpoint_asp_active(one->ep, 0, 0, now_ns), P7_OK);
    link_up(1, two, 0, sg, 1, 4);
    pump();
    CU_ASSERT_TRUE(m3ua_endpoint_carries(sg->ep, 0, 0) && m3ua_endpoint_carries(sg->ep, 1, 0));
}

/* RFC4666-4.4.2 */
static void an_asp_that_goes_down_is_not_registered_any_more(void)
{
    fixture_reset();
    sg_create(&dynamic);
    asp_create_for(1, 700, AS_MODE_OVERRIDE);
    link_up(0, one, 0, sg, 0, 4);
    pump();
    CU_ASSERT_EQUAL(m3ua_endpoint_asp_down(one->ep, 0, now_ns), P7_OK);
    pump();
    pass(2 * SECOND);
    CU_ASSERT_FALSE(m3ua_endpoint_as_is_used(sg->ep, 0));
    CU_ASSERT_FALSE(m3ua_endpoint_as_config(one->ep, 0)->has_routing_context);
    CU_ASSERT_EQUAL(m3ua_endpoint_asp_up(one->ep, 0, now_ns), P7_OK);
    pump();
    CU_ASSERT_EQUAL(m3ua_endpoint_as_state(one->ep, 0), AS_STATE_ACTIVE);
    CU_ASSERT_TRUE(m3ua_endpoint_as_is_used(sg->ep, 0));
}

static void registration_by_hand_and_by_who_may(void)
{
    fixture_reset();
    sg_create(&fixed);
    node_simple(1, ASP_ROLE_ASP, 1, AS_MODE_OVERRIDE); /* routing context 7, static */
    CU_ASSERT_EQUAL(m3ua_endpoint_register(one->ep, 0, 0, now_ns), P7_STATE);
    CU_ASSERT_EQUAL(m3ua_endpoint_register(one->ep, 0, 5, now_ns), P7_NOT_FOUND);
    link_up(0, one, 0, sg, 0, 4);
    pump();
    CU_ASSERT_EQUAL(m3ua_endpoint_deregister(one->ep, 0, 0, now_ns), P7_STATE);
    CU_ASSERT_EQUAL(m3ua_endpoint_register(one->ep, 0, 0, now_ns), P7_OK);
    pump();
    CU_ASSERT_EQUAL(last_registration(one)->routing_context, 7);
    CU_ASSERT_EQUAL(m3ua_endpoint_as_state(one->ep, 0), AS_STATE_ACTIVE);
    CU_ASSERT_EQUAL(m3ua_endpoint_register(sg->ep, 0, 0, now_ns), P7_STATE);
    /* a static AS stays what it is when its key is taken back */
    CU_ASSERT_EQUAL(m3ua_endpoint_asp_inactive(one->ep, 0, 0, now_ns), P7_OK);
    pump();
    CU_ASSERT_EQUAL(m3ua_endpoint_deregister(one->ep, 0, 0, now_ns), P7_OK);
    pump();
    CU_ASSERT_EQUAL(m3ua_endpoint_asp_active(one->ep, 0, 0, now_ns), P7_OK);
    pump();
    CU_ASSERT_EQUAL(m3ua_endpoint_as_state(sg->ep, 0), AS_STATE_ACTIVE);
}

/* --- the ASP's requests and what may come back ----------------------------------------------- */

static void start_asp(void)
{
    fixture_reset();
    asp_create_for(1, 700, AS_MODE_LOADSHARE);
    link_up(0, one, 0, NULL, 0, 4);
    give(one, 0, 0, ASPUP_ACK);
}

static void a_request_without_an_answer_is_repeated_and_given_up(void)
{
    start_asp();
    CU_ASSERT_EQUAL(last_sent(one)->kind, M3UA_REG_REQ);
    const struct m3ua_routing_key *key = &sent_message.routing_key[0];
    CU_ASSERT_EQUAL(key->traffic_mode, AS_MODE_LOADSHARE);
    CU_ASSERT_EQUAL(key->present, M3UA_HAS_TRAFFIC_MODE);
    CU_ASSERT_EQUAL(key->group[0].destination_point_code, 700);
    const unsigned before = one->sent_count;
    pass(4 * SECOND);
    CU_ASSERT_EQUAL(one->sent_count, before + 2);
    CU_ASSERT_EQUAL(last_sent(one)->kind, M3UA_REG_REQ);
    pass(100 * SECOND);
    CU_ASSERT_EQUAL(one->sent_count, before + 2);
    const struct m3ua_endpoint_event *e = event_of(one, M3UA_EVENT_GIVEN_UP);
    CU_ASSERT_PTR_NOT_NULL_FATAL(e);
    CU_ASSERT_EQUAL(e->message_kind, M3UA_REG_REQ);
    /* no ASPAC for an AS that is not registered */
    CU_ASSERT_EQUAL(m3ua_endpoint_asp_state(one->ep, 0), ASP_STATE_INACTIVE);
    CU_ASSERT_EQUAL(m3ua_endpoint_register(one->ep, 0, 0, now_ns), P7_OK);
    CU_ASSERT_EQUAL(one->sent_count, before + 3);
}

#define REG_RSP(id, status, rc)                                                                    \
    "0100090200000024 0208001c 020a0008" id " 02120008" status " 00060008" rc

/* RFC4666-3.6.2 */
static void a_refusal_is_told_and_not_repeated(void)
{
    for (uint32_t status = 1; status <= 12; status++) {
        start_asp();
        char hex[128];
        (void)snprintf(hex, sizeof(hex), REG_RSP("00000001", "%08x", "00000000"), status);
        const unsigned before = one->sent_count;
        give(one, 0, 0, hex);
        CU_ASSERT_EQUAL(last_registration(one)->registration_status, status);
        pass(60 * SECOND);
        CU_ASSERT_EQUAL(one->sent_count, before);
        CU_ASSERT_EQUAL(m3ua_endpoint_get_counters(one->ep)->registrations_refused, 1);
        CU_ASSERT_STRING_NOT_EQUAL(m3ua_registration_text(status),
                                   m3ua_registration_text(UINT32_MAX));
    }
}

static void a_result_that_nobody_waits_for_is_unexpected(void)
{
    start_asp();
    CU_ASSERT_EQUAL(error_for(one, 0, 0, REG_RSP("00000009", "00000000", "00000005")),
                    M3UA_ERROR_UNEXPECTED_MESSAGE);
    CU_ASSERT_EQUAL(error_for(one, 0, 0, REG_RSP("00000001", "00000000", "00000005")), 0);
    CU_ASSERT_EQUAL(last_sent(one)->kind, M3UA_ASPAC);
    CU_ASSERT_EQUAL(m3ua_list_u32(sent_message.routing_contexts, 0), 5);
    /* the answer to a request that was repeated */
    CU_ASSERT_EQUAL(error_for(one, 0, 0, REG_RSP("00000001", "0000000c", "00000000")), 0);
    CU_ASSERT_EQUAL(m3ua_endpoint_get_counters(one->ep)->registrations_refused, 0);
    CU_ASSERT_EQUAL(events_of(one, M3UA_EVENT_REGISTRATION), 1);
    CU_ASSERT_EQUAL(
        error_for(one, 0, 0, "010009040000001c 02090014 0006000800000005 0213000800000000"),
        M3UA_ERROR_UNEXPECTED_MESSAGE);
    CU_ASSERT_EQUAL(error_for(one, 0, 0, REG_REQ), M3UA_ERROR_UNEXPECTED_MESSAGE);
}

/* Two ASs of one ASP must not get the same routing context. */
static void a_routing_context_that_another_as_has_is_refused(void)
{
    fixture_reset();
    static const struct m3ua_asp_config asp = {.role = ASP_ROLE_ASP, .wants_up = true};
    struct m3ua_as_config as[2];
    for (uint32_t i = 0; i < 2; i++)
        as[i] = (struct m3ua_as_config){.point_code = 700 + i,
                                        .traffic_mode = AS_MODE_OVERRIDE,
                                        .registers = true,
                                        .asp_count = 1,
                                        .asp = {0}};
    struct m3ua_endpoint_config config = {.asp_count = 1, .asp = &asp, .as_count = 2, .as = as};
    CU_ASSERT_EQUAL_FATAL(node_create(1, &config), P7_OK);
    link_up(0, one, 0, NULL, 0, 4);
    give(one, 0, 0, ASPUP_ACK);
    give(one, 0, 0, REG_RSP("00000001", "00000000", "00000005"));
    CU_ASSERT_EQUAL(last_registration(one)->registration_status, M3UA_REGISTRATION_SUCCESS);
    give(one, 0, 0, REG_RSP("00000002", "00000000", "00000005"));
    CU_ASSERT_EQUAL(last_registration(one)->registration_status, M3UA_REGISTRATION_CONTEXT_CLASH);
    /* one that takes any routing context does not go with another one */
    as[1].registers = false;
    CU_ASSERT_EQUAL(node_create(2, &config), P7_RANGE);
}

/* --- the SG's answers ------------------------------------------------------------------------ */

/* RFC4666-3.6.2, 4.4.1 */
static void the_sg_says_why_it_refuses_a_key(void)
{
    uint32_t rc = 99;
    start_sg(&fixed);
    CU_ASSERT_EQUAL(status_for(0, "0100090100000024" KEY("1c") "000b000800000004" DPC, &rc),
                    M3UA_REGISTRATION_UNSUPPORTED_TRAFFIC_MODE);
    CU_ASSERT_EQUAL(rc, 0);
    CU_ASSERT_EQUAL(status_for(0, "0100090100000024" KEY("1c") "000b000800000002" DPC, &rc),
                    M3UA_REGISTRATION_UNSUPPORTED_TRAFFIC_MODE); /* ours is override */
    CU_ASSERT_EQUAL(status_for(0, "010009010000001c" KEY("14") "020b0008030002bc", &rc),
                    M3UA_REGISTRATION_INVALID_DPC);
    CU_ASSERT_EQUAL(status_for(0, "010009010000001c" KEY("14") "020b000800000000", &rc),
                    M3UA_REGISTRATION_INVALID_DPC);
    CU_ASSERT_EQUAL(status_for(0, "010009010000001c" KEY("14") "020b000800000063", &rc),
                    M3UA_REGISTRATION_NOT_PROVISIONED);
    CU_ASSERT_EQUAL(
        status_for(0, "0100090100000024" KEY("1c") "0006000800000007 020b000800000063", &rc),
        M3UA_REGISTRATION_CHANGE_REFUSED);
    CU_ASSERT_EQUAL(status_for(0, "0100090100000024" KEY("1c") "0006000800000009" DPC, &rc),
                    M3UA_REGISTRATION_CHANGE_REFUSED);
    CU_ASSERT_EQUAL(status_for(0, "0100090100000024" KEY("1c") DPC "020e000800000005", &rc),
                    M3UA_REGISTRATION_UNSUPPORTED_PARAMETER);
    CU_ASSERT_EQUAL(status_for(0, "0100090100000024" KEY("19") DPC "020c000505000000", &rc),
                    M3UA_REGISTRATION_UNSUPPORTED_PARAMETER); /* ISUP alone */
    CU_ASSERT_EQUAL(status_for(0, "0100090100000020" KEY("18") DPC "020c0004", &rc),
                    M3UA_REGISTRATION_INVALID_ROUTING_KEY);
    CU_ASSERT_EQUAL(status_for(0, "0100090100000024" KEY("1c") DPC "020b000800000063", &rc),
                    M3UA_REGISTRATION_UNSUPPORTED_PARAMETER); /* two DPCs */
    CU_ASSERT_EQUAL(status_for(1, REG_REQ, &rc), M3UA_REGISTRATION_PERMISSION_DENIED);
    CU_ASSERT_EQUAL(last_registration(sg)->registration_status,
                    M3UA_REGISTRATION_PERMISSION_DENIED);
    /* routing context 0 asks for none in particular */
    CU_ASSERT_EQUAL(status_for(0, "0100090100000024" KEY("1c") "0006000800000000" DPC, &rc),
                    M3UA_REGISTRATION_SUCCESS);
    CU_ASSERT_EQUAL(rc, 7);
    CU_ASSERT_EQUAL(status_for(0, DEREG("00000007"), &rc), M3UA_DEREGISTRATION_SUCCESS);
    CU_ASSERT_EQUAL(status_for(0, "0100090100000024" KEY("1a") DPC "020c000603050000", &rc),
                    M3UA_REGISTRATION_SUCCESS); /* SCCP among others */
    CU_ASSERT_EQUAL(rc, 7);
    CU_ASSERT_EQUAL(status_for(0, REG_7, &rc), M3UA_REGISTRATION_ALREADY_REGISTERED);
}

/* RFC4666-3.6.2: Invalid Network Appearance; the request of an open STP's library as captured */
static void another_network_appearance_is_not_registered(void)
{
    struct sg_setup setup = dynamic;
    uint32_t rc;
    setup.has_appearance = true;
    start_sg(&setup);
    static const char captured[] =
        "01000901000000340004000e4d33554120726f636b7300000207001c020a000800000001"
        "020b0008000000640200000800000002";
    CU_ASSERT_EQUAL(status_for(0, captured, &rc), M3UA_REGISTRATION_INVALID_NETWORK_APPEARANCE);
    setup.has_appearance = false;
    start_sg(&setup);
    CU_ASSERT_EQUAL(status_for(0, captured, &rc), M3UA_REGISTRATION_SUCCESS);
    CU_ASSERT_EQUAL(rc, 1);
    CU_ASSERT_EQUAL(m3ua_endpoint_as_config(sg->ep, 0)->point_code, 100);
}

/* RFC4666-4.4.1 */
static void the_spare_ass_are_all_there_are(void)
{
    uint32_t rc;
    start_sg(&dynamic);
    /* the open STP's library sends routing context 0 for none */
    CU_ASSERT_EQUAL(
        status_for(0, "0100090100000024" KEY("1c") "0006000800000000 020b000800000064", &rc),
        M3UA_REGISTRATION_SUCCESS);
    CU_ASSERT_EQUAL(rc, 1);
    CU_ASSERT_EQUAL(
        status_for(0, "0100090100000024" KEY("1c") "0006000800000019 020b000800000065", &rc),
        M3UA_REGISTRATION_SUCCESS);
    CU_ASSERT_EQUAL(rc, 0x19);
    CU_ASSERT_EQUAL(status_for(0, "010009010000001c" KEY("14") "020b000800000066", &rc),
                    M3UA_REGISTRATION_INSUFFICIENT_RESOURCES);
    CU_ASSERT_EQUAL(status_for(0, "010009010000001c" KEY("14") "020b000800000001", &rc),
                    M3UA_REGISTRATION_NOT_UNIQUE); /* our own */
    CU_ASSERT_EQUAL(status_for(0, DEREG("00000019"), &rc), M3UA_DEREGISTRATION_SUCCESS);
    CU_ASSERT_EQUAL(status_for(0, "010009010000001c" KEY("14") "020b000800000066", &rc),
                    M3UA_REGISTRATION_SUCCESS);
    CU_ASSERT_EQUAL(rc, 2);
}

/* RFC4666-3.6.4, 4.4.2 */
static void a_key_is_taken_back_by_who_has_it_and_is_not_active(void)
{
    uint32_t rc;
    start_sg(&dynamic);
    CU_ASSERT_EQUAL(status_for(0, DEREG("00000001"), &rc),
                    M3UA_DEREGISTRATION_INVALID_ROUTING_CONTEXT);
    CU_ASSERT_EQUAL(status_for(0, REG_REQ, &rc), M3UA_REGISTRATION_SUCCESS);
    CU_ASSERT_EQUAL(status_for(1, DEREG("00000001"), &rc),
                    M3UA_DEREGISTRATION_INVALID_ROUTING_CONTEXT);
    give(sg, 0, 0, "0100040100000010 0006000800000001");
    CU_ASSERT_EQUAL(m3ua_endpoint_as_state(sg->ep, 0), AS_STATE_ACTIVE);
    CU_ASSERT_EQUAL(status_for(0, DEREG("00000001"), &rc), M3UA_DEREGISTRATION_ASP_ACTIVE);
    give(sg, 0, 0, "0100040200000010 0006000800000001");
    CU_ASSERT_EQUAL(status_for(0, DEREG("00000001"), &rc), M3UA_DEREGISTRATION_SUCCESS);
    CU_ASSERT_EQUAL(rc, 1);
    /* what it was for is refused now */
    CU_ASSERT_EQUAL(error_for(sg, 0, 0, "0100040100000010 0006000800000001"),
                    M3UA_ERROR_INVALID_ROUTING_CONTEXT);
    pass(2 * SECOND);
    CU_ASSERT_FALSE(m3ua_endpoint_as_is_used(sg->ep, 0));
    start_sg(&fixed);
    CU_ASSERT_EQUAL(status_for(0, DEREG("00000007"), &rc), M3UA_DEREGISTRATION_NOT_REGISTERED);
}

static void keys_of_one_message_are_answered_in_one(void)
{
    start_sg(&dynamic);
    give(sg, 0, 0,
         "0100090100000030"
         "02070014 020a000800000005 020b0008000002bc"
         "02070014 020a000800000006 020b0008000002bc");
    CU_ASSERT_TRUE_FATAL(sg->sent_count >= 2);
    struct m3ua_fault fault;
    const struct sent *s = &sg->sent[0];
    CU_ASSERT_EQUAL(m3ua_decode(s->octets, s->octets + s->length, &sent_message, &fault), P7_OK);
    CU_ASSERT_EQUAL(sent_message.registration_result_count, 2);
    CU_ASSERT_EQUAL(sent_message.registration_result[0].local_id, 5);
    CU_ASSERT_EQUAL(sent_message.registration_result[1].local_id, 6);
    CU_ASSERT_EQUAL(sent_message.registration_result[1].status,
                    M3UA_REGISTRATION_ALREADY_REGISTERED);
    /* RFC4666-4.3.4.5: and then the state of the new AS */
    s = &sg->sent[1];
    CU_ASSERT_EQUAL(m3ua_decode(s->octets, s->octets + s->length, &sent_message, &fault), P7_OK);
    CU_ASSERT_EQUAL(sent_message.kind, M3UA_NTFY);
    CU_ASSERT_EQUAL(sent_message.status_information, M3UA_AS_INACTIVE);
}

/* RFC4666-4.4.1 */
static void where_it_is_switched_off_registration_is_not_supported(void)
{
    struct sg_setup setup = fixed;
    setup.registration = M3UA_REGISTRATION_NONE;
    start_sg(&setup);
    CU_ASSERT_EQUAL(error_for(sg, 0, 0, REG_REQ), M3UA_ERROR_UNSUPPORTED_MESSAGE_CLASS);
    CU_ASSERT_EQUAL(error_for(sg, 0, 0, DEREG("00000007")), M3UA_ERROR_UNSUPPORTED_MESSAGE_CLASS);
    start_sg(&fixed);
    CU_ASSERT_EQUAL(
        error_for(sg, 0, 0, "010009040000001c 02090014 0006000800000007 0213000800000000"),
        M3UA_ERROR_UNEXPECTED_MESSAGE);
    /* and not before ASPUP */
    fixture_reset();
    sg_create(&fixed);
    link_up(0, sg, 0, NULL, 0, 4);
    CU_ASSERT_EQUAL(error_for(sg, 0, 0, REG_REQ), M3UA_ERROR_UNEXPECTED_MESSAGE);
}

UNIT_TESTS = {
    UNIT(an_asp_registers_its_key_before_it_asks_for_traffic),
    UNIT(a_new_key_gets_an_as_of_its_own_while_somebody_has_it),
    UNIT(an_asp_that_goes_down_is_not_registered_any_more),
    UNIT(registration_by_hand_and_by_who_may),
    UNIT(a_request_without_an_answer_is_repeated_and_given_up),
    UNIT(a_refusal_is_told_and_not_repeated),
    UNIT(a_result_that_nobody_waits_for_is_unexpected),
    UNIT(a_routing_context_that_another_as_has_is_refused),
    UNIT(the_sg_says_why_it_refuses_a_key),
    UNIT(another_network_appearance_is_not_registered),
    UNIT(the_spare_ass_are_all_there_are),
    UNIT(a_key_is_taken_back_by_who_has_it_and_is_not_active),
    UNIT(keys_of_one_message_are_answered_in_one),
    UNIT(where_it_is_switched_off_registration_is_not_supported),
};
UNIT_MAIN("m3ua_endpoint_rkm")
