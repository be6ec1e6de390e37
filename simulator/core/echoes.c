/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "simulator/core/echoes.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define NONE UINT32_MAX

/* FNV-1a, 64 bits: http://www.isthe.com/chongo/tech/comp/fnv/ */
#define FNV_OFFSET 0xcbf29ce484222325ULL
#define FNV_PRIME  0x100000001b3ULL

enum p7_status echoes_create(struct echoes *echoes, uint32_t capacity)
{
    memset(echoes, 0, sizeof(*echoes));
    if (capacity == 0 || (capacity & (capacity - 1)) != 0)
        return P7_RANGE;
    echoes->echo = calloc(capacity, sizeof(*echoes->echo));
    echoes->bucket = malloc(capacity * sizeof(*echoes->bucket));
    if (echoes->echo == NULL || echoes->bucket == NULL) {
        echoes_destroy(echoes);
        return P7_NO_MEMORY;
    }
    echoes->capacity = capacity;
    for (uint32_t i = 0; i < capacity; i++)
        echoes->bucket[i] = NONE;
    return P7_OK;
}

void echoes_destroy(struct echoes *echoes)
{
    free(echoes->echo);
    free(echoes->bucket);
    memset(echoes, 0, sizeof(*echoes));
}

static uint64_t digest_octets(uint64_t digest, const void *data, size_t length)
{
    const uint8_t *octets = data;
    for (size_t i = 0; i < length; i++)
        digest = (digest ^ octets[i]) * FNV_PRIME;
    return digest;
}

uint64_t echoes_digest(const struct tcap_message *message)
{
    uint64_t digest = digest_octets(FNV_OFFSET, &message->type, 1);
    for (unsigned i = 0; i < message->component_count; i++) {
        const struct tcap_component *c = &message->components[i];
        const uint8_t head[] = {(uint8_t)c->type,
                                (uint8_t)c->invoke_id,
                                (uint8_t)c->code_kind,
                                (uint8_t)((uint32_t)c->code >> 8),
                                (uint8_t)c->code,
                                (uint8_t)c->problem,
                                (uint8_t)(c->parameter.length >> 8),
                                (uint8_t)c->parameter.length};
        digest = digest_octets(digest, head, sizeof(head));
        digest = digest_octets(digest, c->parameter.data, c->parameter.length);
    }
    return digest;
}

/* Ids of neighbouring dialogues differ in their low bits, those of one slot in their high ones. */
static uint32_t *bucket_of(const struct echoes *echoes, uint32_t key)
{
    const uint32_t mixed = key * 0x9e3779b1u;
    return &echoes->bucket[(mixed ^ (mixed >> 16)) & (echoes->capacity - 1)];
}

void echoes_put(struct echoes *echoes, const struct echo *echo, int64_t now_ns)
{
    assert(!echoes_is_full(echoes));
    const uint32_t slot = (uint32_t)(echoes->head++ & (echoes->capacity - 1));
    uint32_t *bucket = bucket_of(echoes, echo->key);
    echoes->echo[slot] = *echo;
    echoes->echo[slot].due_ns = now_ns + ECHOES_LINGER_NS;
    echoes->echo[slot].next = *bucket;
    *bucket = slot;
}

const struct request_record *echoes_again(struct echoes *echoes, uint32_t key, uint64_t digest,
                                          bool *contradicts)
{
    *contradicts = false;
    if (echoes->capacity == 0)
        return NULL;
    struct echo *last = NULL;
    struct echo *same = NULL;
    for (uint32_t slot = *bucket_of(echoes, key); slot != NONE; slot = echoes->echo[slot].next) {
        struct echo *echo = &echoes->echo[slot];
        if (echo->key != key)
            continue;
        if (last == NULL)
            last = echo;
        if (same == NULL && echo->digest == digest)
            same = echo;
    }
    if (last == NULL)
        return NULL;
    struct request_record *record = same != NULL ? &same->record : &last->record;
    *contradicts = same == NULL;
    if (*contradicts)
        record->flags |= REQUEST_FLAG_CONTRADICTED;
    if (record->replies < UINT8_MAX)
        record->replies++;
    return record;
}

bool echoes_pop(struct echoes *echoes, int64_t now_ns, struct echo *echo)
{
    if (echoes->head == echoes->tail)
        return false;
    const uint32_t slot = (uint32_t)(echoes->tail & (echoes->capacity - 1));
    if (echoes->echo[slot].due_ns > now_ns)
        return false;
    *echo = echoes->echo[slot];
    uint32_t *at = bucket_of(echoes, echo->key);
    while (*at != slot)
        at = &echoes->echo[*at].next;
    *at = echo->next;
    echoes->tail++;
    return true;
}
