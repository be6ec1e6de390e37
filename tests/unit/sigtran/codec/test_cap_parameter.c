/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Parameters of initialDP by name and text: through the codec's octets and back. */
#include <string.h>

#include "sigtran/codec/cap.h"
#include "sigtran/codec/cap_parameter.h"
#include "tests/unit/unit.h"

#define DP  CAP_PARAMETER_OF_INITIAL_DP
#define SMS CAP_PARAMETER_OF_INITIAL_DP_SMS

static enum p7_status read_as(const char *name, enum cap_parameter_argument argument,
                              const char *text, struct cap_parameter_value *value)
{
    const struct cap_parameter *parameter = cap_parameter_find(name, argument);
    CU_ASSERT_PTR_NOT_NULL_FATAL(parameter);
    return cap_parameter_read(parameter, text, value);
}

/* Puts the text into an initialDP, and reads what comes out of its octets. */
struct through {
    struct cap_parameter_value value;
    uint8_t octets[256];
    struct cap_initial_dp dp;
};

static void pass(struct through *t, const char *name, const char *text)
{
    struct cap_initial_dp in = {.service_key = 1};
    struct bytes_writer w = bytes_writer_of(t->octets, t->octets + sizeof(t->octets));
    CU_ASSERT_EQUAL_FATAL(read_as(name, DP, text, &t->value), P7_OK);
    cap_parameter_put(cap_parameter_find(name, DP), &t->value, &in);
    CU_ASSERT_EQUAL_FATAL(cap_initial_dp_encode(&w, &in), P7_OK);
    CU_ASSERT_EQUAL_FATAL(
        cap_initial_dp_decode(bytes_of(t->octets, bytes_writer_length(&w)), &t->dp), P7_OK);
}

/* TS29.078-6.1.1 InitialDPArg */
static void numbers_keep_digits_and_nature(void)
{
    struct through t;
    struct cap_isup_number isup;
    struct cap_bcd_number bcd;
    pass(&t, "callingPartyNumber", "46701234567");
    CU_ASSERT_EQUAL(cap_isup_number_decode(t.dp.calling_party_number, CAP_ISUP_CALLING, &isup),
                    P7_OK);
    CU_ASSERT_STRING_EQUAL(isup.digits, "46701234567");
    CU_ASSERT_EQUAL(isup.nature, CAP_NATURE_INTERNATIONAL);
    pass(&t, "calledPartyNumber", "national:0701");
    CU_ASSERT_EQUAL(cap_isup_number_decode(t.dp.called_party_number, CAP_ISUP_CALLED, &isup),
                    P7_OK);
    CU_ASSERT_STRING_EQUAL(isup.digits, "0701");
    CU_ASSERT_EQUAL(isup.nature, CAP_NATURE_NATIONAL);
    pass(&t, "calledPartyBCDNumber", "unknown:*100#");
    CU_ASSERT_EQUAL(cap_bcd_number_decode(t.dp.called_party_bcd_number, &bcd), P7_OK);
    CU_ASSERT_STRING_EQUAL(bcd.digits, "*100#");
    CU_ASSERT_EQUAL(bcd.type, CAP_TYPE_UNKNOWN);
}

static void integers_octets_and_flags_reach_their_elements(void)
{
    struct through t;
    static const uint8_t bearer[] = {0x80, 0x90, 0xa3};
    pass(&t, "serviceKey", "2147483647");
    CU_ASSERT_EQUAL(t.dp.service_key, INT32_MAX);
    pass(&t, "callingPartysCategory", "15");
    CU_ASSERT(t.dp.has.calling_partys_category && t.dp.calling_partys_category == 15);
    pass(&t, "bearerCapability", "8090A3");
    CU_ASSERT(bytes_equal(t.dp.bearer_capability, bytes_of(bearer, sizeof(bearer))));
    pass(&t, "gsm-ForwardingPending", "yes");
    CU_ASSERT_TRUE(t.dp.has.call_forwarding_ss_pending);
    pass(&t, "subscriberState", "camelBusy");
    CU_ASSERT(t.dp.has.subscriber_state && t.dp.subscriber_state.has.camel_busy);
    pass(&t, "ext-basicServiceCode", "21");
    CU_ASSERT_EQUAL(t.dp.ext_basic_service_code.teleservice.data[0], 0x21);
}

/* TS29.002-17.7.1 LocationInformation */
static void a_place_is_a_part_of_the_location_information(void)
{
    struct through t;
    struct cap_cell cell;
    pass(&t, "cellGlobalId", "262-01-1234-65535");
    CU_ASSERT_TRUE_FATAL(t.dp.has.location_information && t.dp.location_information.has.cell);
    CU_ASSERT_EQUAL(cap_cell_decode(t.dp.location_information.cell.cell_global_id, &cell), P7_OK);
    CU_ASSERT(strcmp(cell.mcc, "262") == 0 && strcmp(cell.mnc, "01") == 0 && cell.lac == 1234 &&
              cell.ci == 65535);
    pass(&t, "lai", "310-410-7");
    CU_ASSERT_TRUE(t.dp.location_information.cell.has.lai);
    pass(&t, "ageOfLocationInformation", "32767");
    CU_ASSERT_EQUAL(t.dp.location_information.age, 32767);
}

static void what_no_parameter_can_be_is_refused(void)
{
    static const struct {
        const char *name;
        const char *text;
        enum p7_status status;
    } cases[] = {
        {"serviceKey", "", P7_MALFORMED},
        {"serviceKey", "-1", P7_MALFORMED},
        {"serviceKey", "2147483648", P7_RANGE},
        {"serviceKey", "12x", P7_MALFORMED},
        {"callingPartysCategory", "256", P7_RANGE},
        {"bearerCapability", "80", P7_RANGE},
        {"bearerCapability", "809", P7_MALFORMED},
        {"bearerCapability", "80zz", P7_MALFORMED},
        {"highLayerCompatibility", "918100", P7_RANGE},
        {"callingPartyNumber", "46x", P7_RANGE},
        {"callingPartyNumber", "", P7_MALFORMED},
        {"callingPartyNumber", "national:", P7_MALFORMED},
        {"callingPartyNumber", "46701234567467012345", P7_RANGE},
        {"vlr-number", "123456789012345678", P7_RANGE},
        {"iMSI", "24001", P7_OK},
        {"iMSI", "2400", P7_RANGE},
        {"cellGlobalId", "262-01-1234", P7_MALFORMED},
        {"cellGlobalId", "262-01-1234-1-2", P7_MALFORMED},
        {"cellGlobalId", "26-01-1234-1", P7_RANGE},
        {"lai", "262-01-65536", P7_RANGE},
        {"subscriberState", "idle", P7_MALFORMED},
        {"gsm-ForwardingPending", "no", P7_MALFORMED},
        {"callReferenceNumber", "0102", P7_MALFORMED},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct cap_parameter_value value;
        const enum p7_status status = read_as(cases[i].name, DP, cases[i].text, &value);
        CU_ASSERT_EQUAL(status, cases[i].status);
        if (status != cases[i].status)
            (void)fprintf(stderr, "%s %s gives %s\n", cases[i].name, cases[i].text,
                          p7_status_text(status));
    }
}

/* The same name is another type in a short message: TS29.078-7.1.1 */
static void a_short_message_has_its_own_parameters(void)
{
    struct cap_parameter_value value;
    struct cap_initial_dp_sms in = {.service_key = 1};
    struct cap_initial_dp_sms out;
    struct cap_bcd_number bcd;
    uint8_t octets[128];
    struct bytes_writer w = bytes_writer_of(octets, octets + sizeof(octets));
    CU_ASSERT_EQUAL_FATAL(read_as("callingPartyNumber", SMS, "46701234567", &value), P7_OK);
    cap_parameter_put(cap_parameter_find("callingPartyNumber", SMS), &value, &in);
    CU_ASSERT_EQUAL_FATAL(cap_initial_dp_sms_encode(&w, &in), P7_OK);
    CU_ASSERT_EQUAL_FATAL(
        cap_initial_dp_sms_decode(bytes_of(octets, bytes_writer_length(&w)), &out), P7_OK);
    CU_ASSERT_EQUAL(cap_bcd_number_decode(out.calling_party_number, &bcd), P7_OK);
    CU_ASSERT_STRING_EQUAL(bcd.digits, "46701234567");
    CU_ASSERT_PTR_NULL(cap_parameter_find("bearerCapability", SMS));
    CU_ASSERT_PTR_NULL(cap_parameter_find("tPDataCodingScheme", DP));
    CU_ASSERT_PTR_NULL(cap_parameter_find("callingpartynumber", DP));
}

/* GSM 09.78 calls it gsm-ForwardingPending, TS 29.078 of phase 3 callForwardingSS-Pending. */
static void each_phase_has_its_own_names(void)
{
    const struct cap_parameter *old = cap_parameter_find("gsm-ForwardingPending", DP);
    const struct cap_parameter *new = cap_parameter_find("callForwardingSS-Pending", DP);
    CU_ASSERT(cap_parameter_in_phase(old, CAP_PHASE_2) &&
              !cap_parameter_in_phase(old, CAP_PHASE_3));
    CU_ASSERT(cap_parameter_in_phase(new, CAP_PHASE_3) &&
              !cap_parameter_in_phase(new, CAP_PHASE_2));
    CU_ASSERT_FALSE(cap_parameter_in_phase(cap_parameter_find("cug-Index", DP), CAP_PHASE_2));
}

static void what_is_left_out_is_not_in_the_octets(void)
{
    struct cap_initial_dp in = {.has = {.calling_partys_category = true},
                                .calling_partys_category = 10};
    cap_parameter_omit(cap_parameter_find("callingPartysCategory", DP), &in);
    CU_ASSERT_FALSE(in.has.calling_partys_category);
    CU_ASSERT_FALSE(cap_parameter_may_be_omitted(cap_parameter_find("serviceKey", DP)));
    CU_ASSERT_TRUE(cap_parameter_may_be_omitted(cap_parameter_find("timeAndTimezone", DP)));
    CU_ASSERT_FALSE(cap_parameter_may_be_set(cap_parameter_find("timeAndTimezone", DP)));
}

UNIT_TESTS = {
    UNIT(numbers_keep_digits_and_nature),
    UNIT(integers_octets_and_flags_reach_their_elements),
    UNIT(a_place_is_a_part_of_the_location_information),
    UNIT(what_no_parameter_can_be_is_refused),
    UNIT(a_short_message_has_its_own_parameters),
    UNIT(each_phase_has_its_own_names),
    UNIT(what_is_left_out_is_not_in_the_octets),
};
UNIT_MAIN("cap_parameter")
