/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * echoes - answered requests to which a further reply may come, as they went out more than once (a
 * resend, or to two nodes at once). Their rows wait here, so that they can say how many replies
 * came and whether they all said the same: a charging service has one reply per request, for ever.
 *
 * Pure. A request is known by the transaction id of the dialogue that its first reply came in
 * (`key`). What a reply says is its digest: type of message and every component with its invoke id
 * and its parameter, to the octet. Two replies that differ in any of that contradict each other.
 *
 *   echoes_create -> echoes_put for each -> echoes_again for further replies
 *                 -> echoes_pop, which gives rows back -> echoes_destroy
 *
 * A row is due after ECHOES_LINGER_NS, or when ECHOES_MAX newer ones wait. Nothing is allocated
 * after creation. What comes later than that is not compared any more.
 */
#ifndef SIMULATOR_CORE_ECHOES_H
#define SIMULATOR_CORE_ECHOES_H

#include <stdbool.h>
#include <stdint.h>

#include "sigtran/base/status.h"
#include "sigtran/codec/tcap.h"
#include "simulator/core/request.h"

/* A frozen node that comes back answers what waited: a minute covers the longest freeze of the
 * campaigns, and 65 536 what a minute of a thousand such requests a second brings. */
#define ECHOES_LINGER_NS INT64_C(60000000000)
#define ECHOES_MAX       65536u

struct echo {
    struct request_record record; /* its row: `replies` and `flags` follow what comes */
    uint64_t digest;              /* of the first reply */
    int64_t due_ns;               /* when its row is given back */
    uint32_t key;
    uint32_t twin;    /* the dialogue in which another reply may come, or UINT32_MAX */
    uint32_t twin_id; /* its local transaction id: the dialogue may be another one's since */
    uint32_t next;    /* of the same bucket, newest first */
};

struct echoes {
    struct echo *echo;
    uint32_t *bucket;
    uint32_t capacity; /* a power of two */
    uint64_t head;     /* put so far */
    uint64_t tail;     /* given back so far */
};

/* `capacity` is a power of two. P7_NO_MEMORY, P7_RANGE. */
enum p7_status echoes_create(struct echoes *echoes, uint32_t capacity) P7_MUST_CHECK;
void echoes_destroy(struct echoes *echoes);

/* What a message says, see above. */
uint64_t echoes_digest(const struct tcap_message *message);

static inline bool echoes_is_full(const struct echoes *echoes)
{
    return echoes->head - echoes->tail == echoes->capacity;
}

/* Keeps a row from now on; not when full. `due_ns` and `next` are set here. */
void echoes_put(struct echoes *echoes, const struct echo *echo, int64_t now_ns);

/*
 * A further reply to a request of this key: counted in its record, which gets the flag CONTRADICTED
 * when the reply says something else. Of several requests of one dialogue it is the one whose reply
 * said the same, else the last one. NULL: none is known. `contradicts`: this reply does.
 */
const struct request_record *echoes_again(struct echoes *echoes, uint32_t key, uint64_t digest,
                                          bool *contradicts);

/* Gives the oldest row back when it is due at `now_ns` (INT64_MAX: in any case). */
bool echoes_pop(struct echoes *echoes, int64_t now_ns, struct echo *echo);

#endif
