/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * cap_event - arguments of requestReportBCSMEvent and eventReportBCSM. Rules, ownership and errors:
 * cap.h and cap_types.h.
 */
#ifndef SIGTRAN_CODEC_CAP_EVENT_H
#define SIGTRAN_CODEC_CAP_EVENT_H

#include "sigtran/base/status.h"
#include "sigtran/codec/cap_types.h"

/* numOfBCSMEvents is 10 in phases 2 and 3, 30 in phase 4: a receiver takes what any phase sends. */
#define CAP_BCSM_EVENTS_MAX 30

struct cap_bcsm_event {
    struct {
        bool leg_id;
        bool application_timer_s;
        bool automatic_rearm;
    } has;
    int32_t event_type;          /* mandatory; CAP_BCSM_* */
    int32_t monitor_mode;        /* mandatory; enum cap_monitor_mode */
    struct cap_leg leg_id;       /* either side */
    int32_t application_timer_s; /* dPSpecificCriteria: no answer after 0 to 2047 seconds */
};

struct cap_request_report_bcsm_event {
    struct {
        bool extensions;
    } has;
    struct {
        uint8_t count; /* 1 to CAP_BCSM_EVENTS_MAX */
        struct cap_bcsm_event event[CAP_BCSM_EVENTS_MAX];
    } bcsm; /* mandatory */
    struct bytes extensions;
};

enum p7_status
cap_request_report_bcsm_event_decode(struct bytes parameter,
                                     struct cap_request_report_bcsm_event *out) P7_MUST_CHECK;
enum p7_status
cap_request_report_bcsm_event_encode(struct bytes_writer *writer,
                                     const struct cap_request_report_bcsm_event *in) P7_MUST_CHECK;

/* failureCause, busyCause and releaseCause: for cap_cause_decode. */
struct cap_event_cause {
    struct {
        bool cause;
    } has;
    struct bytes cause;
};

struct cap_event_answer {
    struct {
        bool destination_address;
        bool or_call;
        bool forwarded_call;
        bool charge_indicator;
        bool ext_basic_service_code;
        bool ext_basic_service_code2;
    } has;
    struct bytes destination_address; /* CAP_ISUP_CALLED */
    uint8_t charge_indicator;
    struct cap_basic_service ext_basic_service_code;
    struct cap_basic_service ext_basic_service_code2;
};

struct cap_event_t_busy {
    struct {
        bool cause;
        bool call_forwarded;
        bool route_not_permitted;
        bool forwarding_destination_number;
    } has;
    struct bytes cause;
    struct bytes forwarding_destination_number; /* CAP_ISUP_CALLED */
};

struct cap_event_t_no_answer {
    struct {
        bool call_forwarded;
        bool forwarding_destination_number;
    } has;
    struct bytes forwarding_destination_number; /* CAP_ISUP_CALLED */
};

struct cap_event_abandon {
    struct {
        bool route_not_permitted;
    } has;
};

/* EventSpecificInformationBCSM: a CHOICE. */
struct cap_event_specific {
    struct {
        bool route_select_failure;
        bool o_called_party_busy;
        bool o_no_answer; /* holds nothing */
        bool o_answer;
        bool o_disconnect;
        bool t_busy;
        bool t_no_answer;
        bool t_answer;
        bool t_disconnect;
        bool o_abandon;
    } has;
    union {
        struct cap_event_cause route_select_failure;
        struct cap_event_cause o_called_party_busy;
        struct cap_event_answer o_answer;
        struct cap_event_cause o_disconnect;
        struct cap_event_t_busy t_busy;
        struct cap_event_t_no_answer t_no_answer;
        struct cap_event_answer t_answer;
        struct cap_event_cause t_disconnect;
        struct cap_event_abandon o_abandon;
    };
};

struct cap_event_report_bcsm {
    struct {
        bool event_specific;
        bool leg_id;
        bool misc_call_info;
        bool extensions;
    } has;
    int32_t event_type; /* mandatory; CAP_BCSM_* */
    struct cap_event_specific event_specific;
    struct cap_leg leg_id;                    /* receiving side */
    struct cap_misc_call_info misc_call_info; /* absent means request */
    struct bytes extensions;
};

enum p7_status cap_event_report_bcsm_decode(struct bytes parameter,
                                            struct cap_event_report_bcsm *out) P7_MUST_CHECK;
enum p7_status cap_event_report_bcsm_encode(struct bytes_writer *writer,
                                            const struct cap_event_report_bcsm *in) P7_MUST_CHECK;

#endif
