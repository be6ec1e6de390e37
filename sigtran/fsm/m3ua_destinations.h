/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * m3ua_destinations - what one peer has said by SSNM of the destinations that are reached through
 * it in one AS (RFC4666-3.4, 4.5.2): available, restricted, unavailable, congested, user part
 * unavailable. Of a destination that nothing was said of the state is: available, not congested.
 *
 * A message names ranges: a point code and how many of its low bits are wildcards. Such ranges lie
 * inside of each other or apart, so the state of a point code is that of the smallest range around
 * it. What is said of a range holds for all smaller ones inside of it too.
 *
 * What the peer does not take back lapses or is asked for again (RFC4666-4.5.3): `_due` gives one
 * range after the other whose time has come. A user part counts as back after that time, since no
 * message says so; so does an end of congestion whose level was not given (international networks).
 *
 * Pure; bounded: more than M3UA_DESTINATIONS_MAX ranges that differ from what is around them are
 * refused with P7_FULL and stay as they were.
 */
#ifndef SIGTRAN_FSM_M3UA_DESTINATIONS_H
#define SIGTRAN_FSM_M3UA_DESTINATIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "sigtran/base/status.h"
#include "sigtran/base/timer_heap.h"
#include "sigtran/codec/m3ua.h"

/* Ranges a table: networks have trouble with few destinations at a time, or with whole regions. */
#define M3UA_DESTINATIONS_MAX 64u

/* SCON without Congestion Indications (RFC4666-3.4.4): congested, the level is not told. */
#define M3UA_CONGESTION_UNDEFINED 4u

enum m3ua_availability {
    M3UA_AVAILABLE,
    M3UA_RESTRICTED,
    M3UA_UNAVAILABLE,
};

struct m3ua_destination {
    enum m3ua_availability availability;
    uint8_t congestion;         /* 0 none, 1..3 the level, M3UA_CONGESTION_UNDEFINED */
    uint16_t users_unavailable; /* a bit for each MTP3 user 0..15 (DUPU): bit 3 is SCCP */
};

/* May DATA with this service indicator be sent there? Congestion does not say no. */
static inline bool m3ua_destination_is_open(const struct m3ua_destination *destination, uint8_t si)
{
    return destination->availability != M3UA_UNAVAILABLE &&
           ((destination->users_unavailable >> (si & 15u)) & 1u) == 0;
}

static inline bool m3ua_destination_equal(const struct m3ua_destination *a,
                                          const struct m3ua_destination *b)
{
    return a->availability == b->availability && a->congestion == b->congestion &&
           a->users_unavailable == b->users_unavailable;
}

/* Writes "available", "unavailable", "restricted, congested (level 2)" and so on; cuts it off when
 * there is no room. */
void m3ua_destination_text(const struct m3ua_destination *destination, char *text,
                           size_t text_octets);

struct m3ua_destinations_range {
    uint32_t point_code; /* its wildcard bits are 0 */
    uint8_t mask;        /* how many low bits are wildcards, 0..24 */
    bool is_stale;       /* its congestion was asked for and has not been told again */
    struct m3ua_destination state;
    int64_t due_at_ns;
};

struct m3ua_destinations {
    uint32_t count;
    struct m3ua_destinations_range range[M3UA_DESTINATIONS_MAX];
    /* Affected Point Codes that had trouble when the peer was lost: to be asked for again. */
    uint32_t lost_count;
    uint32_t lost[M3UA_DESTINATIONS_MAX];
};

/* One message of the peer: DUNA, DAVA, DRST, SCON or DUPU. */
struct m3ua_destination_news {
    enum m3ua_kind kind;
    uint8_t congestion; /* SCON */
    uint16_t user;      /* DUPU: MTP3-User Identity (RFC4666-3.4.5); above 15: nothing changes */
};

struct m3ua_destination_change {
    bool changed;   /* the range, or one inside of it */
    uint32_t entry; /* the range as an Affected Point Code: mask and point code */
    struct m3ua_destination before;
    struct m3ua_destination after;
};

void m3ua_destinations_init(struct m3ua_destinations *table);

/*
 * Takes what a message says of one Affected Point Code (mask and point code as received; bits under
 * the mask are ignored). P7_OK; P7_FULL: no room, nothing has changed.
 */
enum p7_status m3ua_destinations_tell(struct m3ua_destinations *table, uint32_t entry,
                                      const struct m3ua_destination_news *news, int64_t now_ns,
                                      int64_t audit_ns,
                                      struct m3ua_destination_change *change) P7_MUST_CHECK;

struct m3ua_destination m3ua_destinations_of(const struct m3ua_destinations *table,
                                             uint32_t point_code);

/* When m3ua_destinations_due has something, or TIMER_NEVER_NS. */
int64_t m3ua_destinations_deadline_ns(const struct m3ua_destinations *table);

/*
 * One range whose time has come: false when there is none. `audit`: ask the peer for it by DAUD.
 * `change` tells what lapsed. The range is due again after audit_ns if it stays.
 */
bool m3ua_destinations_due(struct m3ua_destinations *table, int64_t now_ns, int64_t audit_ns,
                           bool *audit, struct m3ua_destination_change *change);

/* The peer is gone, or its AS: all that it said is void (RFC4666-4.5.3, "isolation"). The ranges
 * are kept in `lost`, for whoever comes back. */
void m3ua_destinations_forget(struct m3ua_destinations *table);

#endif
