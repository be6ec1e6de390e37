/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * cap_types - what the arguments of several CAP operations have in common.
 *
 * Conventions of all CAP structs:
 * - `has.NAME` tells whether NAME is present. A field without its flag set is not written in
 *   encoding and holds nothing in decoding. Elements without a flag are mandatory.
 * - `struct bytes` borrows: in decoding from the input, in encoding from the caller. It holds the
 *   octet string's content; cap_number.h turns it into fields and text.
 * - A CHOICE is a struct of which exactly one flag is set.
 * - `extensions` are the content octets of that element as they came: not looked into.
 * - Start from zero: `struct cap_x x = {.has = {.imsi = true}, .imsi = ...}`.
 */
#ifndef SIGTRAN_CODEC_CAP_TYPES_H
#define SIGTRAN_CODEC_CAP_TYPES_H

#include "sigtran/base/bytes.h"

/* LegID: the SCF names legs by sendingSideID, the SSF by receivingSideID. */
enum cap_leg_side {
    CAP_LEG_SENDING = 0,
    CAP_LEG_RECEIVING = 1,
};

#define CAP_LEG_1 1 /* the calling party in an originating, the called in a forwarded call */
#define CAP_LEG_2 2

struct cap_leg {
    enum cap_leg_side side;
    uint8_t id; /* LegType: CAP_LEG_1, CAP_LEG_2 */
};

/* EventTypeBCSM; receivers take any value (one they don't know is "no detection point"). */
#define CAP_BCSM_EVENT_LIST(X)                                                                     \
    X(CAP_BCSM_COLLECTED_INFO, 2, "collectedInfo")                                                 \
    X(CAP_BCSM_ANALYZED_INFORMATION, 3, "analyzedInformation")                                     \
    X(CAP_BCSM_ROUTE_SELECT_FAILURE, 4, "routeSelectFailure")                                      \
    X(CAP_BCSM_O_CALLED_PARTY_BUSY, 5, "oCalledPartyBusy")                                         \
    X(CAP_BCSM_O_NO_ANSWER, 6, "oNoAnswer")                                                        \
    X(CAP_BCSM_O_ANSWER, 7, "oAnswer")                                                             \
    X(CAP_BCSM_O_DISCONNECT, 9, "oDisconnect")                                                     \
    X(CAP_BCSM_O_ABANDON, 10, "oAbandon")                                                          \
    X(CAP_BCSM_TERM_ATTEMPT_AUTHORIZED, 12, "termAttemptAuthorized")                               \
    X(CAP_BCSM_T_BUSY, 13, "tBusy")                                                                \
    X(CAP_BCSM_T_NO_ANSWER, 14, "tNoAnswer")                                                       \
    X(CAP_BCSM_T_ANSWER, 15, "tAnswer")                                                            \
    X(CAP_BCSM_T_DISCONNECT, 17, "tDisconnect")                                                    \
    X(CAP_BCSM_T_ABANDON, 18, "tAbandon")

enum cap_bcsm_event_type {
#define CAP_BCSM_EVENT_ENUM(name, code, text) name = (code),
    CAP_BCSM_EVENT_LIST(CAP_BCSM_EVENT_ENUM)
#undef CAP_BCSM_EVENT_ENUM
};

/* EventTypeSMS */
#define CAP_SMS_EVENT_LIST(X)                                                                      \
    X(CAP_SMS_COLLECTED_INFO, 1, "sms-CollectedInfo")                                              \
    X(CAP_SMS_O_FAILURE, 2, "o-smsFailure")                                                        \
    X(CAP_SMS_O_SUBMISSION, 3, "o-smsSubmission")                                                  \
    X(CAP_SMS_DELIVERY_REQUESTED, 11, "sms-DeliveryRequested")                                     \
    X(CAP_SMS_T_FAILURE, 12, "t-smsFailure")                                                       \
    X(CAP_SMS_T_DELIVERY, 13, "t-smsDelivery")

enum cap_sms_event_type {
#define CAP_SMS_EVENT_ENUM(name, code, text) name = (code),
    CAP_SMS_EVENT_LIST(CAP_SMS_EVENT_ENUM)
#undef CAP_SMS_EVENT_ENUM
};

/* The standard's name, or NULL. */
const char *cap_bcsm_event_name(int32_t event_type);
const char *cap_sms_event_name(int32_t event_type);

enum cap_monitor_mode {
    CAP_MONITOR_INTERRUPTED = 0,
    CAP_MONITOR_NOTIFY_AND_CONTINUE = 1,
    CAP_MONITOR_TRANSPARENT = 2,
};

/* MiscCallInfo; its default in event reports is messageType request. */
#define CAP_MESSAGE_REQUEST      0
#define CAP_MESSAGE_NOTIFICATION 1

struct cap_misc_call_info {
    struct {
        bool dp_assignment;
    } has;
    int32_t message_type; /* CAP_MESSAGE_* */
    int32_t dp_assignment;
};

/* Ext-BasicServiceCode: a CHOICE; telephony is the teleservice 0x11. */
#define CAP_TELESERVICE_TELEPHONY 0x11
#define CAP_TELESERVICE_SMS_MT    0x21
#define CAP_TELESERVICE_SMS_MO    0x22

struct cap_basic_service {
    struct {
        bool bearer_service;
        bool teleservice;
    } has;
    struct bytes bearer_service; /* 1 to 5 octets */
    struct bytes teleservice;    /* 1 to 5 octets */
};

/* SubscriberState: a CHOICE. */
struct cap_subscriber_state {
    struct {
        bool assumed_idle;
        bool camel_busy;
        bool not_reachable;
        bool not_provided_from_vlr;
    } has;
    int32_t not_reachable_reason; /* netDetNotReachable: 0 msPurged, 1 imsiDetached, 2 restricted
                                   * area, 3 notRegistered */
};

/* CellGlobalIdOrServiceAreaIdOrLAI: a CHOICE; content for cap_cell_decode. */
struct cap_cell_identity {
    struct {
        bool cell_global_id;
        bool lai;
    } has;
    struct bytes cell_global_id; /* 7 octets */
    struct bytes lai;            /* 5 octets */
};

/* LocationInformation (TS29.002) */
struct cap_location_information {
    struct {
        bool age;
        bool geographical_information;
        bool vlr_number;
        bool location_number;
        bool cell;
        bool extension_container;
        bool selected_lsa_id;
        bool msc_number;
        bool geodetic_information;
        bool current_location_retrieved;
        bool sai_present;
    } has;
    int32_t age; /* ageOfLocationInformation, minutes */
    struct bytes geographical_information;
    struct bytes vlr_number;      /* BCD number */
    struct bytes location_number; /* ISUP number, CAP_ISUP_LOCATION */
    struct cap_cell_identity cell;
    struct bytes extension_container;
    struct bytes selected_lsa_id;
    struct bytes msc_number; /* BCD number */
    struct bytes geodetic_information;
};

/* LocationInformationGPRS (TS29.078) */
struct cap_location_information_gprs {
    struct {
        bool cell;
        bool routeing_area_identity;
        bool geographical_information;
        bool sgsn_number;
        bool selected_lsa_identity;
        bool extension_container;
        bool sai_present;
    } has;
    struct bytes cell; /* 5 or 7 octets, for cap_cell_decode */
    struct bytes routeing_area_identity;
    struct bytes geographical_information;
    struct bytes sgsn_number; /* BCD number */
    struct bytes selected_lsa_identity;
    struct bytes extension_container;
};

#endif
