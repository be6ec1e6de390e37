/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * SCCP messages (Q.713-4.10, 4.11, 4.18, 4.19) through the library's conversion to and from SUA
 * (RFC 3868), which is how its own stack reads and writes them. Of the connectionless ones it knows
 * UDT(S) and XUDT(S) with hop counter and importance (Q.713-3.18, 3.19), without segmentation. It
 * calls LUDT(S) unsupported, which is checked.
 */
#include <osmocom/core/linuxlist.h>
#include <osmocom/core/msgb.h>
#include <osmocom/core/talloc.h>
#include <osmocom/sigtran/protocol/sua.h>
#include <osmocom/sigtran/sccp_sap.h>
#include <osmocom/sigtran/xua_msg.h>
#include <stdio.h>
#include <string.h>

#include "tests/interop/oracle/oracle.h"

/* Exported by the library, and in none of its headers. */
struct xua_msg *osmo_sccp_to_xua(struct msgb *msg);
struct msgb *osmo_sua_to_sccp(struct xua_msg *xua);

#define SUA_GT_FIXED_OCTETS 8 /* RFC3868-3.10.2.3: in front of the digits */

/* --- SUA messages: the library's functions for these are not exported --------------------------
 */

static struct bytes part_of(const struct xua_msg *xua, uint16_t tag)
{
    struct xua_msg_part *part;
    llist_for_each_entry(part, &xua->headers, entry)
    {
        if (part->tag == tag)
            return bytes_of(part->dat, part->len);
    }
    return bytes_of(NULL, 0);
}

static uint32_t part_u32(const struct xua_msg *xua, uint16_t tag)
{
    const struct bytes part = part_of(xua, tag);
    return part.length == 4 ? bytes_load_u32be(part.data) : UINT32_MAX;
}

static void part_add(struct xua_msg *xua, uint16_t tag, struct bytes value)
{
    struct xua_msg_part *part = talloc_zero(xua, struct xua_msg_part);
    part->tag = tag;
    part->len = (uint16_t)value.length;
    part->dat = talloc_size(part, value.length);
    memcpy(part->dat, value.data, value.length);
    llist_add_tail(&part->entry, &xua->headers);
}

static void part_add_u32(struct xua_msg *xua, uint16_t tag, uint32_t value)
{
    uint8_t octets[4];
    bytes_store_u32be(octets, value);
    part_add(xua, tag, bytes_of(octets, sizeof(octets)));
}

static void write_parameter(struct bytes_writer *w, uint16_t tag, struct bytes value)
{
    bytes_write_u16be(w, tag);
    bytes_write_u16be(w, (uint16_t)(value.length + 4));
    bytes_write(w, value);
    for (size_t i = value.length; i % 4 != 0; i++)
        bytes_write_u8(w, 0);
}

/* RFC3868-3.10.2: routing indicator, address indicator, and what there is of title, point code
 * and SSN. */
static void part_add_address(struct xua_msg *xua, uint16_t tag,
                             const struct oracle_address *address)
{
    const struct sccp_address *a = &address->ours;
    uint8_t room[128];
    uint8_t value[SUA_GT_FIXED_OCTETS + DIGITS_PACKED_OCTETS] = {0};
    struct bytes_writer w = bytes_writer_of(room, room + sizeof(room));
    bytes_write_u16be(&w, a->route_on_ssn ? SUA_RI_SSN_PC : SUA_RI_GT);
    bytes_write_u16be(
        &w, (uint16_t)((a->has_ssn ? 1u : 0u) | (a->has_pc ? 2u : 0u) | (a->gti != 0 ? 4u : 0u)));
    if (a->gti != 0) {
        value[3] = a->gti;
        value[4] = (uint8_t)strlen(address->digits);
        value[5] = a->translation_type;
        value[6] = a->numbering_plan;
        value[7] = a->nature_of_address;
        memcpy(value + SUA_GT_FIXED_OCTETS, a->digits.data, a->digits.length);
        /* Its parser does not skip padding that the length leaves out, as RFC3868-3.1.5 has it: so
         * the length counts it. */
        const size_t padded = (a->digits.length + 3) / 4 * 4;
        write_parameter(&w, SUA_IEI_GT, bytes_of(value, SUA_GT_FIXED_OCTETS + padded));
    }
    if (a->has_pc) {
        bytes_store_u32be(value, a->pc);
        write_parameter(&w, SUA_IEI_PC, bytes_of(value, 4));
    }
    if (a->has_ssn) {
        bytes_store_u32be(value, a->ssn);
        write_parameter(&w, SUA_IEI_SSN, bytes_of(value, 4));
    }
    part_add(xua, tag, bytes_of(room, bytes_writer_length(&w)));
}

/* RFC3868-3.10.2.3 */
static void read_title(struct osmo_sccp_addr *its, struct bytes value)
{
    if (value.length < SUA_GT_FIXED_OCTETS)
        return;
    its->presence |= OSMO_SCCP_ADDR_T_GT;
    its->gt.gti = value.data[3];
    its->gt.tt = value.data[5];
    its->gt.npi = value.data[6];
    its->gt.nai = value.data[7];
    /* Its length counts the padding, which RFC3868-3.1.5 says it must not: the count of digits
     * tells where they end. */
    const size_t octets = digits_octets(value.data[4]);
    const struct bytes packed = bytes_of(value.data + SUA_GT_FIXED_OCTETS, octets);
    char digits[DIGITS_TEXT_OCTETS];
    if (octets <= value.length - SUA_GT_FIXED_OCTETS &&
        digits_from_bcd(packed, (value.data[4] & 1u) != 0, digits) == P7_OK &&
        strlen(digits) < sizeof(its->gt.digits))
        memcpy(its->gt.digits, digits, strlen(digits) + 1);
}

static void read_its_address(struct osmo_sccp_addr *its, struct bytes part)
{
    memset(its, 0, sizeof(*its));
    struct bytes_reader r = bytes_reader_of(part.data, part.data + part.length);
    its->ri = bytes_read_u16be(&r) == SUA_RI_GT ? OSMO_SCCP_RI_GT : OSMO_SCCP_RI_SSN_PC;
    (void)bytes_read_u16be(&r);
    while (bytes_reader_left(&r) >= 4) {
        const uint16_t tag = bytes_read_u16be(&r);
        const uint16_t length = bytes_read_u16be(&r);
        const struct bytes value = bytes_read(&r, length < 4 ? 0 : length - 4u);
        (void)bytes_read(&r, (4u - value.length % 4) % 4);
        if (tag == SUA_IEI_GT)
            read_title(its, value);
        else if (value.length == 4 && tag == SUA_IEI_PC) {
            its->presence |= OSMO_SCCP_ADDR_T_PC;
            its->pc = bytes_load_u32be(value.data);
        } else if (value.length == 4 && tag == SUA_IEI_SSN) {
            its->presence |= OSMO_SCCP_ADDR_T_SSN;
            its->ssn = bytes_load_u32be(value.data);
        }
    }
}

/* --- both ways ------------------------------------------------------------------------------- */

static bool is_service(uint8_t type)
{
    return type == SCCP_UDTS || type == SCCP_XUDTS || type == SCCP_LUDTS;
}

struct drawn {
    struct oracle_address called;
    struct oracle_address calling;
    struct sccp_message message;
    uint8_t data[LIMIT_SCCP_UDT_DATA_OCTETS];
};

static void draw(struct oracle *oracle, struct drawn *drawn, uint8_t type)
{
    oracle_address_draw(oracle, &drawn->called, true);
    oracle_address_draw(oracle, &drawn->calling, true);
    struct sccp_message *m = &drawn->message;
    memset(m, 0, sizeof(*m));
    const size_t length = 1 + oracle_below(oracle, 200);
    oracle_octets(oracle, drawn->data, length);
    m->type = type;
    m->protocol_class = (uint8_t)oracle_below(oracle, 2);
    m->return_on_error = oracle_coin(oracle);
    m->return_cause = (uint8_t)oracle_below(oracle, 15);
    m->hop_counter = (uint8_t)(1 + oracle_below(oracle, SCCP_HOP_COUNTER_MAX));
    m->has_importance = (type == SCCP_XUDT || type == SCCP_XUDTS) && oracle_coin(oracle);
    m->importance = (uint8_t)oracle_below(oracle, 8);
    m->called = drawn->called.ours;
    m->calling = drawn->calling.ours;
    m->data = bytes_of(drawn->data, length);
}

/* RFC3868-3.10.11: the class, and bit 8 for the return option (Q.713-3.6). */
static uint32_t sua_class(const struct sccp_message *message)
{
    return message->protocol_class | (message->return_on_error ? 0x80u : 0u);
}

static void compare(struct oracle *oracle, const struct sccp_message *ours,
                    const struct xua_msg *its)
{
    struct osmo_sccp_addr address;
    ORACLE_EQUAL(oracle, "class of SUA", SUA_MSGC_CL, its->hdr.msg_class);
    ORACLE_EQUAL(oracle, "type", is_service(ours->type) ? SUA_CL_CLDR : SUA_CL_CLDT,
                 its->hdr.msg_type);
    if (ours->type == SCCP_XUDT || ours->type == SCCP_XUDTS)
        ORACLE_EQUAL(oracle, "hop counter", ours->hop_counter, part_u32(its, SUA_IEI_S7_HOP_CTR));
    ORACLE_EQUAL(oracle, "importance present", ours->has_importance,
                 part_of(its, SUA_IEI_IMPORTANCE).length != 0);
    if (ours->has_importance)
        ORACLE_EQUAL(oracle, "importance", ours->importance, part_u32(its, SUA_IEI_IMPORTANCE));
    if (!is_service(ours->type))
        ORACLE_EQUAL(oracle, "protocol class", sua_class(ours), part_u32(its, SUA_IEI_PROTO_CLASS));
    else
        ORACLE_EQUAL(oracle, "return cause", SUA_CAUSE_T_RETURN | ours->return_cause,
                     part_u32(its, SUA_IEI_CAUSE));
    read_its_address(&address, part_of(its, SUA_IEI_DEST_ADDR));
    oracle_address_compare(oracle, &ours->called, &address);
    read_its_address(&address, part_of(its, SUA_IEI_SRC_ADDR));
    oracle_address_compare(oracle, &ours->calling, &address);
    if (!bytes_equal(ours->data, part_of(its, SUA_IEI_DATA)))
        oracle_fault(oracle, "the data are not the same");
}

static struct xua_msg *its_reading(struct oracle *oracle, const struct sccp_message *message)
{
    uint8_t room[ORACLE_MESSAGE_OCTETS];
    struct bytes_writer writer = bytes_writer_of(room, room + sizeof(room));
    const enum p7_status status = sccp_encode(&writer, message);
    if (status != P7_OK) {
        oracle_fault(oracle, "sccp_encode: %s", p7_status_text(status));
        return NULL;
    }
    if (oracle->damage) /* of the class or the cause: the library survives no wrong pointer */
        room[1] ^= (uint8_t)(1u << oracle_below(oracle, 8));
    struct msgb *msg = msgb_alloc(ORACLE_MESSAGE_OCTETS, "sccp");
    msg->l2h = msgb_put(msg, (unsigned)bytes_writer_length(&writer));
    memcpy(msg->l2h, room, bytes_writer_length(&writer));
    struct xua_msg *xua = osmo_sccp_to_xua(msg);
    msgb_free(msg);
    return xua;
}

static void ours_to_it(struct oracle *oracle, uint8_t type)
{
    struct drawn drawn;
    draw(oracle, &drawn, type);
    struct xua_msg *its = its_reading(oracle, &drawn.message);
    if (its == NULL)
        oracle_fault(oracle, "it refuses a message of type %02x", type);
    else
        compare(oracle, &drawn.message, its);
    talloc_free(its);
    oracle->ours_read_by_it++;
}

static void its_to_us(struct oracle *oracle, uint8_t type)
{
    struct drawn drawn;
    draw(oracle, &drawn, type);
    struct xua_msg *xua = talloc_zero(NULL, struct xua_msg);
    INIT_LLIST_HEAD(&xua->headers);
    xua->hdr = XUA_HDR(SUA_MSGC_CL, is_service(type) ? SUA_CL_CLDR : SUA_CL_CLDT);
    if (type == SCCP_XUDT || type == SCCP_XUDTS)
        part_add_u32(xua, SUA_IEI_S7_HOP_CTR, drawn.message.hop_counter);
    if (drawn.message.has_importance)
        part_add_u32(xua, SUA_IEI_IMPORTANCE, drawn.message.importance);
    if (!is_service(type))
        part_add_u32(xua, SUA_IEI_PROTO_CLASS, sua_class(&drawn.message));
    else
        part_add_u32(xua, SUA_IEI_CAUSE, SUA_CAUSE_T_RETURN | drawn.message.return_cause);
    part_add_address(xua, SUA_IEI_DEST_ADDR, &drawn.called);
    part_add_address(xua, SUA_IEI_SRC_ADDR, &drawn.calling);
    part_add(xua, SUA_IEI_DATA, drawn.message.data);
    struct msgb *msg = osmo_sua_to_sccp(xua);
    struct sccp_message ours;
    if (msg == NULL) {
        oracle_fault(oracle, "it does not encode a message of type %02x", type);
    } else {
        const enum p7_status status = sccp_decode(SCCP_ITU, bytes_of(msg->data, msg->len), &ours);
        if (status != P7_OK)
            oracle_fault(oracle, "sccp_decode: %s", p7_status_text(status));
        else {
            ORACLE_EQUAL(oracle, "message type", ours.type, type);
            compare(oracle, &ours, xua);
        }
        msgb_free(msg);
    }
    talloc_free(xua);
    oracle->its_read_by_us++;
}

static void its_refusal(struct oracle *oracle, uint8_t type)
{
    struct drawn drawn;
    draw(oracle, &drawn, type);
    struct xua_msg *its = its_reading(oracle, &drawn.message);
    if (its != NULL)
        oracle_fault(oracle, "type %02x is not refused any more: compare it", type);
    talloc_free(its);
    oracle->refused_by_it++;
}

void oracle_messages(struct oracle *oracle)
{
    static const uint8_t types[] = {SCCP_UDT, SCCP_UDTS, SCCP_XUDT, SCCP_XUDTS};
    static const uint8_t unknown_to_it[] = {SCCP_LUDT, SCCP_LUDTS};
    for (int i = 0; i < ORACLE_ROUNDS; i++) {
        ours_to_it(oracle, types[oracle_below(oracle, sizeof(types))]);
        its_to_us(oracle, types[oracle_below(oracle, sizeof(types))]);
    }
    for (size_t i = 0; i < sizeof(unknown_to_it); i++)
        its_refusal(oracle, unknown_to_it[i]);
    oracle->kinds += sizeof(types);
}
