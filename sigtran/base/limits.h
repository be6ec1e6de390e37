/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * limits - every bound of the signalling stack in one place, each with its reason.
 */
#ifndef SIGTRAN_BASE_LIMITS_H
#define SIGTRAN_BASE_LIMITS_H

/* Largest M3UA message that is sent or accepted. A UDT carries at most 272 octets of MTP3-user data
 * and an M3UA header with all parameters needs about 60; LUDT and SSNM lists reach about 4 KiB.
 * 64 KiB is what one SCTP user message can be with the buffers that we set. */
#define LIMIT_M3UA_MESSAGE_OCTETS 65536

/* Most routing contexts read from one message: an ASP with more serves no known network. */
#define LIMIT_M3UA_ROUTING_CONTEXTS 32

/* SCCP user data in one UDT: Q.713-4.10 gives the parameter one length octet (255), and 272 octets
 * of MTP3-user data less header and addresses leave fewer with a global title. */
#define LIMIT_SCCP_UDT_DATA_OCTETS 255

/* Longest encoded SCCP party address: PC 2, SSN 1, GT header 3, 32 digits in 16 octets. */
#define LIMIT_SCCP_ADDRESS_OCTETS 24

/* Long SCCP messages of which segments are waited for. Those that are whole are so within
 * milliseconds; of those that lose a segment, a hundred a second for T(reass) fit. Each takes
 * 4 KiB and a bit, once it has been used. */
#define LIMIT_SCCP_REASSEMBLIES 1024

/* Digits in one global title or party number; Q.713 sets no bound, E.164 has 15, ISUP 20. */
#define LIMIT_DIGITS 32

/* Components in one TCAP message: the longest flow of CAP sends four. */
#define LIMIT_TCAP_COMPONENTS 16

/* Nesting depth of BER that is followed: CAP needs 9. Bounds the recursion on hostile input. */
#define LIMIT_BER_DEPTH 16

/* Open dialogues of one program: 200 calls/s of a minute hold 12 000; studies scale to a million.
 */
#define LIMIT_DIALOGUES 4194304

/* Associations, ASPs and ASs of one program. */
#define LIMIT_ASSOCIATIONS 256
#define LIMIT_AS           64
#define LIMIT_ASP_PER_AS   16

/* SCTP streams of one association and direction: SLS (4 bits ITU, 8 bits ANSI) maps onto 1..n-1. */
#define LIMIT_STREAMS 256

/* IP addresses of one endpoint (RFC 9260 sets none; lksctp's API is used with lists of this). */
#define LIMIT_ADDRESSES 8

#endif
