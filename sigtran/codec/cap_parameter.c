/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "sigtran/codec/cap_parameter.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sigtran/codec/cap_number.h"

enum parameter_kind {
    KIND_UNSETTABLE, /* made by the dialogue; it can be left out */
    KIND_INTEGER,    /* int32_t */
    KIND_OCTET,      /* uint8_t */
    KIND_ISUP_CALLED,
    KIND_ISUP_CALLING,
    KIND_ISUP_LOCATION,
    KIND_ISUP_REDIRECTING,
    KIND_ISUP_GENERIC,
    KIND_BCD,
    KIND_IMSI,
    KIND_HEX,
    KIND_CELL,
    KIND_LAI,
    KIND_TELESERVICE,
    KIND_STATE,
    KIND_PRESENT,
};

#define PHASE_2 (1u << 2)
#define PHASE_3 (1u << 3)
#define NOWHERE SIZE_MAX

struct cap_parameter {
    const char *name;
    uint8_t argument; /* enum cap_parameter_argument */
    uint8_t kind;     /* enum parameter_kind */
    uint8_t phases;
    int32_t min; /* of an integer, or octets */
    int32_t max;
    size_t inside_has; /* flag of the element that it is part of, or NOWHERE */
    size_t has;        /* NOWHERE: mandatory */
    size_t at;
};

#define DP(name, kind, phases, min, max, field)                                                    \
    {                                                                                              \
        (name), CAP_PARAMETER_OF_INITIAL_DP, (kind), (phases), (min), (max), NOWHERE,              \
            offsetof(struct cap_initial_dp, has.field), offsetof(struct cap_initial_dp, field)     \
    }
#define DP_PLACE(name, kind, phases, min, max, field)                                              \
    {                                                                                              \
        (name), CAP_PARAMETER_OF_INITIAL_DP, (kind), (phases), (min), (max),                       \
            offsetof(struct cap_initial_dp, has.location_information),                             \
            offsetof(struct cap_initial_dp, location_information.has.field),                       \
            offsetof(struct cap_initial_dp, location_information.field)                            \
    }
#define SMS(name, kind, min, max, field)                                                           \
    {                                                                                              \
        (name), CAP_PARAMETER_OF_INITIAL_DP_SMS, (kind), PHASE_3, (min), (max), NOWHERE,           \
            offsetof(struct cap_initial_dp_sms, has.field),                                        \
            offsetof(struct cap_initial_dp_sms, field)                                             \
    }
#define SMS_PLACE(name, kind, min, max, field)                                                     \
    {                                                                                              \
        (name), CAP_PARAMETER_OF_INITIAL_DP_SMS, (kind), PHASE_3, (min), (max),                    \
            offsetof(struct cap_initial_dp_sms, has.location_information_msc),                     \
            offsetof(struct cap_initial_dp_sms, location_information_msc.has.field),               \
            offsetof(struct cap_initial_dp_sms, location_information_msc.field)                    \
    }
#define BOTH (PHASE_2 | PHASE_3)

/* TS29.078-6.1.1 InitialDPArg, TS29.078-7.1.1 InitialDPSMSArg; phase 2: GSM 09.78. */
static const struct cap_parameter parameters[] = {
    {"serviceKey", CAP_PARAMETER_OF_INITIAL_DP, KIND_INTEGER, BOTH, 0, INT32_MAX, NOWHERE, NOWHERE,
     offsetof(struct cap_initial_dp, service_key)},
    DP("calledPartyNumber", KIND_ISUP_CALLED, BOTH, 2, 18, called_party_number),
    DP("callingPartyNumber", KIND_ISUP_CALLING, BOTH, 2, 10, calling_party_number),
    DP("callingPartysCategory", KIND_OCTET, BOTH, 0, 255, calling_partys_category),
    DP("cGEncountered", KIND_INTEGER, PHASE_3, 0, 2, cg_encountered),
    DP("iPSSPCapabilities", KIND_HEX, BOTH, 1, 4, ip_ssp_capabilities),
    DP("locationNumber", KIND_ISUP_LOCATION, BOTH, 2, 10, location_number),
    DP("originalCalledPartyID", KIND_ISUP_REDIRECTING, BOTH, 2, 10, original_called_party_id),
    DP("highLayerCompatibility", KIND_HEX, BOTH, 2, 2, high_layer_compatibility),
    DP("additionalCallingPartyNumber", KIND_ISUP_GENERIC, BOTH, 2, 16,
       additional_calling_party_number),
    DP("bearerCapability", KIND_HEX, BOTH, 2, 11, bearer_capability),
    DP("eventTypeBCSM", KIND_INTEGER, BOTH, 2, 18, event_type_bcsm),
    DP("redirectingPartyID", KIND_ISUP_REDIRECTING, BOTH, 2, 10, redirecting_party_id),
    DP("redirectionInformation", KIND_HEX, BOTH, 2, 2, redirection_information),
    DP("cause", KIND_HEX, PHASE_3, 2, 32, cause),
    DP("carrier", KIND_HEX, PHASE_3, 4, 4, carrier),
    DP("cug-Index", KIND_INTEGER, PHASE_3, 0, 32767, cug_index),
    DP("cug-Interlock", KIND_HEX, PHASE_3, 4, 4, cug_interlock),
    DP("iMSI", KIND_IMSI, BOTH, 3, 8, imsi),
    DP("subscriberState", KIND_STATE, BOTH, 0, 0, subscriber_state),
    DP("locationInformation", KIND_UNSETTABLE, BOTH, 0, 0, location_information),
    DP_PLACE("ageOfLocationInformation", KIND_INTEGER, BOTH, 0, 32767, age),
    DP_PLACE("geographicalInformation", KIND_HEX, BOTH, 8, 8, geographical_information),
    DP_PLACE("vlr-number", KIND_BCD, BOTH, 1, 9, vlr_number),
    DP_PLACE("cellGlobalId", KIND_CELL, BOTH, 7, 7, cell),
    DP_PLACE("lai", KIND_LAI, BOTH, 5, 5, cell),
    DP_PLACE("selectedLSA-Id", KIND_HEX, PHASE_3, 3, 3, selected_lsa_id),
    DP_PLACE("msc-Number", KIND_BCD, PHASE_3, 1, 9, msc_number),
    DP("ext-basicServiceCode", KIND_TELESERVICE, BOTH, 1, 1, ext_basic_service_code),
    DP("callReferenceNumber", KIND_UNSETTABLE, BOTH, 0, 0, call_reference_number),
    DP("mscAddress", KIND_BCD, BOTH, 1, 9, msc_address),
    DP("calledPartyBCDNumber", KIND_BCD, BOTH, 1, 41, called_party_bcd_number),
    DP("timeAndTimezone", KIND_UNSETTABLE, BOTH, 0, 0, time_and_timezone),
    {"gsm-ForwardingPending", CAP_PARAMETER_OF_INITIAL_DP, KIND_PRESENT, PHASE_2, 0, 0, NOWHERE,
     offsetof(struct cap_initial_dp, has.call_forwarding_ss_pending), NOWHERE},
    {"callForwardingSS-Pending", CAP_PARAMETER_OF_INITIAL_DP, KIND_PRESENT, PHASE_3, 0, 0, NOWHERE,
     offsetof(struct cap_initial_dp, has.call_forwarding_ss_pending), NOWHERE},
    DP("initialDPArgExtension", KIND_HEX, BOTH, 1, 41, initial_dp_arg_extension),
    {"serviceKey", CAP_PARAMETER_OF_INITIAL_DP_SMS, KIND_INTEGER, PHASE_3, 0, INT32_MAX, NOWHERE,
     NOWHERE, offsetof(struct cap_initial_dp_sms, service_key)},
    SMS("destinationSubscriberNumber", KIND_BCD, 1, 41, destination_subscriber_number),
    SMS("callingPartyNumber", KIND_BCD, 1, 11, calling_party_number),
    SMS("eventTypeSMS", KIND_INTEGER, 1, 13, event_type_sms),
    SMS("iMSI", KIND_IMSI, 3, 8, imsi),
    SMS("locationInformationMSC", KIND_UNSETTABLE, 0, 0, location_information_msc),
    SMS_PLACE("ageOfLocationInformation", KIND_INTEGER, 0, 32767, age),
    SMS_PLACE("geographicalInformation", KIND_HEX, 8, 8, geographical_information),
    SMS_PLACE("vlr-number", KIND_BCD, 1, 9, vlr_number),
    SMS_PLACE("locationNumber", KIND_ISUP_LOCATION, 2, 10, location_number),
    SMS_PLACE("cellGlobalId", KIND_CELL, 7, 7, cell),
    SMS_PLACE("lai", KIND_LAI, 5, 5, cell),
    SMS_PLACE("msc-Number", KIND_BCD, 1, 9, msc_number),
    SMS("sMSCAddress", KIND_BCD, 1, 9, smsc_address),
    SMS("timeAndTimezone", KIND_UNSETTABLE, 0, 0, time_and_timezone),
    SMS("tPShortMessageSpecificInfo", KIND_OCTET, 0, 255, tp_short_message_specific_info),
    SMS("tPProtocolIdentifier", KIND_OCTET, 0, 255, tp_protocol_identifier),
    SMS("tPDataCodingScheme", KIND_OCTET, 0, 255, tp_data_coding_scheme),
    SMS("tPValidityPeriod", KIND_HEX, 1, 7, tp_validity_period),
    SMS("smsReferenceNumber", KIND_UNSETTABLE, 0, 0, sms_reference_number),
    SMS("mscAddress", KIND_BCD, 1, 9, msc_address),
    SMS("sgsn-Number", KIND_BCD, 1, 9, sgsn_number),
    SMS("ms-Classmark2", KIND_HEX, 3, 3, ms_classmark2),
    SMS("iMEI", KIND_HEX, 8, 8, imei),
    SMS("calledPartyNumber", KIND_BCD, 1, 9, called_party_number),
};

const struct cap_parameter *cap_parameter_find(const char *name,
                                               enum cap_parameter_argument argument)
{
    for (size_t i = 0; i < sizeof(parameters) / sizeof(parameters[0]); i++)
        if (parameters[i].argument == argument && strcmp(parameters[i].name, name) == 0)
            return &parameters[i];
    return NULL;
}

const char *cap_parameter_name(const struct cap_parameter *parameter)
{
    return parameter->name;
}

void cap_parameter_form(const struct cap_parameter *parameter, char *text, size_t text_octets)
{
    switch ((enum parameter_kind)parameter->kind) {
    case KIND_UNSETTABLE:
        (void)snprintf(text, text_octets, "nothing, as it is made for each call");
        break;
    case KIND_INTEGER:
    case KIND_OCTET:
        (void)snprintf(text, text_octets, "a number from %d to %d", (int)parameter->min,
                       (int)parameter->max);
        break;
    case KIND_IMSI:
        (void)snprintf(text, text_octets, "5 to 15 digits");
        break;
    case KIND_HEX:
        (void)snprintf(text, text_octets, "%d to %d octets, two hexadecimal digits each",
                       (int)parameter->min, (int)parameter->max);
        break;
    case KIND_CELL:
        (void)snprintf(text, text_octets, "MCC-MNC-LAC-CI");
        break;
    case KIND_LAI:
        (void)snprintf(text, text_octets, "MCC-MNC-LAC");
        break;
    case KIND_TELESERVICE:
        (void)snprintf(text, text_octets, "a teleservice, two hexadecimal digits");
        break;
    case KIND_STATE:
        (void)snprintf(text, text_octets, "assumedIdle, camelBusy or notProvidedFromVLR");
        break;
    case KIND_PRESENT:
        (void)snprintf(text, text_octets, "yes");
        break;
    default:
        (void)snprintf(text, text_octets,
                       "digits (at most %d octets), national: or unknown: may stand in front",
                       (int)parameter->max);
        break;
    }
}

bool cap_parameter_in_phase(const struct cap_parameter *parameter, enum cap_phase phase)
{
    return (parameter->phases & (1u << phase)) != 0;
}

bool cap_parameter_may_be_omitted(const struct cap_parameter *parameter)
{
    return parameter->has != NOWHERE;
}

bool cap_parameter_may_be_set(const struct cap_parameter *parameter)
{
    return parameter->kind != KIND_UNSETTABLE;
}

/* --- text ------------------------------------------------------------------------------------- */

/* The words in front of a number, as nature of address of ISUP and as type of a BCD number. */
static const char *read_nature(const char *text, uint8_t *nature, uint8_t *type)
{
    static const struct {
        const char *word;
        uint8_t nature, type;
    } words[] = {{"international:", CAP_NATURE_INTERNATIONAL, CAP_TYPE_INTERNATIONAL},
                 {"national:", CAP_NATURE_NATIONAL, CAP_TYPE_NATIONAL},
                 {"subscriber:", CAP_NATURE_SUBSCRIBER, CAP_TYPE_UNKNOWN},
                 {"unknown:", CAP_NATURE_UNKNOWN, CAP_TYPE_UNKNOWN}};
    *nature = CAP_NATURE_INTERNATIONAL;
    *type = CAP_TYPE_INTERNATIONAL;
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (strncmp(text, words[i].word, strlen(words[i].word)) != 0)
            continue;
        *nature = words[i].nature;
        *type = words[i].type;
        return text + strlen(words[i].word);
    }
    return text;
}

static enum p7_status read_isup(const char *text, enum cap_isup_form form, struct bytes_writer *w)
{
    uint8_t type;
    struct cap_isup_number number = {.plan = CAP_PLAN_ISDN,
                                     .presentation = CAP_PRESENTATION_ALLOWED,
                                     .screening = CAP_SCREENING_NETWORK};
    const char *digits = read_nature(text, &number.nature, &type);
    if (digits[0] == '\0')
        return P7_MALFORMED;
    if (strlen(digits) > LIMIT_DIGITS)
        return P7_RANGE;
    memcpy(number.digits, digits, strlen(digits) + 1);
    return cap_isup_number_encode(w, form, &number);
}

static enum p7_status read_bcd(const char *text, struct bytes_writer *w)
{
    uint8_t nature;
    struct cap_bcd_number number = {.plan = CAP_PLAN_ISDN};
    const char *digits = read_nature(text, &nature, &number.type);
    if (digits[0] == '\0')
        return P7_MALFORMED;
    if (strlen(digits) > LIMIT_DIGITS)
        return P7_RANGE;
    memcpy(number.digits, digits, strlen(digits) + 1);
    return cap_bcd_number_encode(w, &number);
}

static int hex_of(char c)
{
    static const char digits[] = "0123456789abcdef";
    const char lower = c >= 'A' && c <= 'F' ? (char)(c - 'A' + 'a') : c;
    const char *at = c == '\0' ? NULL : strchr(digits, lower);
    return at == NULL ? -1 : (int)(at - digits);
}

static enum p7_status read_hex(const char *text, struct bytes_writer *w)
{
    for (; *text != '\0'; text += 2) {
        const int high = hex_of(text[0]);
        const int low = high < 0 ? -1 : hex_of(text[1]);
        if (low < 0)
            return P7_MALFORMED;
        bytes_write_u8(w, (uint8_t)(16 * high + low));
    }
    return w->failed ? P7_RANGE : P7_OK;
}

static enum p7_status read_decimal(const char *text, long min, long max, long *number)
{
    char *end = NULL;
    if (text[0] < '0' || text[0] > '9' || strlen(text) > 10)
        return P7_MALFORMED;
    *number = strtol(text, &end, 10);
    if (*end != '\0')
        return P7_MALFORMED;
    return *number < min || *number > max ? P7_RANGE : P7_OK;
}

/* The part of `*at` before the next dash, which is gone then. */
static bool take_part(const char **at, char *part, size_t part_octets)
{
    const size_t length = strcspn(*at, "-");
    if (length == 0 || length >= part_octets)
        return false;
    memcpy(part, *at, length);
    part[length] = '\0';
    *at += length + ((*at)[length] == '-' ? 1 : 0);
    return true;
}

static enum p7_status read_cell(const char *text, bool has_ci, struct bytes_writer *w)
{
    struct cap_cell cell = {.has_ci = has_ci};
    char part[8];
    long lac = 0;
    long ci = 0;
    if (!take_part(&text, cell.mcc, sizeof(cell.mcc)) ||
        !take_part(&text, cell.mnc, sizeof(cell.mnc)) || !take_part(&text, part, sizeof(part)))
        return P7_MALFORMED;
    enum p7_status status = read_decimal(part, 0, UINT16_MAX, &lac);
    if (status == P7_OK && has_ci)
        status = take_part(&text, part, sizeof(part)) ? read_decimal(part, 0, UINT16_MAX, &ci)
                                                      : P7_MALFORMED;
    if (status == P7_OK && *text != '\0')
        status = P7_MALFORMED;
    cell.lac = (uint16_t)lac;
    cell.ci = (uint16_t)ci;
    return status == P7_OK ? cap_cell_encode(w, &cell) : status;
}

enum subscriber_state { STATE_IDLE, STATE_BUSY, STATE_NOT_PROVIDED };

static enum p7_status read_state(const char *text, int32_t *number)
{
    static const char *const words[] = {[STATE_IDLE] = "assumedIdle",
                                        [STATE_BUSY] = "camelBusy",
                                        [STATE_NOT_PROVIDED] = "notProvidedFromVLR"};
    for (*number = 0; *number < (int32_t)(sizeof(words) / sizeof(words[0])); (*number)++)
        if (strcmp(text, words[*number]) == 0)
            return P7_OK;
    return P7_MALFORMED;
}

static enum p7_status read_octets(const struct cap_parameter *parameter, const char *text,
                                  struct bytes_writer *w)
{
    switch ((enum parameter_kind)parameter->kind) {
    case KIND_ISUP_CALLED:
        return read_isup(text, CAP_ISUP_CALLED, w);
    case KIND_ISUP_CALLING:
        return read_isup(text, CAP_ISUP_CALLING, w);
    case KIND_ISUP_LOCATION:
        return read_isup(text, CAP_ISUP_LOCATION, w);
    case KIND_ISUP_REDIRECTING:
        return read_isup(text, CAP_ISUP_REDIRECTING, w);
    case KIND_ISUP_GENERIC:
        return read_isup(text, CAP_ISUP_GENERIC, w);
    case KIND_BCD:
        return read_bcd(text, w);
    case KIND_IMSI:
        return cap_imsi_encode(w, text);
    case KIND_CELL:
        return read_cell(text, true, w);
    case KIND_LAI:
        return read_cell(text, false, w);
    default:
        return read_hex(text, w);
    }
}

enum p7_status cap_parameter_read(const struct cap_parameter *parameter, const char *text,
                                  struct cap_parameter_value *value)
{
    struct bytes_writer w = bytes_writer_of(value->octets, value->octets + sizeof(value->octets));
    long number = 0;
    enum p7_status status;
    value->number = 0;
    value->length = 0;
    switch ((enum parameter_kind)parameter->kind) {
    case KIND_UNSETTABLE:
        return P7_MALFORMED;
    case KIND_INTEGER:
    case KIND_OCTET:
        status = read_decimal(text, parameter->min, parameter->max, &number);
        value->number = (int32_t)number;
        return status;
    case KIND_STATE:
        return read_state(text, &value->number);
    case KIND_PRESENT:
        return strcmp(text, "yes") == 0 ? P7_OK : P7_MALFORMED;
    default:
        break;
    }
    status = read_octets(parameter, text, &w);
    if (status != P7_OK)
        return status == P7_FULL ? P7_RANGE : status;
    const size_t length = bytes_writer_length(&w);
    value->length = (uint8_t)length;
    return length < (size_t)parameter->min || length > (size_t)parameter->max ? P7_RANGE : P7_OK;
}

/* --- arguments -------------------------------------------------------------------------------- */

static bool *flag_at(void *argument, size_t offset)
{
    return (bool *)((char *)argument + offset);
}

static void put_state(struct cap_subscriber_state *state, int32_t number)
{
    *state =
        (struct cap_subscriber_state){.has = {
                                          .assumed_idle = number == STATE_IDLE,
                                          .camel_busy = number == STATE_BUSY,
                                          .not_provided_from_vlr = number == STATE_NOT_PROVIDED,
                                      }};
}

void cap_parameter_put(const struct cap_parameter *parameter,
                       const struct cap_parameter_value *value, void *argument)
{
    const struct bytes octets = bytes_of(value->octets, value->length);
    if (parameter->inside_has != NOWHERE)
        *flag_at(argument, parameter->inside_has) = true;
    if (parameter->has != NOWHERE)
        *flag_at(argument, parameter->has) = true;
    if (parameter->at == NOWHERE)
        return;
    void *at = (char *)argument + parameter->at;
    switch ((enum parameter_kind)parameter->kind) {
    case KIND_INTEGER:
        *(int32_t *)at = value->number;
        break;
    case KIND_OCTET:
        *(uint8_t *)at = (uint8_t)value->number;
        break;
    case KIND_CELL:
        *(struct cap_cell_identity *)at =
            (struct cap_cell_identity){.has = {.cell_global_id = true}, .cell_global_id = octets};
        break;
    case KIND_LAI:
        *(struct cap_cell_identity *)at =
            (struct cap_cell_identity){.has = {.lai = true}, .lai = octets};
        break;
    case KIND_TELESERVICE:
        *(struct cap_basic_service *)at =
            (struct cap_basic_service){.has = {.teleservice = true}, .teleservice = octets};
        break;
    case KIND_STATE:
        put_state(at, value->number);
        break;
    default:
        *(struct bytes *)at = octets;
        break;
    }
}

void cap_parameter_omit(const struct cap_parameter *parameter, void *argument)
{
    if (parameter->has != NOWHERE)
        *flag_at(argument, parameter->has) = false;
}
