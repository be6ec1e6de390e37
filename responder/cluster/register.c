/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "responder/cluster/register.h"

#include "sigtran/base/crc32c.h"

/*
 * Octets of a value, big endian: version, term, owner_identity, pair[0], pair[1], nonce (u64 each),
 * u8 owner, u8 mode, 10 zeros, u32 CRC32C of all before: a keeper's file is read back with it.
 */
#define VALUE_OWNER_AT    48u
#define VALUE_MODE_AT     49u
#define VALUE_ZEROS_AT    50u
#define VALUE_CHECKSUM_AT 60u

/* First octet of an answer; a request has its kind there, so neither is ever read as the other. */
#define ANSWER_TAG 0x80u
/* tag, id, accepted, value; and kind, id, cluster_id[, value]. */
#define ANSWER_OCTETS       (1u + 8u + 1u + REGISTER_VALUE_OCTETS)
#define REQUEST_OCTETS_READ (1u + 8u + 8u)
#define REQUEST_OCTETS_SWAP (REQUEST_OCTETS_READ + REGISTER_VALUE_OCTETS)

static const struct register_value value_empty = {.owner = REGISTER_NODE_NONE};

const char *register_mode_name(uint8_t mode)
{
    switch ((enum register_mode)mode) {
    case REGISTER_PAIR:
        return "PAIR";
    case REGISTER_SOLO:
        return "SOLO";
    }
    return "empty";
}

bool register_value_is_empty(const struct register_value *value)
{
    return value->version == 0;
}

bool register_value_equal(const struct register_value *a, const struct register_value *b)
{
    if (register_value_is_empty(a) || register_value_is_empty(b))
        return register_value_is_empty(a) && register_value_is_empty(b);
    return a->version == b->version && a->term == b->term &&
           a->owner_identity == b->owner_identity && a->pair[0] == b->pair[0] &&
           a->pair[1] == b->pair[1] && a->nonce == b->nonce && a->owner == b->owner &&
           a->mode == b->mode;
}

/* What any value but the empty one is, whoever proposes it. */
static bool value_is_sound(const struct register_value *value)
{
    if (value->version == 0 || value->owner > 1 || value->owner_identity == 0)
        return false;
    if (value->mode == REGISTER_SOLO)
        return true;
    /* A pair that does not name its owner, or that names one directory twice, is none. */
    return value->mode == REGISTER_PAIR && value->pair[value->owner] == value->owner_identity &&
           value->pair[1 - value->owner] != 0 && value->pair[0] != value->pair[1];
}

bool register_allows(const struct register_value *current, const struct register_value *proposal,
                     bool forced)
{
    if (!value_is_sound(proposal) || proposal->version - 1 != current->version)
        return false;
    if (forced)
        return proposal->term > (register_value_is_empty(current) ? 0 : current->term);
    if (register_value_is_empty(current))
        return proposal->mode == REGISTER_SOLO;
    if (proposal->owner == current->owner && proposal->owner_identity == current->owner_identity)
        return proposal->term >= current->term;
    return current->mode == REGISTER_PAIR &&
           proposal->owner_identity == current->pair[proposal->owner] &&
           proposal->term > current->term;
}

bool register_apply(struct register_value *current, const struct register_request *request,
                    struct register_answer *answer)
{
    const struct register_value *proposal = &request->proposal;
    const bool changes = request->kind == REGISTER_SWAP || request->kind == REGISTER_FORCE;
    const bool again =
        changes && !register_value_is_empty(proposal) && register_value_equal(current, proposal);
    const bool change =
        changes && !again &&
        register_allows(current, proposal, request->kind == (uint8_t)REGISTER_FORCE);
    if (change)
        *current = *proposal;
    *answer = (struct register_answer){
        .id = request->id, .accepted = change || again, .current = *current};
    return change;
}

void register_value_encode(const struct register_value *value, uint8_t *dst)
{
    const struct register_value *v = register_value_is_empty(value) ? &value_empty : value;
    bytes_store_u64be(dst, v->version);
    bytes_store_u64be(dst + 8, v->term);
    bytes_store_u64be(dst + 16, v->owner_identity);
    bytes_store_u64be(dst + 24, v->pair[0]);
    bytes_store_u64be(dst + 32, v->pair[1]);
    bytes_store_u64be(dst + 40, v->nonce);
    dst[VALUE_OWNER_AT] = v->owner;
    dst[VALUE_MODE_AT] = v->mode;
    memset(dst + VALUE_ZEROS_AT, 0, VALUE_CHECKSUM_AT - VALUE_ZEROS_AT);
    bytes_store_u32be(dst + VALUE_CHECKSUM_AT, crc32c(0, bytes_of(dst, VALUE_CHECKSUM_AT)));
}

static bool all_zero(const uint8_t *octets, size_t length)
{
    uint8_t any = 0;
    for (size_t i = 0; i < length; i++)
        any = (uint8_t)(any | octets[i]);
    return any == 0;
}

enum p7_status register_value_decode(struct bytes octets, struct register_value *value)
{
    if (octets.length < REGISTER_VALUE_OCTETS)
        return P7_TRUNCATED;
    const uint8_t *p = octets.data;
    if (octets.length > REGISTER_VALUE_OCTETS ||
        bytes_load_u32be(p + VALUE_CHECKSUM_AT) != crc32c(0, bytes_of(p, VALUE_CHECKSUM_AT)) ||
        !all_zero(p + VALUE_ZEROS_AT, VALUE_CHECKSUM_AT - VALUE_ZEROS_AT))
        return P7_MALFORMED;
    *value = (struct register_value){
        .version = bytes_load_u64be(p),
        .term = bytes_load_u64be(p + 8),
        .owner_identity = bytes_load_u64be(p + 16),
        .pair = {bytes_load_u64be(p + 24), bytes_load_u64be(p + 32)},
        .nonce = bytes_load_u64be(p + 40),
        .owner = p[VALUE_OWNER_AT],
        .mode = p[VALUE_MODE_AT],
    };
    if (register_value_is_empty(value))
        return value->owner == REGISTER_NODE_NONE && value->mode == 0 && all_zero(p, VALUE_OWNER_AT)
                   ? P7_OK
                   : P7_MALFORMED;
    return value_is_sound(value) ? P7_OK : P7_MALFORMED;
}

enum p7_status register_request_encode(struct bytes_writer *writer,
                                       const struct register_request *request)
{
    const bool read = request->kind == REGISTER_READ;
    uint8_t *p = bytes_reserve(writer, read ? REQUEST_OCTETS_READ : REQUEST_OCTETS_SWAP);
    if (p == NULL)
        return P7_FULL;
    p[0] = request->kind;
    bytes_store_u64be(p + 1, request->id);
    bytes_store_u64be(p + 9, request->cluster_id);
    if (!read)
        register_value_encode(&request->proposal, p + REQUEST_OCTETS_READ);
    return P7_OK;
}

enum p7_status register_request_decode(struct bytes octets, struct register_request *request)
{
    if (octets.length < 1)
        return P7_TRUNCATED;
    const uint8_t *p = octets.data;
    if (p[0] < REGISTER_READ || p[0] > REGISTER_FORCE)
        return P7_MALFORMED;
    const size_t length = p[0] == REGISTER_READ ? REQUEST_OCTETS_READ : REQUEST_OCTETS_SWAP;
    if (octets.length < length)
        return P7_TRUNCATED;
    if (octets.length > length)
        return P7_MALFORMED;
    *request = (struct register_request){.id = bytes_load_u64be(p + 1),
                                         .cluster_id = bytes_load_u64be(p + 9),
                                         .kind = p[0],
                                         .proposal = value_empty};
    if (p[0] == REGISTER_READ)
        return P7_OK;
    return register_value_decode(bytes_of(p + REQUEST_OCTETS_READ, length - REQUEST_OCTETS_READ),
                                 &request->proposal);
}

enum p7_status register_answer_encode(struct bytes_writer *writer,
                                      const struct register_answer *answer)
{
    uint8_t *p = bytes_reserve(writer, ANSWER_OCTETS);
    if (p == NULL)
        return P7_FULL;
    p[0] = ANSWER_TAG;
    bytes_store_u64be(p + 1, answer->id);
    p[9] = answer->accepted ? 1 : 0;
    register_value_encode(&answer->current, p + 10);
    return P7_OK;
}

enum p7_status register_answer_decode(struct bytes octets, struct register_answer *answer)
{
    if (octets.length < ANSWER_OCTETS)
        return P7_TRUNCATED;
    const uint8_t *p = octets.data;
    if (octets.length > ANSWER_OCTETS || p[0] != ANSWER_TAG || p[9] > 1)
        return P7_MALFORMED;
    *answer = (struct register_answer){.id = bytes_load_u64be(p + 1), .accepted = p[9] == 1};
    return register_value_decode(bytes_of(p + 10, REGISTER_VALUE_OCTETS), &answer->current);
}
