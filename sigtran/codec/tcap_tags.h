/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * tcap_tags - tags of Q.773-4.2 that only TCAP's own sources need, and what those share. Users
 * include tcap.h.
 */
#ifndef SIGTRAN_CODEC_TCAP_TAGS_H
#define SIGTRAN_CODEC_TCAP_TAGS_H

#include "sigtran/codec/ber.h"
#include "sigtran/codec/tcap.h"

/* Transaction portion, Q.773-4.2.1. */
#define TAG_OTID              0x48u
#define TAG_DTID              0x49u
#define TAG_P_ABORT_CAUSE     0x4au
#define TAG_DIALOGUE_PORTION  0x6bu
#define TAG_COMPONENT_PORTION 0x6cu

/* Dialogue portion, Q.773-4.2.3. */
#define TAG_SINGLE_ASN1_TYPE    0xa0u
#define TAG_PROTOCOL_VERSION    0x80u /* AARQ, AARE */
#define TAG_ABORT_SOURCE        0x80u /* ABRT */
#define TAG_APPLICATION_CONTEXT 0xa1u
#define TAG_RESULT              0xa2u
#define TAG_RESULT_SOURCE       0xa3u
#define TAG_SOURCE_USER         0xa1u
#define TAG_SOURCE_PROVIDER     0xa2u
#define TAG_USER_INFORMATION    0xbeu

/* Component portion, Q.773-4.2.2. */
#define TAG_LINKED_ID 0x80u

/* Contents of the object identifiers 0.0.17.773.1.1.1 (structured dialogues) and 0.0.17.773.1.2.1
 * (unidirectional), Q.773-4.2.3. */
#define TCAP_DIALOGUE_AS_OCTETS                                                                    \
    {                                                                                              \
        0x00, 0x11, 0x86, 0x05, 0x01, 0x01, 0x01                                                   \
    }
#define TCAP_UNIDIALOGUE_AS_OCTETS                                                                 \
    {                                                                                              \
        0x00, 0x11, 0x86, 0x05, 0x01, 0x02, 0x01                                                   \
    }

/* The component portion into message->components or message->fault; fails only with resource
 * limitation. */
enum p7_status tcap_decode_components(const struct ber_element *portion,
                                      struct tcap_message *message) P7_MUST_CHECK;

#endif
