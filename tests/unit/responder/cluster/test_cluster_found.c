/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Mistakes that the simulation found, as stories. */
#include <stdlib.h>

#include "tests/unit/responder/cluster/rig.h"
#include "tests/unit/unit.h"

/* After a restart the active knows of nothing that it is committed: that must not make a pair of a
 * full disk and an empty one. */
static void a_new_disk_is_named_in_the_pair_only_when_it_holds_everything(void)
{
    struct rig *rig = rig_create_pair();
    for (unsigned i = 0; i < 5; i++)
        (void)rig_charge(rig, 0);
    rig_run(rig, 200 * RIG_MS);
    rig_kill(rig, 0);
    rig_kill(rig, 1);
    const uint64_t new_identity = rig->node[1].params.identity + 1000;
    rig->node[1].params.identity = new_identity;
    rig->node[1].last = 0;
    rig->node[1].durable = 0;
    rig->node[1].disk_stands = true;
    rig_start(rig, 0);
    rig_start(rig, 1);
    rig_run(rig, 450 * RIG_MS);
    CU_ASSERT_EQUAL(rig_active(rig), 0);
    CU_ASSERT_NOT_EQUAL(rig->node[1].last, 0);
    CU_ASSERT_NOT_EQUAL(rig->value.pair[1], new_identity);
    rig->node[1].disk_stands = false;
    rig_run(rig, 1000 * RIG_MS);
    CU_ASSERT_EQUAL(rig->value.mode, REGISTER_PAIR);
    CU_ASSERT_EQUAL(rig->value.pair[1], new_identity);
    CU_ASSERT(rig_same_ledgers(rig));
    free(rig);
}

/* The other node's claim has landed, and it knows nothing of it: it was restarted, or the claim
 * came late. */
static void an_active_that_was_replaced_without_a_word_notices_it(void)
{
    struct rig *rig = rig_create_pair();
    rig->value.version++;
    rig->value.term++;
    rig->value.owner = 1;
    rig->value.owner_identity = rig->node[1].params.identity;
    rig->value.mode = REGISTER_SOLO;
    const uint64_t term = rig->value.term;
    rig_run(rig, 4000 * RIG_MS);
    CU_ASSERT_EQUAL(rig_active(rig), 1);
    CU_ASSERT(rig->value.term > term);
    CU_ASSERT_EQUAL(rig->value.mode, REGISTER_PAIR);
    CU_ASSERT(rig_same_ledgers(rig));
    free(rig);
}

UNIT_TESTS = {
    UNIT(a_new_disk_is_named_in_the_pair_only_when_it_holds_everything),
    UNIT(an_active_that_was_replaced_without_a_word_notices_it),
};
UNIT_MAIN("cluster, found")
