/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * ssf_rig - what the tests of the simulated SSF share: an SSF with its call, and components on
 * their way through octets and TCAP's codec.
 */
#ifndef TESTS_UNIT_SIMULATOR_SSF_RIG_H
#define TESTS_UNIT_SIMULATOR_SSF_RIG_H

#include <string.h>

#include "simulator/core/ssf.h"
#include "simulator/core/ssf_report.h"

#include "tests/unit/unit.h"

#define CALLED  "46705550123"
#define MSC     "46705550999"
#define RUN_TAG 0xa1b2c3u

/* 2024-02-29 23:59:58 UTC */
#define LEAP_DAY_S 1709251198

struct rig {
    struct subscribers subscribers;
    struct ssf ssf;
    struct traffic_call call;
    struct traffic_model model;
    uint8_t components[SSF_COMPONENTS_OCTETS];
    size_t component_octets;
    uint8_t octets[SSF_COMPONENTS_OCTETS + 64];
    struct tcap_message message;
};

static inline void rig_open(struct rig *rig)
{
    memset(rig, 0, sizeof(*rig));
    CU_ASSERT_EQUAL_FATAL(
        subscribers_range(&rig->subscribers, "46701000000", "240070000000000", 100), P7_OK);
    const struct ssf_config config = {.called_party = CALLED,
                                      .msc_address = MSC,
                                      .run_tag = RUN_TAG,
                                      .start_wall_s = LEAP_DAY_S,
                                      .subscribers = &rig->subscribers};
    CU_ASSERT_EQUAL_FATAL(ssf_init(&rig->ssf, &config), P7_OK);
    rig->call.subscriber = 42;
    rig->call.number = 7;
    rig->model.service_key = 100;
    rig->model.cap_version = 2;
    for (unsigned event = 0; event < SSF_EVENT_COUNT; event++)
        rig->call.armed |= SSF_ARMED(event) | SSF_ARMED_INTERRUPTED(event);
    rig->call.armed &= ~SSF_ARMED_INTERRUPTED(SSF_EVENT_ANSWER);
}

/* Puts what was written into a message and reads that back: nothing is tested struct to struct. */
static inline void decode(struct rig *rig)
{
    const struct tcap_parts parts = {
        .type = TCAP_CONTINUE,
        .otid = {.value = 1, .length = 4},
        .dtid = {.value = 2, .length = 4},
        .components_encoded = bytes_of(rig->components, rig->component_octets),
    };
    struct bytes_writer w = bytes_writer_of(rig->octets, rig->octets + sizeof(rig->octets));
    CU_ASSERT_EQUAL_FATAL(tcap_write_parts(&w, &parts), P7_OK);
    CU_ASSERT_EQUAL_FATAL(
        tcap_decode(bytes_of(rig->octets, bytes_writer_length(&w)), &rig->message), P7_OK);
    CU_ASSERT_FALSE(rig->message.fault.present);
}

#endif
