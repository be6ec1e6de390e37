/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * ssf_report - what a switch reports of a call: slices that are used up, events that the SCF has
 * armed, and what it asked to be told at the end. Used by ssf.c; the worker sends answers.
 *
 * A switch reports an event only where it is armed, as a request where it is armed as interrupted
 * (EDP-R: the call waits for an instruction), else as a notification (EDP-N). So a phase is never
 * asked for something that it does not have: the SCF can't arm oAbandon as interrupted in phase 2
 * (GSM 03.78), and the caller who gives up is notified there.
 *
 * A call that is over and whose event nobody armed is told by its applyChargingReport alone.
 */
#ifndef SIMULATOR_CORE_SSF_REPORT_H
#define SIMULATOR_CORE_SSF_REPORT_H

#include "sigtran/base/bytes.h"
#include "sigtran/base/status.h"
#include "sigtran/codec/cap.h"
#include "simulator/core/traffic.h"

/* Events by what they mean in a call: each has an o and a t form. */
enum ssf_event {
    SSF_EVENT_ROUTE_FAILURE,
    SSF_EVENT_BUSY,
    SSF_EVENT_NO_ANSWER,
    SSF_EVENT_ANSWER,
    SSF_EVENT_CALLING_DISCONNECTS, /* leg 1 */
    SSF_EVENT_CALLED_DISCONNECTS,  /* leg 2 */
    SSF_EVENT_ABANDON,
    SSF_EVENT_COUNT
};

/* The bits of traffic_call.armed. */
#define SSF_ARMED(event)             (UINT32_C(1) << (event))
#define SSF_ARMED_INTERRUPTED(event) (UINT32_C(1) << (8 + (event)))
/* callInformationRequest: which information is asked for. */
#define SSF_ARMED_INFORMATION_SHIFT 16
#define SSF_ARMED_ATTEMPT_TIME      (UINT32_C(1) << 16)
#define SSF_ARMED_STOP_TIME         (UINT32_C(1) << 17)
#define SSF_ARMED_CONNECTED_TIME    (UINT32_C(1) << 18)
#define SSF_ARMED_RELEASE_CAUSE     (UINT32_C(1) << 19)

/* What a requestReportBCSMEvent changes: events that it names get its mode, transparent disarms
 * (TS29.078-6.1.1, MonitorMode). */
uint32_t ssf_arm(uint32_t armed, const struct cap_request_report_bcsm_event *request);
/* The bits of the information that is asked for. */
uint32_t ssf_arm_information(uint32_t armed, const struct cap_call_information_request *request);

/* The components of an interim or final request. `now_s`: since 1970, when it is due. */
enum p7_status ssf_write_report(struct bytes_writer *writer, const struct traffic_call *call,
                                const struct traffic_model *model, int64_t now_s) P7_MUST_CHECK;

/* The components that tell the answer of the called party: nothing where that is not armed. */
enum p7_status ssf_write_answer(struct bytes_writer *writer, const struct traffic_call *call,
                                const struct traffic_model *model) P7_MUST_CHECK;

#endif
