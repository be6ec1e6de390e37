/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * calls - the open calls by their reference (service_dialogue.reference): where a cluster keeps
 * what the service knows of a call, since its dialogue may be at the other node.
 *
 * Life cycle: calls_create -> find, put, remove -> calls_destroy. One thread. Nothing is allocated
 * after creation; all operations are O(1). Pointers are valid until the entry is removed.
 */
#ifndef RESPONDER_CORE_CALLS_H
#define RESPONDER_CORE_CALLS_H

#include <stdint.h>

#include "responder/core/service.h"
#include "sigtran/base/pool.h"
#include "sigtran/base/status.h"

struct calls {
    struct pool entries;
    uint32_t *bucket;
    uint32_t bucket_mask;
};

/* P7_RANGE for 0, P7_NO_MEMORY. */
enum p7_status calls_create(struct calls *calls, uint32_t capacity) P7_MUST_CHECK;
void calls_destroy(struct calls *calls);

/* NULL: no such call. */
struct service_dialogue *calls_find(const struct calls *calls, const uint64_t reference[2]);
/* The call's entry, a new one where there was none (contents: as given). NULL: no room. */
struct service_dialogue *calls_put(struct calls *calls, const struct service_dialogue *call);
/* Does nothing where there is none. */
void calls_remove(struct calls *calls, const uint64_t reference[2]);
uint32_t calls_count(const struct calls *calls);

#endif
