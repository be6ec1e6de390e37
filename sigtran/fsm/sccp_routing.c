/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "sigtran/fsm/sccp_routing.h"

static bool bit_is_set(const uint64_t bits[4], uint8_t ssn)
{
    return ((bits[ssn / 64] >> (ssn % 64)) & 1u) != 0;
}

static void set_bit(uint64_t bits[4], uint8_t ssn, bool value)
{
    const uint64_t bit = (uint64_t)1 << (ssn % 64);
    bits[ssn / 64] = value ? (bits[ssn / 64] | bit) : (bits[ssn / 64] & ~bit);
}

void sccp_routing_init(struct sccp_routing *routing, enum sccp_variant variant, uint32_t local_pc,
                       uint8_t default_ssn)
{
    *routing =
        (struct sccp_routing){.variant = variant, .local_pc = local_pc, .default_ssn = default_ssn};
}

enum p7_status sccp_routing_equip(struct sccp_routing *routing, uint8_t ssn)
{
    if (ssn <= SCCP_SSN_MANAGEMENT)
        return P7_RANGE;
    set_bit(routing->equipped, ssn, true);
    return P7_OK;
}

enum p7_status sccp_routing_set_in_service(struct sccp_routing *routing, uint8_t ssn,
                                           bool in_service)
{
    if (!bit_is_set(routing->equipped, ssn))
        return P7_NOT_FOUND;
    set_bit(routing->prohibited, ssn, !in_service);
    return P7_OK;
}

enum p7_status sccp_routing_add_title(struct sccp_routing *routing, const char *digits, uint8_t ssn)
{
    const size_t length = strlen(digits);
    if (length == 0 || length > LIMIT_DIGITS || ssn == SCCP_SSN_MANAGEMENT ||
        strspn(digits, "0123456789abcdef") != length)
        return P7_RANGE;
    if (routing->title_count == SCCP_ROUTING_TITLES_MAX)
        return P7_FULL;
    struct sccp_title *title = &routing->titles[routing->title_count++];
    memcpy(title->digits, digits, length + 1);
    title->ssn = ssn;
    return P7_OK;
}

/* The longest of our titles that the digits start with, or NULL. */
static const struct sccp_title *find_title(const struct sccp_routing *routing, const char *digits)
{
    const struct sccp_title *best = NULL;
    size_t best_length = 0;
    for (unsigned i = 0; i < routing->title_count; i++) {
        const struct sccp_title *title = &routing->titles[i];
        const size_t length = strlen(title->digits);
        if (length > best_length && strncmp(title->digits, digits, length) == 0) {
            best = title;
            best_length = length;
        }
    }
    return best;
}

static bool is_service_message(uint8_t type)
{
    return type == SCCP_UDTS || type == SCCP_XUDTS || type == SCCP_LUDTS;
}

/*
 * The local subsystem that a called address means (Q.714-2.4). -1 with a cause: its title is not
 * ours, or cannot be translated here.
 */
static int translate(const struct sccp_routing *routing, const struct sccp_address *called,
                     bool is_service, uint8_t *cause)
{
    const uint8_t own_ssn = called->has_ssn ? called->ssn : 0;
    if (called->route_on_ssn)
        return own_ssn;
    char digits[DIGITS_TEXT_OCTETS];
    const struct sccp_title *title = NULL;
    if (called->gti == 0 && is_service) /* what comes back is taken by the SSN that it names */
        return own_ssn;
    if (called->gti == 0) { /* "route on GT" and no title: nothing to translate */
        *cause = SCCP_CAUSE_NO_TRANSLATION_NATURE;
        return -1;
    }
    if (routing->title_count != 0) {
        if (sccp_address_digits(called, digits) != P7_OK) {
            *cause = SCCP_CAUSE_NO_TRANSLATION_NATURE;
            return -1;
        }
        title = find_title(routing, digits);
        if (title == NULL) {
            *cause = SCCP_CAUSE_NO_TRANSLATION;
            return -1;
        }
    }
    if (own_ssn != 0)
        return own_ssn;
    return title != NULL && title->ssn != 0 ? title->ssn : routing->default_ssn;
}

/* The point code that an answer to `address` goes to: its own where it has one that is routed on
 * (Q.714-2.2.2), else the node that the message came from. */
static uint32_t answer_pc(const struct sccp_address *address, uint32_t opc)
{
    return address->has_pc && address->route_on_ssn ? address->pc : opc;
}

/* Q.714-4.2: back to the calling party, with the user's octets, when it asked for that. */
static void return_message(struct sccp_routing *routing, uint32_t opc, uint8_t cause,
                           struct bytes_writer *reply, struct sccp_indication *out)
{
    const struct sccp_message *in = &out->message;

    out->verdict = SCCP_VERDICT_DROPPED;
    out->status = P7_OK;
    out->cause = cause;
    if (is_service_message(in->type) || !in->return_on_error) {
        routing->counters.dropped_no_return++;
        return;
    }
    struct sccp_message back = *in;
    /* UDT, XUDT and LUDT are answered by their own kind (Q.714-4.2). */
    back.type = in->type == SCCP_UDT ? SCCP_UDTS : in->type == SCCP_XUDT ? SCCP_XUDTS : SCCP_LUDTS;
    back.return_cause = cause;
    back.hop_counter = SCCP_HOP_COUNTER_MAX;
    back.called_octets = in->calling_octets;
    back.calling_octets = in->called_octets;
    const uint8_t *start = reply->at;
    const enum p7_status status = sccp_encode(reply, &back);
    if (status != P7_OK) {
        out->status = status;
        routing->counters.reply_failed++;
        return;
    }
    out->verdict = SCCP_VERDICT_RETURNED;
    out->reply = bytes_of(start, (size_t)(reply->at - start));
    out->reply_dpc = answer_pc(&in->calling, opc);
    routing->counters.returned++;
}

/* Q.714-5.3.4.3: a test for a subsystem that is here and allowed is answered with SSA; for any
 * other, and for the other messages, nothing goes back. */
static void manage(struct sccp_routing *routing, uint32_t opc, struct bytes_writer *reply,
                   struct sccp_indication *out)
{
    struct sccp_management *m = &out->management;

    routing->counters.management++;
    out->status = sccp_management_decode(routing->variant, out->message.data, m);
    if (out->status != P7_OK) {
        out->verdict = SCCP_VERDICT_DROPPED;
        routing->counters.malformed++;
        return;
    }
    out->verdict = SCCP_VERDICT_MANAGED;
    const uint8_t ssn = m->affected_ssn;
    const bool here = ssn == SCCP_SSN_MANAGEMENT ||
                      (bit_is_set(routing->equipped, ssn) && !bit_is_set(routing->prohibited, ssn));
    if (m->type != SCCP_SST || m->affected_pc != routing->local_pc || !here)
        return;
    uint8_t data[8];
    struct bytes_writer w = bytes_writer_of(data, data + sizeof(data));
    struct sccp_management answer = *m;
    answer.type = SCCP_SSA;
    answer.multiplicity = 0;
    enum p7_status status = sccp_management_write(&w, &answer);
    const uint8_t *start = reply->at;
    if (status == P7_OK)
        status = sccp_write_udt(reply, 0, false, out->message.calling_octets,
                                out->message.called_octets, bytes_of(data, (size_t)(w.at - data)));
    if (status != P7_OK) {
        routing->counters.reply_failed++;
        return;
    }
    out->reply = bytes_of(start, (size_t)(reply->at - start));
    out->reply_dpc = answer_pc(&out->message.calling, opc);
    routing->counters.status_tests_answered++;
}

/*
 * Whether the message may go on in spite of its hop counter and segmentation. A translation of a
 * global title takes one hop, and reaching zero is the violation (Q.714-2.3.1).
 */
static bool may_pass(struct sccp_routing *routing, const struct sccp_message *m, uint8_t *cause)
{
    if (m->type != SCCP_UDT && m->type != SCCP_UDTS) {
        const unsigned least = m->called.route_on_ssn ? 1 : 2;
        if (m->hop_counter < least || m->hop_counter > SCCP_HOP_COUNTER_MAX) {
            routing->counters.hop_violations++;
            *cause = SCCP_CAUSE_HOP_COUNTER;
            return false;
        }
    }
    /* Q.714-4.1.1.2: a first segment with none to follow is a whole message. */
    if (m->has_segmentation && (!m->segmentation.first || m->segmentation.remaining != 0)) {
        routing->counters.segmented++;
        *cause = SCCP_CAUSE_NO_REASSEMBLY;
        return false;
    }
    return true;
}

/* A message of ours came back: to its user, and never answered (Q.714-4.2). */
static void take_notice(struct sccp_routing *routing, int ssn, struct sccp_indication *out)
{
    out->cause = out->message.return_cause;
    if (ssn < 0 || !bit_is_set(routing->equipped, (uint8_t)ssn)) {
        out->verdict = SCCP_VERDICT_DROPPED;
        routing->counters.notices_lost++;
        return;
    }
    out->verdict = SCCP_VERDICT_NOTICE;
    out->ssn = (uint8_t)ssn;
    routing->counters.notices++;
}

static void take_data(struct sccp_routing *routing, uint32_t opc, int ssn, uint8_t cause,
                      struct bytes_writer *reply, struct sccp_indication *out)
{
    if (ssn < 0) {
        routing->counters.no_translation++;
        return_message(routing, opc, cause, reply, out);
    } else if (ssn == SCCP_SSN_MANAGEMENT) {
        manage(routing, opc, reply, out);
    } else if (!bit_is_set(routing->equipped, (uint8_t)ssn)) {
        routing->counters.unequipped++;
        return_message(routing, opc, SCCP_CAUSE_UNEQUIPPED_USER, reply, out);
    } else if (bit_is_set(routing->prohibited, (uint8_t)ssn)) {
        routing->counters.prohibited++;
        return_message(routing, opc, SCCP_CAUSE_SUBSYSTEM_FAILURE, reply, out);
    } else {
        out->verdict = SCCP_VERDICT_DELIVER;
        out->ssn = (uint8_t)ssn;
        routing->counters.delivered++;
    }
}

void sccp_routing_receive(struct sccp_routing *routing, uint32_t opc, struct bytes octets,
                          struct bytes_writer *reply, struct sccp_indication *indication)
{
    struct sccp_indication *out = indication;
    uint8_t cause = SCCP_CAUSE_UNQUALIFIED;

    routing->counters.received++;
    out->verdict = SCCP_VERDICT_DROPPED;
    out->ssn = 0;
    out->cause = 0;
    out->reply_dpc = 0;
    out->reply = bytes_of(NULL, 0);
    out->management = (struct sccp_management){.type = 0};
    out->status = sccp_decode(routing->variant, octets, &out->message);
    if (out->status != P7_OK) {
        if (out->status == P7_UNSUPPORTED)
            routing->counters.unsupported++;
        else
            routing->counters.malformed++;
        return;
    }
    const bool service = is_service_message(out->message.type);
    const int ssn = translate(routing, &out->message.called, service, &cause);
    if (service)
        take_notice(routing, ssn, out);
    else if (!may_pass(routing, &out->message, &cause))
        return_message(routing, opc, cause, reply, out);
    else
        take_data(routing, opc, ssn, cause, reply, out);
}
