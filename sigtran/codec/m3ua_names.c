/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "sigtran/codec/m3ua.h"

const char *m3ua_kind_name(enum m3ua_kind kind)
{
    static const struct {
        enum m3ua_kind kind;
        const char *name;
    } names[] = {
        {M3UA_ERR, "ERR"},
        {M3UA_NTFY, "NTFY"},
        {M3UA_DATA, "DATA"},
        {M3UA_DUNA, "DUNA"},
        {M3UA_DAVA, "DAVA"},
        {M3UA_DAUD, "DAUD"},
        {M3UA_SCON, "SCON"},
        {M3UA_DUPU, "DUPU"},
        {M3UA_DRST, "DRST"},
        {M3UA_ASPUP, "ASPUP"},
        {M3UA_ASPDN, "ASPDN"},
        {M3UA_BEAT, "BEAT"},
        {M3UA_ASPUP_ACK, "ASPUP ACK"},
        {M3UA_ASPDN_ACK, "ASPDN ACK"},
        {M3UA_BEAT_ACK, "BEAT ACK"},
        {M3UA_ASPAC, "ASPAC"},
        {M3UA_ASPIA, "ASPIA"},
        {M3UA_ASPAC_ACK, "ASPAC ACK"},
        {M3UA_ASPIA_ACK, "ASPIA ACK"},
        {M3UA_REG_REQ, "REG REQ"},
        {M3UA_REG_RSP, "REG RSP"},
        {M3UA_DEREG_REQ, "DEREG REQ"},
        {M3UA_DEREG_RSP, "DEREG RSP"},
    };
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (names[i].kind == kind)
            return names[i].name;
    return "?";
}

const char *m3ua_error_text(uint32_t code)
{
    switch (code) {
    case M3UA_ERROR_INVALID_VERSION:
        return "Invalid Version";
    case M3UA_ERROR_UNSUPPORTED_MESSAGE_CLASS:
        return "Unsupported Message Class";
    case M3UA_ERROR_UNSUPPORTED_MESSAGE_TYPE:
        return "Unsupported Message Type";
    case M3UA_ERROR_UNSUPPORTED_TRAFFIC_MODE:
        return "Unsupported Traffic Mode Type";
    case M3UA_ERROR_UNEXPECTED_MESSAGE:
        return "Unexpected Message";
    case M3UA_ERROR_PROTOCOL_ERROR:
        return "Protocol Error";
    case M3UA_ERROR_INVALID_STREAM_IDENTIFIER:
        return "Invalid Stream Identifier";
    case M3UA_ERROR_MANAGEMENT_BLOCKING:
        return "Refused - Management Blocking";
    case M3UA_ERROR_ASP_IDENTIFIER_REQUIRED:
        return "ASP Identifier Required";
    case M3UA_ERROR_INVALID_ASP_IDENTIFIER:
        return "Invalid ASP Identifier";
    case M3UA_ERROR_INVALID_PARAMETER_VALUE:
        return "Invalid Parameter Value";
    case M3UA_ERROR_PARAMETER_FIELD_ERROR:
        return "Parameter Field Error";
    case M3UA_ERROR_UNEXPECTED_PARAMETER:
        return "Unexpected Parameter";
    case M3UA_ERROR_DESTINATION_STATUS_UNKNOWN:
        return "Destination Status Unknown";
    case M3UA_ERROR_INVALID_NETWORK_APPEARANCE:
        return "Invalid Network Appearance";
    case M3UA_ERROR_MISSING_PARAMETER:
        return "Missing Parameter";
    case M3UA_ERROR_INVALID_ROUTING_CONTEXT:
        return "Invalid Routing Context";
    case M3UA_ERROR_NO_CONFIGURED_AS:
        return "No Configured AS for ASP";
    default:
        return "unknown error code";
    }
}

const char *m3ua_status_text(uint16_t type, uint16_t information)
{
    static const char *const as_states[] = {"reserved", "reserved", "AS-INACTIVE", "AS-ACTIVE",
                                            "AS-PENDING"};
    static const char *const others[] = {"reserved", "Insufficient ASP Resources Active in AS",
                                         "Alternate ASP Active", "ASP Failure"};
    if (type == M3UA_STATUS_AS_STATE_CHANGE &&
        information < sizeof(as_states) / sizeof(as_states[0]))
        return as_states[information];
    if (type == M3UA_STATUS_OTHER && information < sizeof(others) / sizeof(others[0]))
        return others[information];
    return "unknown status";
}

const char *m3ua_registration_text(uint32_t status)
{
    static const char *const texts[] = {"Successfully Registered",
                                        "Error - Unknown",
                                        "Error - Invalid DPC",
                                        "Error - Invalid Network Appearance",
                                        "Error - Invalid Routing Key",
                                        "Error - Permission Denied",
                                        "Error - Cannot Support Unique Routing",
                                        "Error - Routing Key not Currently Provisioned",
                                        "Error - Insufficient Resources",
                                        "Error - Unsupported RK parameter Field",
                                        "Error - Unsupported/Invalid Traffic Handling Mode",
                                        "Error - Routing Key Change Refused",
                                        "Error - Routing Key Already Registered"};
    return status < sizeof(texts) / sizeof(texts[0]) ? texts[status]
                                                     : "unknown registration status";
}

const char *m3ua_deregistration_text(uint32_t status)
{
    static const char *const texts[] = {
        "Successfully Deregistered",       "Error - Unknown",
        "Error - Invalid Routing Context", "Error - Permission Denied",
        "Error - Not Registered",          "Error - ASP Currently Active for Routing Context"};
    return status < sizeof(texts) / sizeof(texts[0]) ? texts[status]
                                                     : "unknown deregistration status";
}
