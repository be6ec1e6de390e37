/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * The rows of transport, SCTP profiles and cs7, in the open STP's words. Where it differs from us:
 * an `asp` there is an SG and SCTP server unless told otherwise, here an ASP and client.
 */
#include <string.h>

#include "config/language/grammar_rows.h"
#include "config/language/language.h"

#define MS_MAX      UINT64_C(3600000)
#define BUFFER_MIN  UINT64_C(16384)
#define BUFFER_MAX  UINT64_C(1073741824)
#define RETRANS_MAX UINT64_C(255)

static const struct value_choice transport_choices[] = {{"auto", TRANSPORT_AUTO},
                                                        {"kernel", TRANSPORT_KERNEL},
                                                        {"kernel-udp", TRANSPORT_KERNEL_UDP},
                                                        {"usrsctp", TRANSPORT_USRSCTP},
                                                        {"usrsctp-ip", TRANSPORT_USRSCTP_IP},
                                                        {NULL, 0}};
/* Network indicator of the SIO (Q.704-14.2.1). */
static const struct value_choice indicator_choices[] = {
    {"international", 0}, {"spare", 1}, {"national", 2}, {"reserved", 3}, {NULL, 0}};
static const struct value_choice delimiter_choices[] = {{"default", '.'}, {"dash", '-'}, {NULL, 0}};
static const struct value_choice variant_choices[] = {
    {"itu", SCCP_ITU}, {"ansi", SCCP_ANSI}, {NULL, 0}};
static const struct value_choice long_choices[] = {
    {"xudt", SCCP_LONG_XUDT}, {"ludt", SCCP_LONG_LUDT}, {NULL, 0}};
static const struct value_choice role_choices[] = {
    {"asp", ASP_ROLE_ASP}, {"sg", ASP_ROLE_SG}, {"ipsp", ASP_ROLE_IPSP}, {NULL, 0}};
static const struct value_choice exchange_choices[] = {
    {"single", IPSP_EXCHANGE_SINGLE}, {"double", IPSP_EXCHANGE_DOUBLE}, {NULL, 0}};
static const struct value_choice sctp_role_choices[] = {{"client", 1}, {"server", 0}, {NULL, 0}};
static const struct value_choice activation_choices[] = {
    {"always", ASP_ACTIVATION_ALWAYS}, {"active-node", ASP_ACTIVATION_ACTIVE_NODE}, {NULL, 0}};
static const struct value_choice allocation_choices[] = {
    {"static-only", ROUTING_KEY_STATIC_ONLY},
    {"dynamic-permitted", ROUTING_KEY_DYNAMIC_PERMITTED},
    {"none", ROUTING_KEY_NONE},
    {NULL, 0}};
static const struct value_choice registration_choices[] = {
    {"static", 0}, {"dynamic", 1}, {NULL, 0}};
static const struct value_choice mode_choices[] = {{"override", AS_MODE_OVERRIDE},
                                                   {"loadshare", AS_MODE_LOADSHARE},
                                                   {"broadcast", AS_MODE_BROADCAST},
                                                   {NULL, 0}};
_Static_assert(sizeof(enum transport_kind) == sizeof(uint32_t) &&
                   sizeof(enum asp_role) == sizeof(uint32_t) &&
                   sizeof(enum sccp_variant) == sizeof(uint32_t) &&
                   sizeof(enum sccp_long_messages) == sizeof(uint32_t) &&
                   sizeof(enum ipsp_exchange) == sizeof(uint32_t) &&
                   sizeof(enum routing_key_allocation) == sizeof(uint32_t) &&
                   sizeof(enum as_traffic_mode) == sizeof(uint32_t),
               "VALUE_CHOICE keeps enums as 32 bits");

/* --- sctp-profile ---------------------------------------------------------------------------- */

static enum p7_status profile_enter(struct grammar_call *call)
{
    struct settings *settings = call->settings;
    char name[SCTP_PROFILE_NAME_OCTETS];
    const enum p7_status status =
        value_parse_name(call->argument[0], name, sizeof(name), call->why);
    if (status != P7_OK)
        return status;
    for (uint32_t i = 0; i < settings->profile_count; i++)
        if (strcmp(settings->profile[i].name, name) == 0) {
            call->entered = &settings->profile[i];
            return P7_OK;
        }
    if (settings->profile_count == SETTINGS_PROFILES_MAX)
        return grammar_fail(call, P7_FULL, 0, "one profile too many; at most %d fit",
                            SETTINGS_PROFILES_MAX);
    struct sctp_profile *profile = &settings->profile[settings->profile_count++];
    const struct sctp_profile *lan = settings_find_profile(settings, "lan");
    *profile = *lan;
    value_copy_text(profile->name, sizeof(profile->name), name);
    call->entered = profile;
    return P7_OK;
}

static void profiles_write(const void *object, struct grammar_text *text)
{
    const struct settings *settings = object;
    for (uint32_t i = 0; i < settings->profile_count; i++) {
        grammar_text_line(text, "sctp-profile %s", settings->profile[i].name);
        grammar_write_node(GRAMMAR_PROFILE, &settings->profile[i], text);
    }
}

/* --- cs7 instance 0 -------------------------------------------------------------------------- */

static enum p7_status cs7_enter(struct grammar_call *call)
{
    if (strcmp(call->argument[0], "0") != 0)
        return grammar_fail(call, P7_RANGE, 0, "one instance is all there is; write 0");
    call->entered = call->settings;
    return P7_OK;
}

static void cs7_write(const void *object, struct grammar_text *text)
{
    grammar_text_line(text, "cs7 instance 0");
    grammar_write_node(GRAMMAR_CS7, object, text);
}

static enum p7_status format_set(struct grammar_call *call)
{
    struct point_code_format format = {.delimiter =
                                           call->settings->instance.point_code_format.delimiter};
    for (uint32_t i = 0; i < call->argument_count; i++) {
        uint64_t bits = 0;
        if (i == POINT_CODE_PARTS_MAX)
            return grammar_fail(call, P7_RANGE, i, "one part too many; write at most %u",
                                POINT_CODE_PARTS_MAX);
        const enum p7_status status =
            value_parse_number(call->argument[i], 1, POINT_CODE_BITS_MAX, &bits, call->why);
        call->bad_argument = i;
        if (status != P7_OK)
            return status;
        format.bits[i] = (uint8_t)bits;
    }
    if (point_code_format_check(&format) != P7_OK)
        return grammar_fail(call, P7_RANGE, 0,
                            "more bits than M3UA carries; write at most %u in all",
                            POINT_CODE_BITS_MAX);
    call->settings->instance.point_code_format = format;
    return P7_OK;
}

static void format_write(const void *object, struct grammar_text *text)
{
    const struct settings *settings = object;
    const struct point_code_format *format = &settings->instance.point_code_format;
    const struct point_code_format itu = point_code_format_itu();
    if (memcmp(format->bits, itu.bits, sizeof(itu.bits)) == 0)
        return;
    if (format->bits[1] == 0)
        grammar_text_line(text, "point-code format %u", format->bits[0]);
    else if (format->bits[2] == 0)
        grammar_text_line(text, "point-code format %u %u", format->bits[0], format->bits[1]);
    else
        grammar_text_line(text, "point-code format %u %u %u", format->bits[0], format->bits[1],
                          format->bits[2]);
}

static enum p7_status delimiter_set(struct grammar_call *call)
{
    uint32_t value = 0;
    const enum p7_status status =
        value_parse_choice(call->argument[0], delimiter_choices, &value, call->why);
    if (status == P7_OK)
        call->settings->instance.point_code_format.delimiter = (char)value;
    return status;
}

static void delimiter_write(const void *object, struct grammar_text *text)
{
    const struct settings *settings = object;
    if (settings->instance.point_code_format.delimiter == '-')
        grammar_text_line(text, "point-code delimiter dash");
}

static enum p7_status indicator_set(struct grammar_call *call)
{
    uint32_t value = 0;
    const enum p7_status status =
        value_parse_choice(call->argument[0], indicator_choices, &value, call->why);
    if (status == P7_OK)
        call->settings->instance.network_indicator = (uint8_t)value;
    return status;
}

static void indicator_write(const void *object, struct grammar_text *text)
{
    const struct settings *settings = object;
    const char *word = value_choice_word(indicator_choices, settings->instance.network_indicator);
    if (word != NULL)
        grammar_text_line(text, "network-indicator %s", word);
}

static enum p7_status parse_m3ua(struct grammar_call *call, uint32_t argument)
{
    return strcmp(call->argument[argument], "m3ua") == 0
               ? P7_OK
               : grammar_fail(call, P7_UNSUPPORTED, argument, "no such protocol here; write m3ua");
}

static enum p7_status asp_enter(struct grammar_call *call)
{
    struct settings *settings = call->settings;
    struct asp_settings asp = {0};
    uint64_t port[2] = {0, 0};
    enum p7_status status =
        value_parse_name(call->argument[0], asp.name, sizeof(asp.name), call->why);
    for (uint32_t i = 0; status == P7_OK && i < 2; i++) {
        call->bad_argument = i + 1;
        status = value_parse_number(call->argument[i + 1], 0, UINT16_MAX, &port[i], call->why);
    }
    if (status == P7_OK)
        status = parse_m3ua(call, 3);
    if (status != P7_OK)
        return status;
    if (settings_find_asp(settings, asp.name) != NULL)
        return grammar_fail(call, P7_EXISTS, 0, "this name is an asp already; take another");
    if (settings->asp_count == SETTINGS_ASPS_MAX)
        return grammar_fail(call, P7_FULL, 0, "one asp too many; at most %d fit",
                            SETTINGS_ASPS_MAX);
    value_copy_text(asp.endpoint.name, sizeof(asp.endpoint.name), asp.name);
    value_copy_text(asp.profile, sizeof(asp.profile), "lan");
    asp.endpoint.remote_port = (uint16_t)port[0];
    asp.endpoint.local_port = (uint16_t)port[1];
    asp.endpoint.udp_remote_port = 9899; /* RFC6951-5.1 */
    asp.role = ASP_ROLE_ASP;
    asp.sctp_client = true;
    asp.t_ack_ms = 2000;    /* RFC4666-4.3.4.1 */
    asp.t_audit_ms = 30000; /* RFC4666-4.5.3 names no time */
    settings->asp[settings->asp_count] = asp;
    call->entered = &settings->asp[settings->asp_count++];
    return P7_OK;
}

static void asps_write(const void *object, struct grammar_text *text)
{
    const struct settings *settings = object;
    for (uint32_t i = 0; i < settings->asp_count; i++) {
        const struct asp_settings *asp = &settings->asp[i];
        grammar_text_line(text, "asp %s %u %u m3ua", asp->name, asp->endpoint.remote_port,
                          asp->endpoint.local_port);
        grammar_write_node(GRAMMAR_ASP, asp, text);
    }
}

static enum p7_status address_add(struct grammar_call *call, uint32_t *count,
                                  char (*list)[TRANSPORT_IP_TEXT_OCTETS])
{
    char address[TRANSPORT_IP_TEXT_OCTETS];
    const enum p7_status status =
        value_parse_address(call->argument[0], address, sizeof(address), call->why);
    if (status != P7_OK)
        return status;
    for (uint32_t i = 0; i < *count; i++)
        if (strcmp(list[i], address) == 0)
            return grammar_fail(call, P7_EXISTS, 0, "this address stands here already; leave out");
    if (*count == LIMIT_ADDRESSES)
        return grammar_fail(call, P7_FULL, 0, "one address too many; at most %d fit",
                            LIMIT_ADDRESSES);
    value_copy_text(list[(*count)++], TRANSPORT_IP_TEXT_OCTETS, address);
    return P7_OK;
}

static enum p7_status local_ip_set(struct grammar_call *call)
{
    struct asp_settings *asp = call->object;
    return address_add(call, &asp->endpoint.local_ip_count, asp->endpoint.local_ip);
}

static enum p7_status remote_ip_set(struct grammar_call *call)
{
    struct asp_settings *asp = call->object;
    return address_add(call, &asp->endpoint.remote_ip_count, asp->endpoint.remote_ip);
}

static void local_ip_write(const void *object, struct grammar_text *text)
{
    const struct asp_settings *asp = object;
    for (uint32_t i = 0; i < asp->endpoint.local_ip_count; i++)
        grammar_text_line(text, "local-ip %s", asp->endpoint.local_ip[i]);
}

static void remote_ip_write(const void *object, struct grammar_text *text)
{
    const struct asp_settings *asp = object;
    for (uint32_t i = 0; i < asp->endpoint.remote_ip_count; i++)
        grammar_text_line(text, "remote-ip %s", asp->endpoint.remote_ip[i]);
}

static enum p7_status sctp_role_set(struct grammar_call *call)
{
    struct asp_settings *asp = call->object;
    uint32_t value = 0;
    const enum p7_status status =
        value_parse_choice(call->argument[0], sctp_role_choices, &value, call->why);
    if (status == P7_OK)
        asp->sctp_client = value == 1;
    return status;
}

static void sctp_role_write(const void *object, struct grammar_text *text)
{
    const struct asp_settings *asp = object;
    grammar_text_line(text, "sctp-role %s",
                      value_choice_word(sctp_role_choices, asp->sctp_client ? 1 : 0));
}

/* --- as -------------------------------------------------------------------------------------- */

static enum p7_status as_enter(struct grammar_call *call)
{
    struct settings *settings = call->settings;
    char name[SETTINGS_NAME_OCTETS];
    enum p7_status status = value_parse_name(call->argument[0], name, sizeof(name), call->why);
    if (status == P7_OK)
        status = parse_m3ua(call, 1);
    if (status != P7_OK)
        return status;
    if (settings_find_as(settings, name) != NULL)
        return grammar_fail(call, P7_EXISTS, 0, "this name is an as already; take another");
    if (settings->as_count == SETTINGS_AS_MAX)
        return grammar_fail(call, P7_FULL, 0, "one as too many; at most %d fit", SETTINGS_AS_MAX);
    struct as_settings *as = &settings->as[settings->as_count++];
    value_copy_text(as->name, sizeof(as->name), name);
    as->traffic_mode = AS_MODE_OVERRIDE;
    as->recovery_timeout_ms = 2000; /* RFC4666-4.3.2: T(r) */
    as->active_minimum = 1;
    call->entered = as;
    return P7_OK;
}

static void ass_write(const void *object, struct grammar_text *text)
{
    const struct settings *settings = object;
    for (uint32_t i = 0; i < settings->as_count; i++) {
        grammar_text_line(text, "as %s m3ua", settings->as[i].name);
        grammar_write_node(GRAMMAR_AS, &settings->as[i], text);
    }
}

static enum p7_status as_asp_set(struct grammar_call *call)
{
    struct as_settings *as = call->object;
    char name[SETTINGS_NAME_OCTETS];
    const enum p7_status status =
        value_parse_name(call->argument[0], name, sizeof(name), call->why);
    if (status != P7_OK)
        return status;
    for (uint32_t i = 0; i < as->asp_count; i++)
        if (strcmp(as->asp[i], name) == 0)
            return grammar_fail(call, P7_EXISTS, 0, "this asp stands here already; leave it out");
    if (as->asp_count == LIMIT_ASP_PER_AS)
        return grammar_fail(call, P7_FULL, 0, "one asp too many; an as holds at most %d",
                            LIMIT_ASP_PER_AS);
    value_copy_text(as->asp[as->asp_count++], SETTINGS_NAME_OCTETS, name);
    return P7_OK;
}

static void as_asp_write(const void *object, struct grammar_text *text)
{
    const struct as_settings *as = object;
    for (uint32_t i = 0; i < as->asp_count; i++)
        grammar_text_line(text, "asp %s", as->asp[i]);
}

static enum p7_status routing_key_set(struct grammar_call *call)
{
    struct as_settings *as = call->object;
    uint64_t context = 0;
    uint32_t point_code = 0;
    const bool none = strcmp(call->argument[0], "none") == 0;
    enum p7_status status =
        none ? P7_OK : value_parse_number(call->argument[0], 0, UINT32_MAX, &context, call->why);
    if (status != P7_OK)
        return status;
    status = value_parse_point_code(call, 1, &point_code);
    if (status != P7_OK)
        return status;
    as->has_routing_context = !none;
    as->routing_context = (uint32_t)context;
    as->point_code = point_code;
    return P7_OK;
}

static void routing_key_write(const void *object, struct grammar_text *text)
{
    const struct as_settings *as = object;
    char pc[POINT_CODE_TEXT_OCTETS];
    (void)point_code_text(text->point_codes, as->point_code, pc);
    if (as->has_routing_context)
        grammar_text_line(text, "routing-key %u %s", as->routing_context, pc);
    else if (as->point_code != 0)
        grammar_text_line(text, "routing-key none %s", pc);
}

/* --- the rows -------------------------------------------------------------------------------- */

#define TOP(kind, words, field, lowest, highest, about)                                            \
    ROW_VALUE(GRAMMAR_TOP, kind, words, struct settings, field, lowest, highest, about)
#define PROFILE(kind, words, field, lowest, highest, about)                                        \
    ROW_VALUE(GRAMMAR_PROFILE, kind, words, struct sctp_profile, field, lowest, highest, about)

const struct grammar_row grammar_network[] = {
    ROW_CHOICE(GRAMMAR_TOP, "transport KIND", struct settings, transport.kind, transport_choices,
               "How SCTP is carried: auto, kernel, kernel-udp (in UDP), usrsctp (in UDP) or "
               "usrsctp-ip (raw IP)"),
    TOP(VALUE_U16, "udp-encapsulation local-port PORT", transport.udp_local_port, 0, UINT16_MAX,
        "Our UDP port (RFC 6951); 0: the system chooses, for clients. For kernel-udp the port "
        "that net.sctp.udp_port has; 0: whatever it has"),
    ROW_TEXT(GRAMMAR_TOP, VALUE_ADDRESS, "udp-encapsulation local-ip ADDRESS", struct settings,
             transport.udp_local_ip, "Our UDP address for usrsctp; any when not given"),
    ROW_OPTIONAL(GRAMMAR_TOP, VALUE_U16, "console port PORT", struct settings, console_port,
                 has_console_port, 0, UINT16_MAX, "Telnet console on 127.0.0.1; 0: none"),
    TOP(VALUE_U16, "control port PORT", control_port, 0, UINT16_MAX,
        "CTRL interface on 127.0.0.1; 0: none"),
    TOP(VALUE_OCTETS64, "capture OCTETS", capture_octets, 0, UINT64_C(1) << 40,
        "Every M3UA message into a pcapng file of at most that size; 0: none"),
    ROW_ENTER(GRAMMAR_TOP, GRAMMAR_PROFILE, "sctp-profile NAME", profile_enter, profiles_write,
              "SCTP parameters by name; a new one starts as a copy of lan"),
    PROFILE(VALUE_MS32, "rto initial MS", rto_initial_ms, 1, MS_MAX, "RTO.Initial"),
    PROFILE(VALUE_MS32, "rto min MS", rto_min_ms, 1, MS_MAX, "RTO.Min"),
    PROFILE(VALUE_MS32, "rto max MS", rto_max_ms, 1, MS_MAX, "RTO.Max"),
    PROFILE(VALUE_MS32, "sack delay MS", sack_delay_ms, 0, 500,
            "Delay of a SACK (RFC9260-6.2: at most 500 ms); 0: none"),
    PROFILE(VALUE_U32, "sack frequency N", sack_frequency, 1, 64,
            "Packets after which a SACK goes out at once"),
    PROFILE(VALUE_MS32, "heartbeat interval MS", hb_interval_ms, 0, MS_MAX,
            "HB.interval of SCTP HEARTBEAT (not of M3UA BEAT); 0: off"),
    PROFILE(VALUE_U32, "path-max-retrans N", path_max_retrans, 1, RETRANS_MAX, "Path.Max.Retrans"),
    PROFILE(VALUE_U32, "association-max-retrans N", association_max_retrans, 1, RETRANS_MAX,
            "Association.Max.Retrans"),
    PROFILE(VALUE_U32, "init max-attempts N", init_max_attempts, 1, RETRANS_MAX,
            "Max.Init.Retransmits"),
    PROFILE(VALUE_MS32, "init timeout-max MS", init_timeout_max_ms, 1, MS_MAX,
            "The longest wait between two INITs"),
    PROFILE(VALUE_U32, "streams outbound N", streams_out, 1, LIMIT_STREAMS,
            "Outbound streams asked for: stream 0 is management's, SLS maps onto the others"),
    PROFILE(VALUE_U32, "streams inbound N", streams_in, 1, LIMIT_STREAMS, "Inbound streams"),
    ROW_FLAG(GRAMMAR_PROFILE, VALUE_TRUE, "nodelay", struct sctp_profile, nodelay,
             "Sends at once (the default)"),
    ROW_FLAG(GRAMMAR_PROFILE, VALUE_FALSE, "no nodelay", struct sctp_profile, nodelay,
             "Nagle: holds a lone request back until the last one is acknowledged"),
    PROFILE(VALUE_OCTETS32, "buffer send OCTETS", send_buffer_octets, BUFFER_MIN, BUFFER_MAX,
            "Send buffer"),
    PROFILE(VALUE_OCTETS32, "buffer receive OCTETS", receive_buffer_octets, BUFFER_MIN, BUFFER_MAX,
            "Receive buffer: the window that the peer may fill"),
    ROW_ENTER(GRAMMAR_TOP, GRAMMAR_CS7, "cs7 instance NUMBER", cs7_enter, cs7_write,
              "Who we are in the SS7 network"),
    ROW_CUSTOM(GRAMMAR_CS7, "point-code format .BITS", format_set, format_write,
               "How point codes are written: the bits of each part, 3 8 3 (the default) or 8 8 8; "
               "stands in front of the first one"),
    ROW_CUSTOM(GRAMMAR_CS7, "point-code delimiter KIND", delimiter_set, delimiter_write,
               "What stands between the parts: default (a dot) or dash; both are read"),
    ROW_VALUE(GRAMMAR_CS7, VALUE_POINT_CODE, "point-code PC", struct settings, instance.point_code,
              0, 16383, "Our point code, ITU 3.8.3 or a number"),
    ROW_CUSTOM(GRAMMAR_CS7, "network-indicator KIND", indicator_set, indicator_write,
               "international, national, spare or reserved"),
    ROW_OPTIONAL(GRAMMAR_CS7, VALUE_U32, "network-appearance N", struct settings,
                 instance.network_appearance, instance.has_network_appearance, 0, UINT32_MAX,
                 "M3UA Network Appearance; not sent when not given"),
    ROW_CHOICE(GRAMMAR_CS7, "sccp-variant KIND", struct settings, instance.sccp_variant,
               variant_choices,
               "How SCCP addresses are coded: itu (Q.713) or ansi (T1.112.3, point codes of 24 "
               "bits)"),
    ROW_CHOICE(GRAMMAR_CS7, "sccp-long-messages KIND", struct settings, instance.long_messages,
               long_choices,
               "What is too long for a UDT goes in segments: xudt, or whole: ludt (for networks of "
               "M3UA alone)"),
    ROW_VALUE(GRAMMAR_CS7, VALUE_U8, "sccp-class N", struct settings, instance.sccp_class, 0, 1,
              "SCCP class of what we send: 1, in sequence, or 0"),
    ROW_FLAG(GRAMMAR_CS7, VALUE_TRUE, "sccp-return-option", struct settings,
             instance.sccp_return_option,
             "Messages that can't be delivered come back (the default)"),
    ROW_FLAG(GRAMMAR_CS7, VALUE_FALSE, "no sccp-return-option", struct settings,
             instance.sccp_return_option, "They are lost without a word"),
    ROW_VALUE(GRAMMAR_CS7, VALUE_TIME32, "sccp-timer reassembly TIME", struct settings,
              instance.t_reass_ms, 1000, 60000,
              "T(reass): how long the segments of a message are waited for"),
    ROW_CHOICE(GRAMMAR_CS7, "xua rkm routing-key-allocation KIND", struct settings,
               instance.allocation, allocation_choices,
               "Role sg: which routing keys asps may register: static-only, dynamic-permitted or "
               "none"),
    ROW_ENTER(GRAMMAR_CS7, GRAMMAR_ASP, "asp NAME REMOTE-PORT LOCAL-PORT PROTOCOL", asp_enter,
              asps_write, "One association: remote SCTP port first, local second, then m3ua"),
    ROW_CUSTOM(GRAMMAR_ASP, "local-ip ADDRESS", local_ip_set, local_ip_write,
               "Our address; several lines for multi-homing, none for any"),
    ROW_CUSTOM(GRAMMAR_ASP, "remote-ip ADDRESS", remote_ip_set, remote_ip_write,
               "The peer's address; several lines for multi-homing"),
    ROW_CHOICE(GRAMMAR_ASP, "role KIND", struct asp_settings, role, role_choices,
               "Our own M3UA role: asp, sg or ipsp"),
    ROW_CHOICE(GRAMMAR_ASP, "exchange KIND", struct asp_settings, exchange, exchange_choices,
               "Of two ipsps: single, one ASP UP and ASP ACTIVE serve both, or double, each sends "
               "its own"),
    ROW_CUSTOM(GRAMMAR_ASP, "sctp-role KIND", sctp_role_set, sctp_role_write,
               "client connects, server waits"),
    ROW_CUSTOM(GRAMMAR_ASP, "transport-role KIND", sctp_role_set, NULL,
               "The same, as later versions of the open STP say it"),
    ROW_TEXT(GRAMMAR_ASP, VALUE_NAME, "profile NAME", struct asp_settings, profile,
             "The sctp-profile of this association"),
    ROW_VALUE(GRAMMAR_ASP, VALUE_U16, "udp-port PORT", struct asp_settings,
              endpoint.udp_remote_port, 1, UINT16_MAX, "The peer's UDP port (RFC 6951)"),
    ROW_OPTIONAL(GRAMMAR_ASP, VALUE_U32, "asp-identifier N", struct asp_settings, asp_identifier,
                 has_asp_identifier, 0, UINT32_MAX, "M3UA ASP Identifier in ASP UP"),
    ROW_VALUE(GRAMMAR_ASP, VALUE_MS32, "timer ack MS", struct asp_settings, t_ack_ms, 10, MS_MAX,
              "T(ack) of M3UA"),
    ROW_VALUE(GRAMMAR_ASP, VALUE_MS32, "timer beat MS", struct asp_settings, t_beat_ms, 0, MS_MAX,
              "T(beat): interval of M3UA BEAT (not of SCTP HEARTBEAT); 0: none"),
    ROW_VALUE(GRAMMAR_ASP, VALUE_MS32, "timer audit MS", struct asp_settings, t_audit_ms, 0, MS_MAX,
              "How often DAUD asks for a destination that is not available; 0: never"),
    ROW_ENTER(GRAMMAR_CS7, GRAMMAR_AS, "as NAME PROTOCOL", as_enter, ass_write,
              "An application server: the ASPs that serve one routing key"),
    ROW_CUSTOM(GRAMMAR_AS, "asp NAME", as_asp_set, as_asp_write, "An asp that serves it"),
    ROW_CUSTOM(GRAMMAR_AS, "routing-key RC PC", routing_key_set, routing_key_write,
               "Routing context (or none) and the point code that this as serves"),
    ROW_CHOICE(GRAMMAR_AS, "traffic-mode KIND", struct as_settings, traffic_mode, mode_choices,
               "override, loadshare or broadcast"),
    ROW_VALUE(GRAMMAR_AS, VALUE_MS32, "recovery-timeout MS", struct as_settings,
              recovery_timeout_ms, 1, MS_MAX, "T(r): how long a pending as keeps its traffic"),
    ROW_VALUE(GRAMMAR_AS, VALUE_U32, "active-minimum N", struct as_settings, active_minimum, 1,
              LIMIT_ASP_PER_AS,
              "Loadshare, broadcast: how many active asps make the as active, and below how many "
              "the inactive ones are told"),
    ROW_CHOICE(GRAMMAR_AS, "registration KIND", struct as_settings, registers, registration_choices,
               "static: the peer knows our routing key; dynamic: we register it (REG REQ)"),
    ROW_CHOICE(GRAMMAR_AS, "asp-activation KIND", struct as_settings, activation,
               activation_choices,
               "When our asps ask for traffic: always, or active-node (of a cluster) only"),
};
const uint32_t grammar_network_count = sizeof(grammar_network) / sizeof(grammar_network[0]);
