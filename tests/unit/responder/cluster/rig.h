/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * rig - two nodes' machines and a register in one process, on virtual time, without faults but
 * those that a test makes: messages go through a queue that a test may cut, disks sync at once or
 * when told. For tests that tell one story each; tests/sim/cluster has the seeded faults.
 */
#ifndef TESTS_UNIT_RESPONDER_CLUSTER_RIG_H
#define TESTS_UNIT_RESPONDER_CLUSTER_RIG_H

#include "responder/cluster/cluster.h"

#define RIG_MS      1000000LL
#define RIG_RECORDS (CLUSTER_UNDO_MAX + 4096u)
#define RIG_QUEUE   4096u

struct rig_record {
    uint8_t octets[LEDGER_RECORD_OCTETS_MAX];
    struct ledger_record_head head;
};

struct rig_letter {
    uint8_t to; /* 0, 1: a node; 2: the register (from `from`); 3: an answer to `from` */
    uint8_t from;
    size_t length;
    uint8_t octets[2048];
};

struct rig_node {
    struct rig *rig;
    struct cluster cluster;
    bool up;
    struct rig_record record[RIG_RECORDS]; /* [i] has index i + 1 */
    uint64_t last;
    uint64_t durable;
    uint32_t generation;
    bool disk_stands; /* nothing becomes durable */
    uint64_t committed;
    enum cluster_role role;
    uint32_t events[CLUSTER_EVENT_DIVERGED + 1]; /* of this life */
    char stalled[512];                           /* text of the last STALLED */
    uint8_t read[CLUSTER_APPEND_OCTETS + LEDGER_RECORD_OCTETS_MAX];
    struct cluster_params params;
};

struct rig {
    int64_t now_ns;
    struct rig_node node[2];
    struct register_value value;
    bool register_up;
    bool link_up; /* between the nodes */
    uint32_t first;
    uint32_t count;
    struct rig_letter letter[RIG_QUEUE];
};

/* Both nodes with empty ledgers, everything up, nothing started. Free it with free(). */
struct rig *rig_create(void);
void rig_start(struct rig *rig, unsigned node);
/* Power off: what is not durable is gone. rig_start brings it back. */
void rig_kill(struct rig *rig, unsigned node);
/* Delivers, turns and syncs for so long. */
void rig_run(struct rig *rig, int64_t span_ns);
/* Both nodes up and a PAIR. */
struct rig *rig_create_pair(void);
/* Has the node append a charge; its index, 0 where it does not accept. */
uint64_t rig_charge(struct rig *rig, unsigned node);
/* The node that is active, 2 for none or both. */
unsigned rig_active(const struct rig *rig);
/* Both ledgers equal to the octet. */
bool rig_same_ledgers(const struct rig *rig);

#endif
