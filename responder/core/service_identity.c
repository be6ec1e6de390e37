/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "responder/core/service_turn.h"

/* What follows the originating address in a hash, so that one sort of name never equals another. */
enum name_sort { NAME_CALL_REFERENCE = 1, NAME_TRANSACTION = 2, NAME_STRAY = 3 };

#define ORIGIN_OCTETS_MAX    64u
#define REFERENCE_OCTETS_MAX 16u /* callReferenceNumber has 1 to 8 */

const struct siphash_key *service_identity_key(void)
{
    static const struct siphash_key key = {{0x70756c7365372069ULL, 0x64656e7469747920ULL}};
    return &key;
}

/* The address with its length in front. One that is longer than any SCCP address is named by its
 * hash. */
static void write_origin(const struct service *service, struct bytes_writer *w, struct bytes origin)
{
    if (origin.length <= ORIGIN_OCTETS_MAX) {
        bytes_write_u8(w, (uint8_t)origin.length);
        bytes_write(w, origin);
        return;
    }
    uint64_t hash[2];
    siphash_128(&service->identity_key, origin, hash);
    bytes_write_u8(w, ORIGIN_OCTETS_MAX + 1);
    bytes_write_u32be(w, (uint32_t)(hash[0] >> 32));
    bytes_write_u32be(w, (uint32_t)hash[0]);
    bytes_write_u32be(w, (uint32_t)(hash[1] >> 32));
    bytes_write_u32be(w, (uint32_t)hash[1]);
}

void service_reference(const struct service *service, struct bytes origin,
                       struct bytes call_reference, struct tcap_transaction_id otid,
                       uint64_t reference[2])
{
    uint8_t name[ORIGIN_OCTETS_MAX + REFERENCE_OCTETS_MAX + 8];
    struct bytes_writer w = bytes_writer_of(name, name + sizeof(name));
    write_origin(service, &w, origin);
    if (call_reference.length > 0 && call_reference.length <= REFERENCE_OCTETS_MAX) {
        bytes_write_u8(&w, NAME_CALL_REFERENCE);
        bytes_write(&w, call_reference);
    } else {
        bytes_write_u8(&w, NAME_TRANSACTION);
        bytes_write_u32be(&w, otid.value);
    }
    siphash_128(&service->identity_key, bytes_of(name, bytes_writer_length(&w)), reference);
}

uint64_t service_content(const struct service *service, const struct tcap_message *message)
{
    uint64_t content = 0;
    for (unsigned i = 0; i < message->component_count; i++) {
        const struct tcap_component *c = &message->components[i];
        const uint64_t head = (uint64_t)c->type | ((uint64_t)(uint8_t)c->invoke_id << 8) |
                              ((uint64_t)c->problem << 16) | ((uint64_t)c->code_kind << 24) |
                              ((uint64_t)(uint32_t)c->code << 32);
        /* Each component is hashed under a key that the ones before it made. */
        const struct siphash_key key = {.word = {service->identity_key.word[0] ^ content,
                                                 service->identity_key.word[1] ^ head}};
        content = siphash_64(&key, c->parameter);
    }
    return content;
}

struct duplicate_identity service_identity(const uint64_t reference[2], uint32_t sequence,
                                           uint64_t content)
{
    /* An odd factor keeps the sequence numbers of one call apart; those of two calls differ in the
     * reference's other half. */
    return (struct duplicate_identity){
        .key = {reference[0] + sequence * 0x9e3779b97f4a7c15ull, reference[1]},
        .content = content,
    };
}

struct duplicate_identity service_stray_identity(const struct service *service,
                                                 const struct tcap_message *message,
                                                 struct bytes origin, uint64_t content)
{
    uint8_t name[ORIGIN_OCTETS_MAX + REFERENCE_OCTETS_MAX + 8];
    struct bytes_writer w = bytes_writer_of(name, name + sizeof(name));
    struct duplicate_identity identity = {.content = content};
    write_origin(service, &w, origin);
    bytes_write_u8(&w, NAME_STRAY);
    bytes_write_u32be(&w, message->otid.value);
    bytes_write_u32be(&w, message->dtid.value);
    siphash_128(&service->identity_key, bytes_of(name, bytes_writer_length(&w)), identity.key);
    return identity;
}
