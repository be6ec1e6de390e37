/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The octets of what clients ask, encoded as an SSF does. */
#include <assert.h>
#include <stdio.h>

#include "responder/core/service_turn.h"
#include "sigtran/codec/cap.h"
#include "tests/sim/cluster/world.h"

#define CALL_SERVICE_KEY 100
#define DTID             0x48040000u

const struct tariff client_tariff = {
    .price_per_call = 5, .price_per_second = 2, .price_per_event = 7, .slice_ms = 1000};
const struct siphash_key client_identity_key = {.word = {0x706c736531u, 0x636c7573746572u}};

static const uint8_t client_address[] = {0x12, 0x92, 0x00, 0x11, 0x04, 0x64, 0x07, 0x01};

struct bytes client_origin(void)
{
    return bytes_of(client_address, sizeof(client_address));
}

static void digits_of(uint32_t account, char *digits, size_t octets)
{
    (void)snprintf(digits, octets, "%llu",
                   (unsigned long long)(CLIENT_FIRST_ACCOUNT_NUMBER + account));
}

static void write_initial_dp(struct bytes_writer *w, const struct asked *asked,
                             struct bytes reference)
{
    uint8_t room[CAP_NUMBER_OCTETS_MAX];
    struct bytes_writer nw = bytes_writer_of(room, room + sizeof(room));
    struct cap_isup_number number = {.nature = CAP_NATURE_INTERNATIONAL,
                                     .plan = CAP_PLAN_ISDN,
                                     .screening = CAP_SCREENING_NETWORK};
    digits_of(asked->account, number.digits, sizeof(number.digits));
    enum p7_status status = cap_isup_number_encode(&nw, CAP_ISUP_CALLING, &number);
    const struct cap_initial_dp dp = {
        .has = {.event_type_bcsm = true,
                .calling_partys_category = true,
                .calling_party_number = true,
                .call_reference_number = true},
        .service_key =
            asked->kind == ASKED_ONESHOT ? (int32_t)SERVICE_ONESHOT_KEY_DEFAULT : CALL_SERVICE_KEY,
        .calling_partys_category = CAP_CATEGORY_ORDINARY,
        .event_type_bcsm = CAP_BCSM_COLLECTED_INFO,
        .calling_party_number = bytes_of(room, bytes_writer_length(&nw)),
        .call_reference_number = reference,
    };
    const struct tcap_component invoke = tcap_invoke(1, CAP_INITIAL_DP);
    const struct tcap_component_mark mark = tcap_component_open(w, &invoke);
    if (status == P7_OK)
        status = cap_initial_dp_encode(w, &dp);
    tcap_component_close(w, mark);
    assert(status == P7_OK);
}

static void write_initial_dp_sms(struct bytes_writer *w, const struct asked *asked,
                                 struct bytes reference)
{
    uint8_t room[CAP_NUMBER_OCTETS_MAX];
    struct bytes_writer nw = bytes_writer_of(room, room + sizeof(room));
    struct cap_bcd_number number = {.type = CAP_TYPE_INTERNATIONAL, .plan = CAP_PLAN_ISDN};
    digits_of(asked->account, number.digits, sizeof(number.digits));
    enum p7_status status = cap_bcd_number_encode(&nw, &number);
    const struct cap_initial_dp_sms dp = {
        .has = {.calling_party_number = true, .event_type_sms = true, .sms_reference_number = true},
        .service_key = CALL_SERVICE_KEY,
        .calling_party_number = bytes_of(room, bytes_writer_length(&nw)),
        .event_type_sms = CAP_SMS_COLLECTED_INFO,
        .sms_reference_number = reference,
    };
    const struct tcap_component invoke = tcap_invoke(1, CAP_INITIAL_DP_SMS);
    const struct tcap_component_mark mark = tcap_component_open(w, &invoke);
    if (status == P7_OK)
        status = cap_initial_dp_sms_encode(w, &dp);
    tcap_component_close(w, mark);
    assert(status == P7_OK);
}

static void write_report(struct bytes_writer *w, const struct asked *asked)
{
    const bool active = asked->kind == ASKED_INTERIM;
    const struct cap_apply_charging_report report = {
        .has = {.leg_active = !active},
        .party_to_charge = {.side = CAP_LEG_RECEIVING, .id = CAP_LEG_1},
        .time = {.has = {.no_tariff_switch = true},
                 .no_tariff_switch_100ms = (int32_t)asked->used_100ms},
        .leg_active = active,
    };
    const struct tcap_component invoke =
        tcap_invoke((int8_t)(asked->sequence + 1), CAP_APPLY_CHARGING_REPORT);
    const struct tcap_component_mark mark = tcap_component_open(w, &invoke);
    const enum p7_status status = cap_apply_charging_report_encode(w, &report);
    tcap_component_close(w, mark);
    assert(status == P7_OK);
    (void)status;
}

/* The identity that the request will have, worked out as the service's header says. */
static void set_key(struct world *world, struct asked *asked, struct bytes reference,
                    struct tcap_transaction_id otid)
{
    uint64_t words[2];
    const struct service naming = {.identity_key = client_identity_key};
    service_reference(&naming, client_origin(), reference, otid, words);
    const struct duplicate_identity identity = service_identity(words, asked->sequence, 0);
    asked->key[0] = identity.key[0];
    asked->key[1] = identity.key[1];
    if (asked->call != POOL_NONE) {
        world->call[asked->call].reference[0] = words[0];
        world->call[asked->call].reference[1] = words[1];
    }
}

void client_write(struct world *world, struct asked *asked, uint32_t number)
{
    uint8_t components[200];
    uint8_t reference_octets[8];
    struct bytes_writer cw = bytes_writer_of(components, components + sizeof(components));
    bytes_store_u64be(reference_octets, UINT64_C(0x5000000000000000) + number);
    const struct bytes reference = bytes_of(reference_octets, sizeof(reference_octets));
    const bool begins = asked->kind <= ASKED_INITIAL;
    const struct tcap_dialogue_portion portion = tcap_aarq(
        cap_application_context_oid(asked->kind == ASKED_SMS ? CAP_AC_V3_SMS : CAP_AC_V2_GSMSSF));
    const struct tcap_transaction_id otid = {.value = 0x49000000u + number, .length = 4};
    set_key(world, asked, reference, otid);
    if (asked->kind == ASKED_CLOSE)
        return;
    if (asked->kind == ASKED_SMS)
        write_initial_dp_sms(&cw, asked, reference);
    else if (begins)
        write_initial_dp(&cw, asked, reference);
    else
        write_report(&cw, asked);
    const struct tcap_parts parts = {
        .type = begins ? TCAP_BEGIN : TCAP_CONTINUE,
        .otid = otid,
        .dtid = {.value = DTID + number, .length = begins ? 0 : 4},
        .dialogue = begins ? &portion : NULL,
        .components_encoded = bytes_of(components, bytes_writer_length(&cw)),
    };
    struct bytes_writer w = bytes_writer_of(asked->octets, asked->octets + sizeof(asked->octets));
    const enum p7_status status = tcap_write_parts(&w, &parts);
    assert(status == P7_OK);
    (void)status;
    asked->length = (uint16_t)bytes_writer_length(&w);
}
