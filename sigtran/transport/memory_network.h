/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * memory_network - a network of SCTP-like associations in memory, with faults that follow from a
 * seed, on virtual time: what the layers above are tested on.
 *
 * It models the service of SCTP, not its packets: messages arrive once, in order within a stream. A
 * lost packet shows as what its retransmission does to its message: the RTO ladder of the sender's
 * profile (RTO.Min or RTO.Initial, doubling to RTO.Max); behind it the stream's later messages
 * wait, other streams go on. When a message is lost as often as the profile's
 * association_max_retrans allows, the association is lost.
 *
 * Life cycle: memory_network_create -> memory_network_open for each host -> (transport.h) ... ->
 * transport_close of all of them -> memory_network_destroy. One thread. Nothing happens by itself:
 * whoever drives the test steps and flushes each transport; memory_network_deadline_ns says when
 * the next thing is due. The same seed and the same calls give the same events.
 *
 * A transport's messages leave with its flush and carry that flush's time.
 */
#ifndef SIGTRAN_TRANSPORT_MEMORY_NETWORK_H
#define SIGTRAN_TRANSPORT_MEMORY_NETWORK_H

#include "sigtran/transport/transport.h"

/* Chances are per message, or per second of an association's life where named so. */
struct memory_faults {
    int64_t delay_min_ns; /* one way; uniform in min..max */
    int64_t delay_max_ns;
    double loss;                   /* of each transmission of a message */
    double disconnects_per_second; /* association lost, both ends are told */
    double restarts_per_second;    /* one end restarts: all in flight is gone, both ends see it */
};

struct memory_network;

/* P7_NO_MEMORY; P7_RANGE for chances outside of 0..1 (loss below 1) or a delay_max below min. */
enum p7_status memory_network_create(uint64_t seed, const struct memory_faults *faults,
                                     struct memory_network **network) P7_MUST_CHECK;

/* Asserts that every transport was closed. */
void memory_network_destroy(struct memory_network *network);

/* New faults from now on; what is in flight keeps its time. P7_RANGE as above. */
enum p7_status memory_network_set_faults(struct memory_network *network,
                                         const struct memory_faults *faults) P7_MUST_CHECK;

/* A host on the network that answers to these addresses (`ip` text, compared as text). */
enum p7_status memory_network_open(struct memory_network *network, const char *ip,
                                   const struct transport_handler *handler,
                                   struct transport **transport) P7_MUST_CHECK;

/* Cuts a host off, or lets it back in: nothing goes in or out, associations die of their
 * retransmission limit as they would on a real network. */
void memory_network_cut(struct transport *host, bool cut);

/* Ends one association as if it was lost, now: both ends get DOWN. */
void memory_network_lose(struct transport *host, uint32_t association);

/* Restarts one association as RFC 9260-5.2 has it, now: what is in flight is gone and both ends get
 * RESTART (the end that crashed is a program with fresh state, which is what RESTART asks for). */
void memory_network_restart(struct transport *host, uint32_t association);

/* When the next message or event is due on the whole network, or TIMER_NEVER_NS. */
int64_t memory_network_deadline_ns(const struct memory_network *network);

#endif
