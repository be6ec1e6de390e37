/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * ssf - the simulated service switching function: the CAP components of each kind of request, and
 * what the components of a reply mean.
 *
 * Pure. What a request says follows from its call alone (and from what ssf_init was given), so that
 * a retransmission says the same to the octet: that is how the other side knows its identity.
 *
 * What never changes (numbers of the network's nodes, service parameters) is encoded once by
 * ssf_init; per call come the subscriber's numbers, the call reference and the time of day.
 */
#ifndef SIMULATOR_CORE_SSF_H
#define SIMULATOR_CORE_SSF_H

#include "sigtran/base/bytes.h"
#include "sigtran/base/status.h"
#include "sigtran/codec/cap.h"
#include "sigtran/codec/tcap.h"
#include "simulator/core/ssf_parameters.h"
#include "simulator/core/subscribers.h"
#include "simulator/core/traffic.h"

/* The components of one request: an initialDP with every parameter takes about 130 octets, a UDT
 * has room for 255. */
#define SSF_COMPONENTS_OCTETS 512

struct ssf_config {
    const char *called_party; /* dialled digits, international */
    const char *msc_address;  /* digits of the simulated MSC, also VLR and SMS centre */
    uint32_t run_tag;         /* 24 bits that tell this run's call references from others' */
    int64_t start_wall_s;     /* of the run, since 1970: what timeAndTimezone counts from */
    const struct subscribers *subscribers;   /* borrowed */
    const struct ssf_parameters *parameters; /* by model, borrowed; NULL: as the network says */
};

/* An octet string of the network that is encoded once. */
struct ssf_number {
    uint8_t length;
    uint8_t octets[CAP_NUMBER_OCTETS_MAX];
};

struct ssf {
    const struct subscribers *subscribers;
    const struct ssf_parameters *parameters;
    uint32_t run_tag;
    int64_t start_wall_s;
    struct ssf_number called_isup;
    struct ssf_number called_bcd;
    struct ssf_number node_bcd; /* MSC, VLR, SMS centre */
    struct ssf_number location;
    int64_t clock_s; /* of `clock`, the last time of day that was encoded */
    uint8_t clock[8];
};

/* P7_RANGE when a number holds something else than digits, or too many. */
enum p7_status ssf_init(struct ssf *ssf, const struct ssf_config *config) P7_MUST_CHECK;

/* The 8 octets of a call's callReferenceNumber (of its smsReferenceNumber, for an event) as a
 * number, most significant octet first: 24 bits of the run, 40 of the call's own number. */
uint64_t ssf_call_reference(uint32_t run_tag, uint64_t call_number);

/* The application context of the dialogue that a request opens (content of the OID). */
struct bytes ssf_application_context(const struct traffic_model *model);

/* Writes the components of the call's current request. P7_FULL, or what the codec says. */
enum p7_status ssf_write_request(struct ssf *ssf, struct bytes_writer *writer,
                                 const struct traffic_call *call,
                                 const struct traffic_model *model) P7_MUST_CHECK;

/* What a message of the peer says. */
struct ssf_reading {
    bool is_reply;         /* it answers the current request */
    bool is_activity_test; /* it wants a return result for activity_invoke_id */
    int8_t activity_invoke_id;
    bool is_malformed; /* a component or an argument could not be decoded */
    struct traffic_reply reply;
};

/* Whether this reply ends the dialogue without an END, as both sides have agreed (Q.774-3.3.3). */
bool ssf_ends_prearranged(const struct ssf_reading *reading, const struct traffic_call *call,
                          const struct traffic_model *model);

/* Reads BEGIN's, CONTINUE's and END's components; `ended` says that the message closed the
 * dialogue, `armed` is what was armed before. */
struct ssf_reading ssf_read(const struct tcap_message *message, bool ended, enum request_kind kind,
                            uint32_t armed);

#endif
