/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * ways - which of the ways to a target a request takes: each leads to a node of the same cluster.
 *
 * Pure. A way is named by its index; which of them are open comes in as a mask. Only requests that
 * open a dialogue choose: what follows stays in the dialogue, at the node that has it.
 *
 *   ways_init -> ways_first for a request, ways_other for sending it again -> ways_answered
 *
 * With WAYS_ACTIVE the first open way is taken, in the order of the configuration. A node whose way
 * is open but which does not answer is told by the other one: a reply that came by another way than
 * the first send took proves that one, and it is preferred until its way closes or it is shown up
 * itself in the same manner.
 */
#ifndef SIMULATOR_CORE_WAYS_H
#define SIMULATOR_CORE_WAYS_H

#include <stdint.h>

#define WAYS_MAX  32 /* bits of a mask */
#define WAYS_NONE UINT32_MAX

enum ways_policy { WAYS_ACTIVE, WAYS_ROUND_ROBIN, WAYS_BOTH };

struct ways {
    enum ways_policy policy;
    uint32_t count;
    uint32_t proved; /* WAYS_ACTIVE: preferred, or WAYS_NONE */
    uint32_t next;   /* WAYS_ROUND_ROBIN */
};

void ways_init(struct ways *ways, enum ways_policy policy, uint32_t count);

/* The way of a request's first send, or WAYS_NONE when none is open. */
uint32_t ways_first(struct ways *ways, uint32_t open);

/* Another open way than `avoid`; `avoid` itself when only that is open, or WAYS_NONE. */
uint32_t ways_other(const struct ways *ways, uint32_t open, uint32_t avoid);

/* The second way of a request that goes by two at once, or WAYS_NONE. */
uint32_t ways_second(const struct ways *ways, uint32_t open, uint32_t first);

/* A reply came by `way` to a request that went by `first` and was `resent` since. */
void ways_answered(struct ways *ways, uint32_t first, uint32_t way, uint32_t resent);

#endif
