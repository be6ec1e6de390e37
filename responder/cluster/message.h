/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * message - what two nodes of a cluster tell each other, as structs and as octets: the payload of a
 * channel's DATA. Every message carries its sender's heartbeat, so that any of them proves life.
 *
 * Decoded messages borrow the octets. Big endian. P7_TRUNCATED, P7_MALFORMED (an unknown kind, too)
 * on decoding; P7_FULL, P7_RANGE (unknown kind, content too long) on encoding. Records and contents
 * are carried, not looked into: their reader has to take them for a peer's octets.
 */
#ifndef RESPONDER_CLUSTER_MESSAGE_H
#define RESPONDER_CLUSTER_MESSAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "sigtran/base/bytes.h"
#include "sigtran/base/status.h"

enum cluster_message_kind {
    CLUSTER_HEARTBEAT = 1,
    CLUSTER_APPEND,     /* records of the ledger, active to passive */
    CLUSTER_APPEND_ACK, /* how far they are durable at the passive */
    CLUSTER_HAND_OVER,  /* the active asks the passive to take over now */
    CLUSTER_FORWARD,    /* a request that the passive took, for the active to decide */
    CLUSTER_RELAY,      /* the reply to it */
};

/* Octets of records in one APPEND: with all else around it a datagram of Ethernet size. */
#define CLUSTER_APPEND_OCTETS 1200u
/* Octets of a FORWARD's or RELAY's content. */
#define CLUSTER_FORWARD_OCTETS_MAX 4096u

struct cluster_heartbeat {
    uint64_t identity; /* of the sender's data directory */
    uint64_t term;     /* the highest that it knows */
    uint64_t last;     /* index of its last record */
    uint64_t last_term;
    uint64_t commit;
    uint8_t role; /* enum cluster_role */
    uint8_t node;
};

struct cluster_message {
    struct cluster_heartbeat heartbeat;
    uint8_t kind; /* enum cluster_message_kind */
    union {
        struct {
            uint64_t previous; /* index of the record before the first one here */
            uint64_t previous_term;
            uint32_t
                previous_checksum; /* of that record: equal terms and unequal checksums can't be */
            struct bytes records;  /* whole ones; may be none */
        } append;
        struct {
            bool matches;     /* false: `previous` was not there, go back to `durable` + 1 */
            uint64_t durable; /* matching the active's ledger of `heartbeat.term`, and durable */
        } ack;
        struct {
            uint64_t last;             /* all is committed and durable on both up to here */
            uint64_t register_version; /* as the active knows it */
        } hand_over;
        struct {
            uint64_t id;         /* FORWARD: the sender's name for it; RELAY: the same one */
            uint8_t status;      /* RELAY: enum cluster_relay_status */
            struct bytes octets; /* content, see replica.h */
        } forward;
    };
};

enum cluster_relay_status {
    CLUSTER_RELAY_DECIDED,
    CLUSTER_RELAY_NOT_ACTIVE,
    CLUSTER_RELAY_NOTHING
};

enum p7_status cluster_message_encode(struct bytes_writer *writer,
                                      const struct cluster_message *message) P7_MUST_CHECK;
enum p7_status cluster_message_decode(struct bytes octets,
                                      struct cluster_message *message) P7_MUST_CHECK;

/* "heartbeat", "append", ...; "?" for any other value. */
const char *cluster_message_name(uint8_t kind);

#endif
