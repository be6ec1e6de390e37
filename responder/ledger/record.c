/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * Behind the head, by kind:
 *
 *     CHARGE       money, identity (u64 key[2], u64 content), u32 sequence, decision;
 *                  then u64 stray[2] with HAS_STRAY, then call with HAS_CALL
 *     SETTLEMENT   money; then call with HAS_CALL
 *     TERM         u8 node
 *
 *     money        u64 account, u64 amount, s64 reserved_delta, u64 reference[2]
 *     decision     15 octets, its fields in their order
 *     call         83 octets: u64 reference[2], charged, reserved, last_content, s64 answered_ns,
 *                  u32 account, used, granted, sequence, decision, u8 state, flags, context,
 *                  invoke id
 */
#include "responder/ledger/record.h"

#include "sigtran/base/crc32c.h"

#define RECORD_CHECKSUM_OCTETS 4u

const char *ledger_record_kind_name(uint8_t kind)
{
    switch ((enum ledger_record_kind)kind) {
    case LEDGER_CHARGE:
        return "charge";
    case LEDGER_SETTLEMENT:
        return "settlement";
    case LEDGER_TERM:
        return "term";
    }
    return "?";
}

/* What a kind may carry: anything else is not of this version, and must not be half understood. */
static bool flags_are_of_kind(uint8_t kind, uint8_t flags)
{
    switch ((enum ledger_record_kind)kind) {
    case LEDGER_CHARGE:
        return (flags &
                ~(LEDGER_HAS_CALL | LEDGER_CALL_OVER | LEDGER_HAS_STRAY | LEDGER_IN_TABLE)) == 0;
    case LEDGER_SETTLEMENT:
        return (flags & ~(LEDGER_HAS_CALL | LEDGER_CALL_OVER)) == 0;
    case LEDGER_TERM:
        return (flags & ~LEDGER_FORCED) == 0;
    }
    return false;
}

/* The service and its encoder assert these: octets of a disk or a peer must not get so far. */
static bool decision_is_sound(const struct decision *d)
{
    return d->primitive <= DECISION_ABORT && d->dialogue <= DECISION_DIALOGUE_ABORTED &&
           d->body <= DECISION_REJECT && d->context <= CAP_AC_COUNT &&
           d->kind <= SERVICE_NO_REQUEST && d->result <= SERVICE_NO_CREDIT &&
           (d->flags & ~DECISION_FLAGS) == 0;
}

static bool call_is_sound(const struct service_dialogue *call)
{
    return decision_is_sound(&call->last) && call->state <= SERVICE_DIALOGUE_OVER &&
           call->context <= CAP_AC_COUNT &&
           (call->flags & ~(SERVICE_DIALOGUE_ANSWERED | SERVICE_DIALOGUE_IN_FLIGHT |
                            SERVICE_DIALOGUE_TERMINATING)) == 0;
}

static bool record_is_sound(const struct ledger_record *record)
{
    if (record->index == 0 || !flags_are_of_kind(record->kind, record->flags))
        return false;
    if (record->kind == LEDGER_TERM)
        return record->node <= 1;
    return (record->kind != LEDGER_CHARGE || decision_is_sound(&record->reply)) &&
           ((record->flags & LEDGER_HAS_CALL) == 0 || call_is_sound(&record->call));
}

static void write_call(struct bytes_writer *w, const struct service_dialogue *call)
{
    bytes_write_u64be(w, call->reference[0]);
    bytes_write_u64be(w, call->reference[1]);
    bytes_write_u64be(w, call->charged);
    bytes_write_u64be(w, call->reserved);
    bytes_write_u64be(w, call->last_content);
    bytes_write_u64be(w, (uint64_t)call->answered_ns);
    bytes_write_u32be(w, call->account);
    bytes_write_u32be(w, call->used_100ms);
    bytes_write_u32be(w, call->granted_100ms);
    bytes_write_u32be(w, call->sequence);
    decision_store(w, &call->last);
    bytes_write_u8(w, call->state);
    bytes_write_u8(w, call->flags);
    bytes_write_u8(w, call->context);
    bytes_write_u8(w, call->invoke_id);
}

static void read_call(struct bytes_reader *r, struct service_dialogue *call)
{
    call->reference[0] = bytes_read_u64be(r);
    call->reference[1] = bytes_read_u64be(r);
    call->charged = bytes_read_u64be(r);
    call->reserved = bytes_read_u64be(r);
    call->last_content = bytes_read_u64be(r);
    call->answered_ns = (int64_t)bytes_read_u64be(r);
    call->account = bytes_read_u32be(r);
    call->used_100ms = bytes_read_u32be(r);
    call->granted_100ms = bytes_read_u32be(r);
    call->sequence = bytes_read_u32be(r);
    decision_load(r, &call->last);
    call->state = bytes_read_u8(r);
    call->flags = bytes_read_u8(r);
    call->context = bytes_read_u8(r);
    call->invoke_id = bytes_read_u8(r);
}

static void write_fields(struct bytes_writer *w, const struct ledger_record *record)
{
    if (record->kind == LEDGER_TERM) {
        bytes_write_u8(w, record->node);
        return;
    }
    bytes_write_u64be(w, record->account);
    bytes_write_u64be(w, record->amount);
    bytes_write_u64be(w, (uint64_t)record->reserved_delta);
    bytes_write_u64be(w, record->reference[0]);
    bytes_write_u64be(w, record->reference[1]);
    if (record->kind == LEDGER_CHARGE) {
        bytes_write_u64be(w, record->identity.key[0]);
        bytes_write_u64be(w, record->identity.key[1]);
        bytes_write_u64be(w, record->identity.content);
        bytes_write_u32be(w, record->sequence);
        decision_store(w, &record->reply);
        if ((record->flags & LEDGER_HAS_STRAY) != 0) {
            bytes_write_u64be(w, record->stray[0]);
            bytes_write_u64be(w, record->stray[1]);
        }
    }
    if ((record->flags & LEDGER_HAS_CALL) != 0)
        write_call(w, &record->call);
}

static void read_fields(struct bytes_reader *r, struct ledger_record *record)
{
    if (record->kind == LEDGER_TERM) {
        record->node = bytes_read_u8(r);
        return;
    }
    record->account = bytes_read_u64be(r);
    record->amount = bytes_read_u64be(r);
    record->reserved_delta = (int64_t)bytes_read_u64be(r);
    record->reference[0] = bytes_read_u64be(r);
    record->reference[1] = bytes_read_u64be(r);
    if (record->kind == LEDGER_CHARGE) {
        record->identity.key[0] = bytes_read_u64be(r);
        record->identity.key[1] = bytes_read_u64be(r);
        record->identity.content = bytes_read_u64be(r);
        record->sequence = bytes_read_u32be(r);
        decision_load(r, &record->reply);
        if ((record->flags & LEDGER_HAS_STRAY) != 0) {
            record->stray[0] = bytes_read_u64be(r);
            record->stray[1] = bytes_read_u64be(r);
        }
    }
    if ((record->flags & LEDGER_HAS_CALL) != 0)
        read_call(r, &record->call);
}

enum p7_status ledger_record_encode(struct bytes_writer *writer, const struct ledger_record *record,
                                    uint32_t previous)
{
    if (!record_is_sound(record))
        return P7_RANGE;
    uint8_t *start = bytes_reserve(writer, 4); /* the length, known at the end */
    bytes_write_u64be(writer, record->index);
    bytes_write_u64be(writer, record->term);
    bytes_write_u8(writer, record->kind);
    bytes_write_u8(writer, record->flags);
    bytes_write_u16be(writer, 0);
    bytes_write_u64be(writer, (uint64_t)record->wall_ns);
    write_fields(writer, record);
    uint8_t *checksum = bytes_reserve(writer, RECORD_CHECKSUM_OCTETS);
    if (writer->failed)
        return P7_FULL;
    bytes_store_u32be(start, (uint32_t)(writer->at - start));
    bytes_store_u32be(checksum, crc32c(previous, bytes_of(start, (size_t)(checksum - start))));
    return P7_OK;
}

/* The length of the record at the start, once all of it is there. */
static enum p7_status read_length(struct bytes octets, uint32_t *length)
{
    if (octets.length < 4)
        return P7_TRUNCATED;
    *length = bytes_load_u32be(octets.data);
    if (*length == 0) {
        const size_t head =
            octets.length < LEDGER_RECORD_OCTETS_MIN ? octets.length : LEDGER_RECORD_OCTETS_MIN;
        for (size_t i = 4; i < head; i++)
            if (octets.data[i] != 0)
                return P7_MALFORMED;
        return P7_TRUNCATED;
    }
    if (*length < LEDGER_RECORD_OCTETS_MIN || *length > LEDGER_RECORD_OCTETS_MAX)
        return P7_MALFORMED;
    return octets.length < *length ? P7_TRUNCATED : P7_OK;
}

enum p7_status ledger_record_peek(struct bytes octets, struct ledger_record_head *head)
{
    const enum p7_status status = read_length(octets, &head->length);
    if (status != P7_OK)
        return status;
    head->index = bytes_load_u64be(octets.data + 4);
    head->term = bytes_load_u64be(octets.data + 12);
    head->checksum = bytes_load_u32be(octets.data + head->length - RECORD_CHECKSUM_OCTETS);
    return P7_OK;
}

bool ledger_record_follows(struct bytes record, uint32_t previous)
{
    struct ledger_record_head head;
    return ledger_record_peek(record, &head) == P7_OK && head.length == record.length &&
           crc32c(previous, bytes_of(record.data, head.length - RECORD_CHECKSUM_OCTETS)) ==
               head.checksum;
}

enum p7_status ledger_record_decode(struct bytes octets, uint32_t previous,
                                    struct ledger_record *record, uint32_t *length,
                                    uint32_t *checksum)
{
    struct ledger_record_head head;
    const enum p7_status status = ledger_record_peek(octets, &head);
    if (status != P7_OK)
        return status;
    if (!ledger_record_follows(bytes_of(octets.data, head.length), previous))
        return P7_MALFORMED;
    struct bytes_reader r =
        bytes_reader_of(octets.data + 20, octets.data + head.length - RECORD_CHECKSUM_OCTETS);
    *record = (struct ledger_record){.index = head.index, .term = head.term};
    record->kind = bytes_read_u8(&r);
    record->flags = bytes_read_u8(&r);
    if (bytes_read_u16be(&r) != 0 || !flags_are_of_kind(record->kind, record->flags))
        return P7_MALFORMED;
    record->wall_ns = (int64_t)bytes_read_u64be(&r);
    read_fields(&r, record);
    if (r.failed || bytes_reader_left(&r) != 0 || !record_is_sound(record))
        return P7_MALFORMED;
    if (length != NULL)
        *length = head.length;
    if (checksum != NULL)
        *checksum = head.checksum;
    return P7_OK;
}
