/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* SSNM: what destinations do to the traffic of an ASP, and what an SG tells of them. */
#include <stdio.h>

#include "tests/unit/sigtran/fsm/m3ua_endpoint_fixture.h"

#define ASPUP     "0100030100000008"
#define ASPUP_ACK "0100030400000008"
#define ASPAC     "0100040100000008"
#define ASPAC_ACK "0100040300000008"
/* for point code 700 */
#define DUNA "0100020100000010 00120008 000002bc"
#define DAVA "0100020200000010 00120008 000002bc"
#define DRST "0100020600000010 00120008 000002bc"
#define DUPU "0100020500000018 00120008 000002bc 02040008 00010003"
#define SCON "0100020400000018 00120008 000002bc 02050008 00000002"

static struct node *const node = &nodes[0];

static const struct m3ua_endpoint_counters *counters(const struct node *of)
{
    return m3ua_endpoint_get_counters(of->ep);
}

static void start_sg_active(void)
{
    fixture_reset();
    node_simple(0, ASP_ROLE_SG, 1, AS_MODE_OVERRIDE);
    link_up(0, node, 0, NULL, 0, 4);
    give(node, 0, 0, ASPUP);
    give(node, 0, 0, ASPAC);
    node->sent_count = 0;
    node->event_count = 0;
}

/* An ASP that is active in AS 7 through each of `asps` SGPs that the test plays. */
static void start_asp_active(uint32_t asps, enum as_traffic_mode mode)
{
    fixture_reset();
    node_simple(0, ASP_ROLE_ASP, asps, mode);
    for (uint32_t i = 0; i < asps; i++) {
        link_up(i, node, i, NULL, 0, 4);
        give(node, i, 0, ASPUP_ACK);
        give(node, i, 0, ASPAC_ACK);
        CU_ASSERT_EQUAL_FATAL(m3ua_endpoint_asp_state(node->ep, i), ASP_STATE_ACTIVE);
    }
    node->sent_count = 0;
    node->event_count = 0;
}

static struct m3ua_destination destination(const struct node *of, uint32_t point_code)
{
    return m3ua_endpoint_destination(of->ep, 0, point_code);
}

/* How many messages of the kind were sent to nobody; the last one is in sent_message. */
static unsigned sent_of(const struct node *from, enum m3ua_kind kind)
{
    static struct m3ua_message message;
    unsigned n = 0;
    for (unsigned i = 0; i < from->sent_count; i++) {
        struct m3ua_fault fault;
        const struct sent *s = &from->sent[i];
        CU_ASSERT_EQUAL_FATAL(m3ua_decode(s->octets, s->octets + s->length, &message, &fault),
                              P7_OK);
        if (message.kind != kind)
            continue;
        sent_message = message;
        n++;
    }
    return n;
}

static enum m3ua_kind sent_kind(const struct node *from, unsigned index)
{
    struct m3ua_fault fault;
    CU_ASSERT_TRUE_FATAL(index < from->sent_count);
    const struct sent *s = &from->sent[index];
    CU_ASSERT_EQUAL(m3ua_decode(s->octets, s->octets + s->length, &sent_message, &fault), P7_OK);
    return sent_message.kind;
}

static bool asks_for(uint32_t entry)
{
    for (size_t i = 0; i < m3ua_list_count(sent_message.affected_point_codes); i++)
        if (m3ua_list_u32(sent_message.affected_point_codes, i) == entry)
            return true;
    return false;
}

/* --- at an ASP ------------------------------------------------------------------------------- */

/* RFC4666-3.4.1, 3.4.2, 4.5.2.1 */
static void nothing_is_sent_to_an_unavailable_destination_until_it_is_back(void)
{
    start_asp_active(1, AS_MODE_OVERRIDE);
    CU_ASSERT_EQUAL(transfer(node, 0, 0, "x"), P7_OK);
    give(node, 0, 0, DUNA);
    const struct m3ua_endpoint_event *e = event_of(node, M3UA_EVENT_SSNM);
    CU_ASSERT_PTR_NOT_NULL_FATAL(e);
    CU_ASSERT_EQUAL(e->message_kind, M3UA_DUNA);
    CU_ASSERT_EQUAL(e->affected, 700);
    CU_ASSERT_EQUAL(e->as, 0);
    CU_ASSERT_EQUAL(e->destination_old.availability, M3UA_AVAILABLE);
    CU_ASSERT_EQUAL(e->destination.availability, M3UA_UNAVAILABLE);
    CU_ASSERT_EQUAL(transfer(node, 0, 0, "x"), P7_STATE);
    CU_ASSERT_EQUAL(counters(node)->data_dropped_unavailable, 1);
    CU_ASSERT_EQUAL(counters(node)->data_dropped_no_asp, 0);
    const struct m3ua_transfer to = {.as = 0, .opc = 1, .dpc = 700, .si = 3};
    CU_ASSERT_EQUAL(m3ua_endpoint_transfer_to_asp(node->ep, &to, 0, bytes_of("x", 1), now_ns),
                    P7_STATE);
    /* another destination is not concerned, and saying it again changes nothing */
    const struct m3ua_transfer other = {.as = 0, .opc = 1, .dpc = 701, .si = 3};
    CU_ASSERT_EQUAL(m3ua_endpoint_transfer(node->ep, &other, bytes_of("x", 1), now_ns), P7_OK);
    give(node, 0, 0, DUNA);
    CU_ASSERT_EQUAL(events_of(node, M3UA_EVENT_SSNM), 1);
    give(node, 0, 0, DAVA);
    CU_ASSERT_EQUAL(events_of(node, M3UA_EVENT_SSNM), 2);
    CU_ASSERT_EQUAL(transfer(node, 0, 0, "x"), P7_OK);
    CU_ASSERT_EQUAL(counters(node)->destination_changes, 2);
}

/* RFC4666-3.4.1: a list of point codes, each with its mask */
static void one_message_may_name_many_destinations(void)
{
    start_asp_active(1, AS_MODE_OVERRIDE);
    give(node, 0, 0, "0100020100000018 00120010 00000001 03000020 000002bc");
    CU_ASSERT_EQUAL(destination(node, 1).availability, M3UA_UNAVAILABLE);
    CU_ASSERT_EQUAL(destination(node, 0x27).availability, M3UA_UNAVAILABLE);
    CU_ASSERT_EQUAL(destination(node, 0x28).availability, M3UA_AVAILABLE);
    CU_ASSERT_EQUAL(destination(node, 700).availability, M3UA_UNAVAILABLE);
    CU_ASSERT_EQUAL(events_of(node, M3UA_EVENT_SSNM), 3);
}

/* RFC4666-3.4.4, 3.4.6 */
static void a_congested_or_restricted_destination_goes_on_getting_traffic(void)
{
    start_asp_active(1, AS_MODE_OVERRIDE);
    give(node, 0, 0, SCON);
    CU_ASSERT_EQUAL(destination(node, 700).congestion, 2);
    CU_ASSERT_EQUAL(transfer(node, 0, 0, "x"), P7_OK);
    give(node, 0, 0, DRST);
    CU_ASSERT_EQUAL(destination(node, 700).availability, M3UA_RESTRICTED);
    CU_ASSERT_EQUAL(destination(node, 700).congestion, 2);
    CU_ASSERT_EQUAL(transfer(node, 0, 0, "x"), P7_OK);
    CU_ASSERT_EQUAL(events_of(node, M3UA_EVENT_SSNM), 2);
    CU_ASSERT_EQUAL(counters(node)->data_dropped_unavailable, 0);
}

/* RFC4666-3.4.5 */
static void a_destination_without_sccp_gets_no_sccp(void)
{
    start_asp_active(1, AS_MODE_OVERRIDE);
    give(node, 0, 0, DUPU);
    CU_ASSERT_EQUAL(transfer(node, 0, 0, "x"), P7_STATE);
    const struct m3ua_transfer isup = {.as = 0, .opc = 1, .dpc = 700, .si = 5};
    CU_ASSERT_EQUAL(m3ua_endpoint_transfer(node->ep, &isup, bytes_of("x", 1), now_ns), P7_OK);
    pass(30 * SECOND);
    CU_ASSERT_EQUAL(transfer(node, 0, 0, "x"), P7_OK);
    const struct m3ua_endpoint_event *e = event_of(node, M3UA_EVENT_SSNM);
    CU_ASSERT_PTR_NULL(e->message); /* by time */
    CU_ASSERT_EQUAL(counters(node)->audits_sent, 0);
}

/* RFC4666-4.5.2.2 */
static void what_one_sgp_does_not_reach_goes_through_another(void)
{
    start_asp_active(2, AS_MODE_LOADSHARE);
    give(node, 0, 0, DUNA);
    CU_ASSERT_EQUAL(destination(node, 700).availability, M3UA_AVAILABLE);
    CU_ASSERT_EQUAL(m3ua_endpoint_asp_destination(node->ep, 0, 0, 700).availability,
                    M3UA_UNAVAILABLE);
    const uint64_t before = counters(node)->data_out;
    for (uint8_t sls = 0; sls < 16; sls++)
        CU_ASSERT_EQUAL(transfer(node, 0, sls, "x"), P7_OK);
    CU_ASSERT_EQUAL(counters(node)->data_out, before + 16);
    give(node, 1, 0, DUNA);
    CU_ASSERT_EQUAL(destination(node, 700).availability, M3UA_UNAVAILABLE);
    CU_ASSERT_EQUAL(transfer(node, 0, 0, "x"), P7_STATE);
    /* with the association goes what came over it */
    link_down(0);
    CU_ASSERT_EQUAL(transfer(node, 0, 0, "x"), P7_STATE);
    link_up(0, node, 0, NULL, 0, 4);
    give(node, 0, 0, ASPUP_ACK);
    give(node, 0, 0, ASPAC_ACK);
    CU_ASSERT_EQUAL(transfer(node, 0, 0, "x"), P7_OK);
}

/* RFC4666-4.5.3: periodic */
static void an_unavailable_destination_is_asked_for_until_it_is_back(void)
{
    start_asp_active(1, AS_MODE_OVERRIDE);
    give(node, 0, 0, DUNA);
    pass(30 * SECOND - 1);
    CU_ASSERT_EQUAL(sent_of(node, M3UA_DAUD), 0);
    pass(1);
    CU_ASSERT_EQUAL_FATAL(sent_of(node, M3UA_DAUD), 1);
    CU_ASSERT_TRUE(asks_for(700));
    CU_ASSERT_EQUAL(m3ua_list_u32(sent_message.routing_contexts, 0), 7);
    give(node, 0, 0, DUNA);
    pass(30 * SECOND);
    CU_ASSERT_EQUAL(sent_of(node, M3UA_DAUD), 2);
    CU_ASSERT_EQUAL(counters(node)->audits_sent, 2);
    give(node, 0, 0, DAVA);
    pass(120 * SECOND);
    CU_ASSERT_EQUAL(sent_of(node, M3UA_DAUD), 2);
    CU_ASSERT_EQUAL(m3ua_endpoint_deadline_ns(node->ep), TIMER_NEVER_NS);
}

/* RFC4666-4.5.3: isolation; 4.2.3: an SCTP restart is one */
static void after_a_gap_all_counts_as_available_and_what_matters_is_asked_for(void)
{
    start_asp_active(1, AS_MODE_OVERRIDE);
    CU_ASSERT_EQUAL(transfer(node, 0, 0, "x"), P7_OK);
    give(node, 0, 0, "0100020100000010 00120008 03000020");
    CU_ASSERT_EQUAL(destination(node, 0x21).availability, M3UA_UNAVAILABLE);
    node->sent_count = 0;
    m3ua_endpoint_association_restart(node->ep, 0, 4, now_ns);
    CU_ASSERT_EQUAL(destination(node, 0x21).availability, M3UA_AVAILABLE);
    const struct m3ua_endpoint_event *e = event_of(node, M3UA_EVENT_SSNM);
    CU_ASSERT_TRUE(e->message == NULL && e->affected == 0x03000020);
    CU_ASSERT_EQUAL(e->destination.availability, M3UA_AVAILABLE);
    give(node, 0, 0, ASPUP_ACK);
    CU_ASSERT_EQUAL(sent_of(node, M3UA_DAUD), 0);
    give(node, 0, 0, ASPAC_ACK);
    CU_ASSERT_EQUAL(destination(node, 0x21).availability, M3UA_AVAILABLE);
    CU_ASSERT_EQUAL_FATAL(sent_of(node, M3UA_DAUD), 1);
    CU_ASSERT_TRUE(asks_for(0x03000020));
    CU_ASSERT_TRUE(asks_for(700));
    CU_ASSERT_EQUAL(m3ua_list_count(sent_message.affected_point_codes), 2);
    /* once: the trouble was before the first gap, not before the second */
    m3ua_endpoint_association_restart(node->ep, 0, 4, now_ns);
    give(node, 0, 0, ASPUP_ACK);
    give(node, 0, 0, ASPAC_ACK);
    CU_ASSERT_EQUAL_FATAL(sent_of(node, M3UA_DAUD), 2);
    CU_ASSERT_EQUAL(m3ua_list_count(sent_message.affected_point_codes), 1);
}

static void audits_may_be_switched_off(void)
{
    fixture_reset();
    const struct m3ua_asp_config asp = {
        .role = ASP_ROLE_ASP, .wants_up = true, .wants_active = true, .t_audit_ns = -1};
    const struct m3ua_as_config as = {
        .traffic_mode = AS_MODE_OVERRIDE, .asp_count = 1, .asp = {0}, .point_code = 1};
    const struct m3ua_endpoint_config config = {
        .asp_count = 1, .asp = &asp, .as_count = 1, .as = &as};
    CU_ASSERT_EQUAL_FATAL(node_create(0, &config), P7_OK);
    link_up(0, node, 0, NULL, 0, 4);
    give(node, 0, 0, ASPUP_ACK);
    give(node, 0, 0, ASPAC_ACK);
    give(node, 0, 0, DUNA);
    pass(100 * SECOND);
    CU_ASSERT_EQUAL(sent_of(node, M3UA_DAUD), 0);
    CU_ASSERT_EQUAL(destination(node, 700).availability, M3UA_UNAVAILABLE);
}

/* A hostile SG: more trouble than a table holds. */
static void more_destinations_than_fit_are_counted_and_told_once_a_message(void)
{
    start_asp_active(1, AS_MODE_OVERRIDE);
    char hex[2 * 420] = "0100020100000198 00120190";
    size_t n = strlen(hex);
    for (unsigned i = 0; i < 99; i++)
        n += (size_t)snprintf(hex + n, sizeof(hex) - n, "%08x", i * 2);
    give(node, 0, 0, hex);
    CU_ASSERT_EQUAL(counters(node)->destination_changes, M3UA_DESTINATIONS_MAX);
    CU_ASSERT_EQUAL(counters(node)->destinations_refused, 99 - M3UA_DESTINATIONS_MAX);
    const struct m3ua_endpoint_event *e = event_of(node, M3UA_EVENT_SSNM);
    CU_ASSERT_EQUAL(e->status, P7_FULL);
    CU_ASSERT_EQUAL(e->lost, 99 - M3UA_DESTINATIONS_MAX);
    CU_ASSERT_EQUAL(events_of(node, M3UA_EVENT_SSNM), M3UA_DESTINATIONS_MAX + 1);
}

/* RFC4666-3.8.1 */
static void news_about_a_routing_context_that_is_not_ours_is_refused(void)
{
    start_asp_active(1, AS_MODE_OVERRIDE);
    CU_ASSERT_EQUAL(error_for(node, 0, 0, "0100020100000018 0006000800000063 00120008000002bc"),
                    M3UA_ERROR_INVALID_ROUTING_CONTEXT);
    CU_ASSERT_EQUAL(destination(node, 700).availability, M3UA_AVAILABLE);
    CU_ASSERT_EQUAL(error_for(node, 0, 0, "0100020100000018 0006000800000007 00120008000002bc"), 0);
    CU_ASSERT_EQUAL(destination(node, 700).availability, M3UA_UNAVAILABLE);
}

/* RFC4666-3.4: who sends which */
static void network_management_is_taken_on_the_side_it_is_for(void)
{
    start_asp_active(1, AS_MODE_OVERRIDE);
    CU_ASSERT_EQUAL(error_for(node, 0, 0, DUNA), 0);
    CU_ASSERT_EQUAL(error_for(node, 0, 0, "0100020300000010 0012000800000003"),
                    M3UA_ERROR_UNEXPECTED_MESSAGE);
    start_sg_active();
    CU_ASSERT_EQUAL(error_for(node, 0, 0, DUNA), M3UA_ERROR_UNEXPECTED_MESSAGE);
    CU_ASSERT_EQUAL(error_for(node, 0, 0, SCON), 0);
    CU_ASSERT_EQUAL(events_of(node, M3UA_EVENT_SSNM), 1);
    /* and not before ASPUP */
    fixture_reset();
    node_simple(0, ASP_ROLE_SG, 1, AS_MODE_OVERRIDE);
    link_up(0, node, 0, NULL, 0, 4);
    CU_ASSERT_EQUAL(error_for(node, 0, 0, SCON), M3UA_ERROR_UNEXPECTED_MESSAGE);
}

static void network_management_is_sent_to_who_is_up(void)
{
    static const uint8_t point[] = {0, 0, 2, 188};
    static struct m3ua_message duna;
    m3ua_message_of(&duna, M3UA_DUNA);
    duna.present = M3UA_HAS_AFFECTED_POINT_CODE;
    duna.affected_point_codes = bytes_of(point, 4);
    fixture_reset();
    node_simple(0, ASP_ROLE_SG, 1, AS_MODE_OVERRIDE);
    link_up(0, node, 0, NULL, 0, 4);
    CU_ASSERT_EQUAL(m3ua_endpoint_send_ssnm(node->ep, 0, &duna, now_ns), P7_STATE);
    give(node, 0, 0, ASPUP);
    CU_ASSERT_EQUAL(m3ua_endpoint_send_ssnm(node->ep, 0, &duna, now_ns), P7_OK);
    CU_ASSERT_EQUAL(last_sent(node)->kind, M3UA_DUNA);
}

/* --- at an SG -------------------------------------------------------------------------------- */

/* RFC4666-4.5.3 */
static void an_audit_is_answered_with_how_it_stands(void)
{
    start_sg_active();
    /* our own point code 1, the AS's 700, and 3, of which we know nothing: DUNA */
    give(node, 0, 0, "0100020300000020 00060008 00000007 00120010 00000001 000002bc 00000003");
    CU_ASSERT_EQUAL_FATAL(node->sent_count, 2);
    CU_ASSERT_EQUAL(sent_kind(node, 0), M3UA_DAVA);
    CU_ASSERT_TRUE(asks_for(1) && asks_for(700));
    CU_ASSERT_EQUAL(m3ua_list_u32(sent_message.routing_contexts, 0), 7);
    CU_ASSERT_EQUAL(sent_kind(node, 1), M3UA_DUNA);
    CU_ASSERT_TRUE(asks_for(3));
    /* AS-PENDING still takes messages */
    give(node, 0, 0, "0100040200000008");
    node->sent_count = 0;
    give(node, 0, 0, "0100020300000010 00120008 000002bc");
    CU_ASSERT_EQUAL(sent_kind(node, 0), M3UA_DAVA);
    pass(2 * SECOND);
    node->sent_count = 0;
    give(node, 0, 0, "0100020300000010 00120008 000002bc");
    CU_ASSERT_EQUAL(sent_kind(node, 0), M3UA_DUNA);
    CU_ASSERT_EQUAL(node->sent_count, 1);
}

/* RFC4666-4.5.3: SCON and then DAVA */
static void an_audit_of_a_congested_destination_says_so_first(void)
{
    start_sg_active();
    CU_ASSERT_EQUAL(m3ua_endpoint_congested(node->ep, 0, 3, now_ns), P7_OK);
    give(node, 0, 0, "0100020300000010 00120008 000002bc");
    CU_ASSERT_EQUAL_FATAL(node->sent_count, 2);
    CU_ASSERT_EQUAL(sent_kind(node, 0), M3UA_SCON);
    CU_ASSERT_EQUAL(sent_message.congestion_level, 3);
    CU_ASSERT_EQUAL(sent_kind(node, 1), M3UA_DAVA);
    CU_ASSERT_EQUAL(m3ua_endpoint_congested(node->ep, 0, 9, now_ns), P7_RANGE);
}

/* RFC4666-3.8.1: Destination Status Unknown, for what can't be said of a whole range */
static void an_audit_of_a_range_names_what_is_known_in_it(void)
{
    start_sg_active();
    give(node, 0, 0, "0100020300000014 0012000c 050002a0 05004000");
    CU_ASSERT_EQUAL_FATAL(node->sent_count, 2);
    CU_ASSERT_EQUAL(sent_kind(node, 0), M3UA_DAVA);
    CU_ASSERT_TRUE(asks_for(700));
    CU_ASSERT_EQUAL(sent_kind(node, 1), M3UA_ERR);
    CU_ASSERT_EQUAL(sent_message.error_code, M3UA_ERROR_DESTINATION_STATUS_UNKNOWN);
    CU_ASSERT_TRUE(asks_for(0x05004000));
}

/* A long list gets few answers, and every entry is answered. */
static void a_long_audit_is_answered_in_lists(void)
{
    start_sg_active();
    char hex[2 * 420] = "0100020300000198 00120190";
    size_t n = strlen(hex);
    for (unsigned i = 0; i < 99; i++)
        n += (size_t)snprintf(hex + n, sizeof(hex) - n, "%08x", 5000 + i);
    give(node, 0, 0, hex);
    CU_ASSERT_EQUAL_FATAL(node->sent_count, 1);
    CU_ASSERT_EQUAL(sent_kind(node, 0), M3UA_DUNA);
    CU_ASSERT_EQUAL(m3ua_list_count(sent_message.affected_point_codes), 99);
}

/* An SG (node 0) with the ASs 7 (point code 700) and 8 (800), each served by an ASP of its own:
 * nodes 1 and 2. */
static void start_two_served(uint16_t users)
{
    fixture_reset();
    static const struct m3ua_asp_config sgp[] = {{.role = ASP_ROLE_SG}, {.role = ASP_ROLE_SG}};
    struct m3ua_as_config as[2];
    for (uint32_t i = 0; i < 2; i++)
        as[i] = (struct m3ua_as_config){.has_routing_context = true,
                                        .routing_context = 7 + i,
                                        .point_code = 700 + 100 * i,
                                        .traffic_mode = AS_MODE_OVERRIDE,
                                        .t_r_ns = 2 * SECOND,
                                        .asp_count = 1,
                                        .asp = {i},
                                        .queue_octets = 512};
    const struct m3ua_endpoint_config config = {
        .point_code = 1, .users = users, .asp_count = 2, .asp = sgp, .as_count = 2, .as = as};
    CU_ASSERT_EQUAL_FATAL(node_create(0, &config), P7_OK);
    for (uint32_t i = 0; i < 2; i++) {
        static const struct m3ua_asp_config asp = {
            .role = ASP_ROLE_ASP, .wants_up = true, .wants_active = true};
        as[i].asp[0] = 0;
        const struct m3ua_endpoint_config own = {
            .point_code = 700 + 100 * i, .asp_count = 1, .asp = &asp, .as_count = 1, .as = &as[i]};
        CU_ASSERT_EQUAL_FATAL(node_create(1 + i, &own), P7_OK);
    }
}

/* RFC4666-4.5.1 */
static void an_as_that_comes_and_goes_is_told_to_the_others_asps(void)
{
    start_two_served(0);
    link_up(0, &nodes[1], 0, &nodes[0], 0, 4);
    pump();
    /* the first one hears that the other destination is not there */
    CU_ASSERT_EQUAL(destination(&nodes[1], 800).availability, M3UA_UNAVAILABLE);
    link_up(1, &nodes[2], 0, &nodes[0], 1, 4);
    pump();
    CU_ASSERT_EQUAL(destination(&nodes[1], 800).availability, M3UA_AVAILABLE);
    CU_ASSERT_EQUAL(destination(&nodes[2], 700).availability, M3UA_AVAILABLE);
    /* not of its own */
    CU_ASSERT_EQUAL(destination(&nodes[2], 800).availability, M3UA_AVAILABLE);
    link_down(1);
    pump();
    CU_ASSERT_EQUAL(destination(&nodes[1], 800).availability, M3UA_AVAILABLE); /* AS-PENDING */
    pass(2 * SECOND);
    CU_ASSERT_EQUAL(destination(&nodes[1], 800).availability, M3UA_UNAVAILABLE);
    const struct m3ua_transfer to = {.as = 0, .opc = 700, .dpc = 800, .si = 3};
    CU_ASSERT_EQUAL(m3ua_endpoint_transfer(nodes[1].ep, &to, bytes_of("x", 1), now_ns), P7_STATE);
    /* it goes on asking, and hears when it is back in any case */
    const uint64_t audits = counters(&nodes[1])->audits_sent;
    pass(60 * SECOND);
    CU_ASSERT_EQUAL(counters(&nodes[1])->audits_sent, audits + 2);
    link_up(1, &nodes[2], 0, &nodes[0], 1, 4);
    pump();
    CU_ASSERT_EQUAL(m3ua_endpoint_transfer(nodes[1].ep, &to, bytes_of("x", 1), now_ns), P7_OK);
    pass(60 * SECOND);
    CU_ASSERT_EQUAL(counters(&nodes[1])->audits_sent, audits + 2);
}

/* RFC4666-3.4.4 */
static void a_queue_that_fills_is_congestion_for_the_others(void)
{
    start_two_served(0);
    link_up(0, &nodes[1], 0, &nodes[0], 0, 4);
    link_up(1, &nodes[2], 0, &nodes[0], 1, 4);
    pump();
    link_down(1);
    const struct m3ua_transfer to = {.as = 1, .opc = 1, .dpc = 800, .si = 3};
    uint8_t payload[60] = {0};
    unsigned queued = 0;
    while (m3ua_endpoint_transfer(nodes[0].ep, &to, bytes_of(payload, sizeof(payload)), now_ns) ==
           P7_OK)
        queued++;
    pump();
    CU_ASSERT_TRUE(queued >= 4);
    const struct m3ua_destination full = destination(&nodes[1], 800);
    CU_ASSERT_TRUE(full.congestion >= 1 && full.congestion <= 3);
    CU_ASSERT_EQUAL(full.availability, M3UA_AVAILABLE);
    CU_ASSERT_TRUE(counters(&nodes[0])->out[M3UA_CLASS_SSNM] <= 8); /* a message a level */
    link_up(1, &nodes[2], 0, &nodes[0], 1, 4);
    pump();
    CU_ASSERT_EQUAL(destination(&nodes[1], 800).congestion, 0);
}

/* RFC4666-3.4.4: from an ASP to the SG, which passes it on */
static void an_asp_reports_congestion_and_the_others_hear_of_it(void)
{
    start_two_served(0);
    link_up(0, &nodes[1], 0, &nodes[0], 0, 4);
    link_up(1, &nodes[2], 0, &nodes[0], 1, 4);
    pump();
    CU_ASSERT_EQUAL(m3ua_endpoint_congested(nodes[2].ep, 0, 2, now_ns), P7_OK);
    pump();
    CU_ASSERT_EQUAL(m3ua_endpoint_destination(nodes[0].ep, 1, 800).congestion, 2);
    CU_ASSERT_EQUAL(destination(&nodes[1], 800).congestion, 2);
    CU_ASSERT_EQUAL(m3ua_endpoint_congested(nodes[2].ep, 0, 0, now_ns), P7_OK);
    pump();
    CU_ASSERT_EQUAL(destination(&nodes[1], 800).congestion, 0);
}

/* RFC4666-3.4.5 */
static void data_for_a_user_that_is_not_here_is_answered_with_dupu(void)
{
    start_two_served(1u << 3);
    link_up(0, &nodes[1], 0, &nodes[0], 0, 4);
    pump();
    const struct m3ua_transfer isup = {.as = 0, .opc = 700, .dpc = 1, .si = 5};
    for (unsigned i = 0; i < 3; i++)
        CU_ASSERT_EQUAL(m3ua_endpoint_transfer(nodes[1].ep, &isup, bytes_of("x", 1), now_ns),
                        P7_OK);
    const uint64_t before = counters(&nodes[1])->in[M3UA_CLASS_SSNM];
    pump();
    CU_ASSERT_EQUAL(nodes[0].data_count, 3);
    /* once for all that were on their way */
    CU_ASSERT_EQUAL(counters(&nodes[1])->in[M3UA_CLASS_SSNM], before + 1);
    CU_ASSERT_EQUAL(m3ua_endpoint_transfer(nodes[1].ep, &isup, bytes_of("x", 1), now_ns), P7_STATE);
    const struct m3ua_transfer sccp = {.as = 0, .opc = 700, .dpc = 1, .si = 3};
    CU_ASSERT_EQUAL(m3ua_endpoint_transfer(nodes[1].ep, &sccp, bytes_of("x", 1), now_ns), P7_OK);
    pump();
    CU_ASSERT_EQUAL(counters(&nodes[1])->in[M3UA_CLASS_SSNM], before + 1);
}

UNIT_TESTS = {
    UNIT(nothing_is_sent_to_an_unavailable_destination_until_it_is_back),
    UNIT(one_message_may_name_many_destinations),
    UNIT(a_congested_or_restricted_destination_goes_on_getting_traffic),
    UNIT(a_destination_without_sccp_gets_no_sccp),
    UNIT(what_one_sgp_does_not_reach_goes_through_another),
    UNIT(an_unavailable_destination_is_asked_for_until_it_is_back),
    UNIT(after_a_gap_all_counts_as_available_and_what_matters_is_asked_for),
    UNIT(audits_may_be_switched_off),
    UNIT(more_destinations_than_fit_are_counted_and_told_once_a_message),
    UNIT(news_about_a_routing_context_that_is_not_ours_is_refused),
    UNIT(network_management_is_taken_on_the_side_it_is_for),
    UNIT(network_management_is_sent_to_who_is_up),
    UNIT(an_audit_is_answered_with_how_it_stands),
    UNIT(an_audit_of_a_congested_destination_says_so_first),
    UNIT(an_audit_of_a_range_names_what_is_known_in_it),
    UNIT(a_long_audit_is_answered_in_lists),
    UNIT(an_as_that_comes_and_goes_is_told_to_the_others_asps),
    UNIT(a_queue_that_fills_is_congestion_for_the_others),
    UNIT(an_asp_reports_congestion_and_the_others_hear_of_it),
    UNIT(data_for_a_user_that_is_not_here_is_answered_with_dupu),
};
UNIT_MAIN("m3ua_endpoint_ssnm")
