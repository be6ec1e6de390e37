/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * interconnect - the datagrams between the two nodes of a cluster, over one or two links of their
 * own (UDP): every message goes over all links, and the channel takes what comes first. A link that
 * is cut costs nothing while the other one works.
 *
 * Life cycle: interconnect_open -> send, ready, flush ... -> interconnect_close. One thread. The
 * `message` function is called from inside of interconnect_ready; it may send, not close.
 *
 * Nothing blocks, and no error of a link ends anything: what a socket refuses is counted and lost,
 * as a network loses datagrams; who needs an answer asks again.
 */
#ifndef RESPONDER_LINK_INTERCONNECT_H
#define RESPONDER_LINK_INTERCONNECT_H

#include <stdbool.h>
#include <stdint.h>

#include "responder/cluster/channel.h"
#include "responder/cluster/message.h"
#include "sigtran/base/status.h"

#define INTERCONNECT_LINKS_MAX   2u
#define INTERCONNECT_TEXT_OCTETS 320

/* Between HELLOs while the peer is unknown. */
#define INTERCONNECT_HELLO_NS (100 * (int64_t)1000000)

/* Addresses in numbers, IPv4 or IPv6 ("fe80::1%eth1" with its interface), both of one family. */
struct interconnect_link {
    char local_address[64]; /* "": any */
    uint16_t local_port;
    char remote_address[64];
    uint16_t remote_port;
};

struct interconnect_params {
    uint32_t link_count; /* 1 or 2 */
    struct interconnect_link link[INTERCONNECT_LINKS_MAX];
    uint8_t key[CHANNEL_KEY_OCTETS];
    uint64_t cluster_id;
    uint8_t node;
    uint64_t session; /* as channel.h */
};

struct interconnect_counters {
    uint64_t sent[INTERCONNECT_LINKS_MAX];   /* datagrams */
    uint64_t unsent[INTERCONNECT_LINKS_MAX]; /* refused by the socket */
    uint64_t taken[INTERCONNECT_LINKS_MAX];  /* came over this link first */
    uint64_t octets_sent;
    int64_t heard_ns[INTERCONNECT_LINKS_MAX]; /* last authentic datagram, 0: none */
    struct channel_counters channel;
    uint64_t malformed; /* authentic, and could not be read: another version of pulse7 */
    uint64_t unknown;   /* messages dropped as the peer's session was not known */
    uint64_t unfit;     /* messages that could not be encoded: too long */
};

struct interconnect;

/* P7_SYSTEM, P7_RANGE, P7_NO_MEMORY; `text` (INTERCONNECT_TEXT_OCTETS) names the link, its address
 * and what to do. Copies the parameters. */
enum p7_status interconnect_open(
    const struct interconnect_params *params,
    void (*message)(void *context, const struct cluster_message *message, int64_t now_ns),
    void *context, struct interconnect **out, char *text) P7_MUST_CHECK;
/* NULL is fine. */
void interconnect_close(struct interconnect *interconnect);

/* Whether messages reach the channel: the peer's session is known. */
bool interconnect_is_open(const struct interconnect *interconnect);

/* Queues it for the next flush; sent at once when there is no room. Lost while the peer's session
 * is not known. */
void interconnect_send(struct interconnect *interconnect, const struct cluster_message *message,
                       int64_t now_ns);
/* Sends what is queued, batched. Call it once a turn. */
void interconnect_flush(struct interconnect *interconnect, int64_t now_ns);

/* Descriptor of link `i`; interconnect_ready when any is readable, or at the deadline (HELLOs while
 * the peer is unknown). */
int interconnect_fd(const struct interconnect *interconnect, uint32_t link);
void interconnect_ready(struct interconnect *interconnect, int64_t now_ns);
int64_t interconnect_deadline_ns(const struct interconnect *interconnect);
struct interconnect_counters interconnect_get_counters(const struct interconnect *interconnect);

/* Reads a key file: 64 hexadecimal digits (and white space behind them), or any 32 octets and more,
 * which are hashed by SHA-256. The file must not be open to others (a group may read it).
 * P7_SYSTEM, P7_RANGE; `text` (INTERCONNECT_TEXT_OCTETS) says what is wrong and what to do. */
enum p7_status interconnect_key_read(const char *path, uint8_t key[CHANNEL_KEY_OCTETS],
                                     char *text) P7_MUST_CHECK;

#endif
