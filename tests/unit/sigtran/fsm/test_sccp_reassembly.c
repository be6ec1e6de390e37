/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Segments that come in: sigtran/fsm/sccp_reassembly.c, on virtual time. */
#include "sigtran/base/timer_heap.h"
#include "sigtran/fsm/sccp_reassembly.h"
#include "tests/unit/unit.h"

#define SEC      1000000000LL
#define T_REASS  (10 * SEC)
#define CAPACITY 8u
#define PEER_PC  77u

static struct sccp_reassembly *reassembly;
static struct sccp_reassembly_result result;
static struct sccp_party called;
static struct sccp_party calling;
static struct sccp_party other;
static int64_t now_ns;

static void open_table(void)
{
    now_ns = 5 * SEC;
    CU_ASSERT_EQUAL_FATAL(sccp_reassembly_create(&reassembly, CAPACITY, T_REASS), P7_OK);
    CU_ASSERT_EQUAL_FATAL(sccp_party_set_ssn(&called, SCCP_ITU, false, 0, 146), P7_OK);
    CU_ASSERT_EQUAL_FATAL(sccp_party_set_ssn(&calling, SCCP_ITU, true, 5, 146), P7_OK);
    CU_ASSERT_EQUAL_FATAL(sccp_party_set_ssn(&other, SCCP_ITU, true, 6, 146), P7_OK);
}

static void close_table(void)
{
    sccp_reassembly_destroy(reassembly);
}

static const struct sccp_reassembly_counters *counters(void)
{
    return sccp_reassembly_get_counters(reassembly);
}

static struct sccp_message segment(uint32_t reference, bool first, uint8_t remaining,
                                   const char *text)
{
    return (struct sccp_message){
        .type = SCCP_XUDT,
        .protocol_class = 1,
        .return_on_error = first,
        .hop_counter = 14,
        .has_segmentation = true,
        .segmentation = {.first = first,
                         .in_sequence = true,
                         .remaining = remaining,
                         .reference = reference},
        .calling = {.has_pc = true, .pc = 5, .has_ssn = true, .ssn = 146, .route_on_ssn = true},
        .called_octets = sccp_party_bytes(&called),
        .calling_octets = sccp_party_bytes(&calling),
        .data = bytes_of(text, strlen(text))};
}

static enum sccp_reassembly_outcome take_from(uint32_t opc, struct sccp_message message)
{
    const struct sccp_origin origin = {.opc = opc, .as = 1, .asp = 2, .sls = 3};
    memset(&result, 0, sizeof(result));
    sccp_reassembly_take(reassembly, now_ns, &origin, &message, &result);
    return result.outcome;
}

static enum sccp_reassembly_outcome take(uint32_t reference, bool first, uint8_t remaining,
                                         const char *text)
{
    return take_from(PEER_PC, segment(reference, first, remaining, text));
}

static bool holds(const char *text)
{
    return bytes_equal(result.message.data, bytes_of(text, strlen(text)));
}

/* FAILED: the first segment, as it came, to be returned. */
static void check_failed(uint8_t cause, const char *first)
{
    CU_ASSERT_EQUAL(result.outcome, SCCP_REASSEMBLY_FAILED);
    CU_ASSERT_EQUAL(result.cause, cause);
    CU_ASSERT_TRUE(holds(first));
    CU_ASSERT_TRUE(result.message.type == SCCP_XUDT && result.message.return_on_error);
    CU_ASSERT_TRUE(result.message.has_segmentation && result.message.segmentation.first);
    CU_ASSERT_EQUAL(result.message.hop_counter, 14);
    CU_ASSERT_EQUAL(result.message.calling.pc, 5);
    CU_ASSERT_TRUE(bytes_equal(result.message.called_octets, sccp_party_bytes(&called)));
    CU_ASSERT_TRUE(bytes_equal(result.message.calling_octets, sccp_party_bytes(&calling)));
    CU_ASSERT_TRUE(result.origin.opc == PEER_PC && result.origin.as == 1 &&
                   result.origin.asp == 2 && result.origin.sls == 3);
}

static void segments_in_order_become_the_message(void) /* Q.714-4.1.1.2.2 */
{
    open_table();
    CU_ASSERT_EQUAL(sccp_reassembly_deadline_ns(reassembly), TIMER_NEVER_NS);
    CU_ASSERT_EQUAL(take(9, true, 2, "one "), SCCP_REASSEMBLY_WAITING);
    CU_ASSERT_EQUAL(take(9, false, 1, "two "), SCCP_REASSEMBLY_WAITING);
    CU_ASSERT_EQUAL(sccp_reassembly_count(reassembly), 1);
    CU_ASSERT_EQUAL(take(9, false, 0, "three"), SCCP_REASSEMBLY_WHOLE);
    CU_ASSERT_TRUE(holds("one two three"));
    CU_ASSERT_TRUE(result.message.return_on_error);
    CU_ASSERT_TRUE(bytes_equal(result.message.calling_octets, sccp_party_bytes(&calling)));
    CU_ASSERT_EQUAL(sccp_reassembly_count(reassembly), 0);
    CU_ASSERT_EQUAL(sccp_reassembly_deadline_ns(reassembly), TIMER_NEVER_NS);
    CU_ASSERT_TRUE(counters()->segments_received == 3 && counters()->reassembled == 1);
    /* The reference is free for another message. */
    CU_ASSERT_EQUAL(take(9, true, 1, "x"), SCCP_REASSEMBLY_WAITING);
    CU_ASSERT_EQUAL(take(9, false, 0, "y"), SCCP_REASSEMBLY_WHOLE);
    CU_ASSERT_TRUE(holds("xy"));
    close_table();
}

static void a_first_segment_with_none_to_follow_is_no_segment(void)
{
    struct sccp_message m = segment(1, true, 0, "all");
    CU_ASSERT_FALSE(sccp_is_segment(&m));
    m.segmentation.remaining = 1;
    CU_ASSERT_TRUE(sccp_is_segment(&m));
    m.segmentation = (struct sccp_segmentation){.first = false};
    CU_ASSERT_TRUE(sccp_is_segment(&m));
    m.has_segmentation = false;
    CU_ASSERT_FALSE(sccp_is_segment(&m));
}

/* The key is calling address, OPC and reference: three messages that differ in one of them each. */
static void messages_under_way_at_once_are_kept_apart(void)
{
    open_table();
    struct sccp_message m = segment(9, true, 1, "c1");
    CU_ASSERT_EQUAL(take(9, true, 1, "a1"), SCCP_REASSEMBLY_WAITING);
    CU_ASSERT_EQUAL(take(10, true, 1, "b1"), SCCP_REASSEMBLY_WAITING);
    m.calling_octets = sccp_party_bytes(&other);
    CU_ASSERT_EQUAL(take_from(PEER_PC, m), SCCP_REASSEMBLY_WAITING);
    CU_ASSERT_EQUAL(take_from(PEER_PC + 1, segment(9, true, 1, "d1")), SCCP_REASSEMBLY_WAITING);
    CU_ASSERT_EQUAL(sccp_reassembly_count(reassembly), 4);
    CU_ASSERT_EQUAL(take_from(PEER_PC + 1, segment(9, false, 0, "d2")), SCCP_REASSEMBLY_WHOLE);
    CU_ASSERT_TRUE(holds("d1d2"));
    m = segment(9, false, 0, "c2");
    m.calling_octets = sccp_party_bytes(&other);
    CU_ASSERT_EQUAL(take_from(PEER_PC, m), SCCP_REASSEMBLY_WHOLE);
    CU_ASSERT_TRUE(holds("c1c2"));
    CU_ASSERT_EQUAL(take(10, false, 0, "b2"), SCCP_REASSEMBLY_WHOLE);
    CU_ASSERT_TRUE(holds("b1b2"));
    CU_ASSERT_EQUAL(take(9, false, 0, "a2"), SCCP_REASSEMBLY_WHOLE);
    CU_ASSERT_TRUE(holds("a1a2"));
    close_table();
}

/* Q.714-4.1.1.2.3: what does not come as announced ends the message, once. */
static void a_segment_out_of_its_order_ends_the_message(void)
{
    static const struct {
        bool first;
        uint8_t remaining;
    } wrong[] = {
        {false, 1}, /* the next but one: one is missing */
        {false, 3}, /* the second one doubled */
        {false, 4}, /* more to come than before */
        {true, 4},  /* the first one doubled */
        {true, 2},
    };
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        open_table();
        CU_ASSERT_EQUAL(take(9, true, 4, "first "), SCCP_REASSEMBLY_WAITING);
        CU_ASSERT_EQUAL(take(9, false, 3, "second "), SCCP_REASSEMBLY_WAITING);
        (void)take(9, wrong[i].first, wrong[i].remaining, "wrong");
        check_failed(SCCP_CAUSE_TRANSPORT_ERROR, "first ");
        CU_ASSERT_EQUAL(sccp_reassembly_count(reassembly), 0);
        CU_ASSERT_EQUAL(counters()->segments_out_of_order, 1);
        /* The rest of it finds nothing, and nobody is told again. */
        CU_ASSERT_EQUAL(take(9, false, 1, "third"), SCCP_REASSEMBLY_DROPPED);
        CU_ASSERT_EQUAL(take(9, false, 0, "fourth"), SCCP_REASSEMBLY_DROPPED);
        CU_ASSERT_EQUAL(counters()->segments_without_first, 2);
        close_table();
    }
}

static void a_message_whose_first_segment_was_lost_is_dropped(void)
{
    open_table();
    CU_ASSERT_EQUAL(take(9, false, 1, "second"), SCCP_REASSEMBLY_DROPPED);
    CU_ASSERT_EQUAL(take(9, false, 0, "third"), SCCP_REASSEMBLY_DROPPED);
    CU_ASSERT_EQUAL(counters()->segments_without_first, 2);
    CU_ASSERT_EQUAL(sccp_reassembly_count(reassembly), 0);
    close_table();
}

static void a_message_that_stays_a_part_is_given_up_after_t_reass(void) /* Q.714-4.1.1.2.3 */
{
    open_table();
    CU_ASSERT_EQUAL(take(1, true, 2, "old "), SCCP_REASSEMBLY_WAITING);
    now_ns += SEC;
    CU_ASSERT_EQUAL(take(2, true, 2, "whole "), SCCP_REASSEMBLY_WAITING);
    now_ns += SEC;
    CU_ASSERT_EQUAL(take(3, true, 2, "young "), SCCP_REASSEMBLY_WAITING);
    /* A later segment does not give it more time. */
    CU_ASSERT_EQUAL(take(1, false, 1, "older "), SCCP_REASSEMBLY_WAITING);
    CU_ASSERT_EQUAL(take(2, false, 1, "and "), SCCP_REASSEMBLY_WAITING);
    CU_ASSERT_EQUAL(take(2, false, 0, "gone"), SCCP_REASSEMBLY_WHOLE);
    CU_ASSERT_EQUAL(sccp_reassembly_deadline_ns(reassembly), 5 * SEC + T_REASS);
    CU_ASSERT_FALSE(sccp_reassembly_expire(reassembly, 5 * SEC + T_REASS - 1, &result));
    CU_ASSERT_TRUE(sccp_reassembly_expire(reassembly, 5 * SEC + T_REASS, &result));
    check_failed(SCCP_CAUSE_TRANSPORT_ERROR, "old ");
    CU_ASSERT_FALSE(sccp_reassembly_expire(reassembly, 5 * SEC + T_REASS, &result));
    CU_ASSERT_EQUAL(sccp_reassembly_deadline_ns(reassembly), 7 * SEC + T_REASS);
    CU_ASSERT_TRUE(sccp_reassembly_expire(reassembly, 100 * SEC, &result));
    check_failed(SCCP_CAUSE_TRANSPORT_ERROR, "young ");
    CU_ASSERT_FALSE(sccp_reassembly_expire(reassembly, 100 * SEC, &result));
    CU_ASSERT_EQUAL(counters()->reassembly_expired, 2);
    CU_ASSERT_EQUAL(sccp_reassembly_deadline_ns(reassembly), TIMER_NEVER_NS);
    close_table();
}

static void a_full_table_says_so_to_the_sender(void)
{
    open_table();
    for (uint32_t i = 0; i < CAPACITY; i++)
        CU_ASSERT_EQUAL(take(i, true, 1, "first"), SCCP_REASSEMBLY_WAITING);
    (void)take(CAPACITY, true, 1, "too many");
    check_failed(SCCP_CAUSE_LOCAL_PROCESSING, "too many");
    CU_ASSERT_EQUAL(counters()->reassembly_full, 1);
    /* Those that are in it go on, and make room. */
    for (uint32_t i = 0; i < CAPACITY; i++)
        CU_ASSERT_EQUAL(take(i, false, 0, "last"), SCCP_REASSEMBLY_WHOLE);
    CU_ASSERT_EQUAL(take(CAPACITY, true, 1, "now"), SCCP_REASSEMBLY_WAITING);
    close_table();
}

static void a_message_of_the_greatest_length_fits_and_no_octet_more(void)
{
    static char text[249];
    open_table();
    memset(text, 'a', 247);
    for (unsigned extra = 0; extra < 2; extra++) {
        for (unsigned i = 0; i < 15; i++)
            CU_ASSERT_EQUAL(take(9, i == 0, (uint8_t)(15 - i), text), SCCP_REASSEMBLY_WAITING);
        memset(text, 'a', 247 + extra);
        (void)take(9, false, 0, text);
        if (extra == 0)
            CU_ASSERT_TRUE(result.outcome == SCCP_REASSEMBLY_WHOLE &&
                           result.message.data.length == SCCP_LUDT_DATA_OCTETS);
        text[247] = '\0';
    }
    check_failed(SCCP_CAUSE_TRANSPORT_ERROR, text);
    CU_ASSERT_EQUAL(counters()->reassembly_too_long, 1);
    close_table();
}

static void entries_that_share_a_bucket_are_found_and_taken_out(void)
{
    open_table();
    for (unsigned round = 0; round < 50; round++) {
        for (uint32_t i = 0; i < CAPACITY; i++)
            CU_ASSERT_EQUAL(take(round * 1000 + i * 64, true, 1, "f"), SCCP_REASSEMBLY_WAITING);
        for (uint32_t i = 0; i < CAPACITY; i++) {
            const uint32_t at = (i * 5 + round) % CAPACITY;
            CU_ASSERT_EQUAL(take(round * 1000 + at * 64, false, 0, "l"), SCCP_REASSEMBLY_WHOLE);
        }
        CU_ASSERT_EQUAL(sccp_reassembly_count(reassembly), 0);
        CU_ASSERT_EQUAL(sccp_reassembly_deadline_ns(reassembly), TIMER_NEVER_NS);
    }
    close_table();
}

static void a_table_without_room_or_time_is_refused(void)
{
    struct sccp_reassembly *none = NULL;
    CU_ASSERT_EQUAL(sccp_reassembly_create(&none, 0, T_REASS), P7_RANGE);
    CU_ASSERT_EQUAL(sccp_reassembly_create(&none, 1, 0), P7_RANGE);
    CU_ASSERT_PTR_NULL(none);
    sccp_reassembly_destroy(none);
}

UNIT_TESTS = {
    UNIT(segments_in_order_become_the_message),
    UNIT(a_first_segment_with_none_to_follow_is_no_segment),
    UNIT(messages_under_way_at_once_are_kept_apart),
    UNIT(a_segment_out_of_its_order_ends_the_message),
    UNIT(a_message_whose_first_segment_was_lost_is_dropped),
    UNIT(a_message_that_stays_a_part_is_given_up_after_t_reass),
    UNIT(a_full_table_says_so_to_the_sender),
    UNIT(a_message_of_the_greatest_length_fits_and_no_octet_more),
    UNIT(entries_that_share_a_bucket_are_found_and_taken_out),
    UNIT(a_table_without_room_or_time_is_refused),
};
UNIT_MAIN("sccp_reassembly")
