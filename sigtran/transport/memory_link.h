/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * memory_link - the inside of memory_network: hosts, links between them, and what is under way.
 *
 * A link is one association with its two ends. Everything that will happen is an item in the heap
 * of the host where it happens, ordered by time and then by age; a host's step takes out what is
 * due. An item names its link by number and generation, so one that outlives its link does nothing.
 */
#ifndef SIGTRAN_TRANSPORT_MEMORY_LINK_H
#define SIGTRAN_TRANSPORT_MEMORY_LINK_H

#include "sigtran/base/random.h"
#include "sigtran/transport/memory_network.h"
#include "sigtran/transport/transport_ops.h"

#define MEMORY_HOSTS     32
#define MEMORY_LINKS     1024
#define MEMORY_LISTENERS 32
#define MEMORY_ITEMS     (1u << 20) /* under way to one host */
#define MEMORY_STEP      4096       /* items of one step */
#define MEMORY_BUFFER    (1u << 20) /* send buffer where the profile names none */

enum memory_item_kind {
    MEMORY_MESSAGE,
    MEMORY_ACK, /* room in the send buffer */
    MEMORY_UP,
    MEMORY_DOWN,     /* with a reason */
    MEMORY_SHUTDOWN, /* the peer wants the end, after its last message */
    MEMORY_RESTART,
    MEMORY_FATE, /* a seeded disconnect or restart of the link */
};

struct memory_item {
    int64_t due_ns;
    uint64_t age; /* order among equals */
    enum memory_item_kind kind;
    uint32_t link;
    uint32_t generation;
    uint32_t end; /* of the link, where it happens */
    uint32_t attempts;
    uint32_t ppid;
    uint32_t length;
    uint16_t stream;
    const char *reason;
    uint8_t data[];
};

enum memory_state { MEMORY_FREE, MEMORY_CONNECTING, MEMORY_OPEN, MEMORY_CLOSING };

struct memory_stream {
    int64_t last_due_ns;      /* nothing of this stream arrives before it */
    int64_t blocked_until_ns; /* by a retransmission */
};

struct memory_end {
    struct memory_host *host;
    enum memory_state state;
    uint32_t association;
    uint32_t listener;
    uint16_t port;
    uint16_t streams_out;
    struct sctp_profile profile;
    uint32_t outstanding; /* octets sent and not acknowledged */
    bool full;
    struct memory_stream streams[LIMIT_STREAMS]; /* towards the other end */
};

struct memory_link {
    bool used;
    bool fate_due; /* a MEMORY_FATE is under way */
    uint32_t generation;
    struct memory_end ends[2]; /* 0 is the one that connected */
};

struct memory_listener {
    bool used;
    uint16_t port;
    struct sctp_profile profile;
};

struct memory_host {
    struct transport base;
    struct memory_network *network;
    char ip[TRANSPORT_IP_TEXT_OCTETS];
    bool cut;
    uint32_t item_count;
    uint32_t item_room;
    struct memory_item **items; /* binary heap */
    uint32_t outbox_count;
    uint32_t outbox_room;
    struct memory_item **outbox; /* sent, not flushed */
    struct memory_listener listeners[MEMORY_LISTENERS];
    uint32_t link_of[LIMIT_ASSOCIATIONS]; /* link number plus 1, 0 is free */
    struct transport_counters counters;
};

struct memory_network {
    struct random_state random;
    struct memory_faults faults;
    int64_t now_ns; /* the latest time that any call told */
    uint64_t ages;
    struct memory_host *hosts[MEMORY_HOSTS];
    struct memory_link *links; /* MEMORY_LINKS */
};

/* memory_network.c */
void memory_time(struct memory_network *network, int64_t now_ns);
int64_t memory_delay_ns(struct memory_network *network);
struct memory_host *memory_host_of(struct memory_network *network, const char *ip);

/* A new item for one end of a link; NULL without memory. `data` may be empty. */
struct memory_item *memory_item_new(struct memory_network *network, enum memory_item_kind kind,
                                    uint32_t link, uint32_t end, struct bytes data);
/* Puts it under way; it is gone when the host has too many. */
void memory_item_schedule(struct memory_network *network, struct memory_item *item, int64_t due_ns);
/* Both in one, for items without data. */
void memory_tell(struct memory_network *network, enum memory_item_kind kind, uint32_t link,
                 uint32_t end, int64_t due_ns, const char *reason);
struct memory_item *memory_item_take(struct memory_host *host, int64_t now_ns);

/* A message's time of arrival by delay and losses, or the loss of the association. */
void memory_message_depart(struct memory_network *network, struct memory_item *item,
                           int64_t now_ns);
/* An item is due at a host that is cut off: true when it was put off (or its link ended). */
bool memory_item_put_off(struct memory_network *network, struct memory_item *item, int64_t now_ns);
void memory_fate_schedule(struct memory_network *network, uint32_t link);

struct memory_link *memory_link_of(struct memory_network *network, const struct memory_item *item);
uint32_t memory_link_take(struct memory_network *network);
/* One end is done; the link goes when both are. */
void memory_end_free(struct memory_network *network, uint32_t link, uint32_t end);

/* memory_transport.c */
extern const struct transport_ops memory_ops;

#endif
