/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * sctp_profile - the SCTP parameters of an association, by the names of RFC 9260 section 16 and
 * RFC 6458. Set before the association starts, read back from the stack for every result.
 */
#ifndef SIGTRAN_TRANSPORT_SCTP_PROFILE_H
#define SIGTRAN_TRANSPORT_SCTP_PROFILE_H

#include <stdbool.h>
#include <stdint.h>

#define SCTP_PROFILE_NAME_OCTETS 32

struct sctp_profile {
    char name[SCTP_PROFILE_NAME_OCTETS];
    uint32_t rto_initial_ms; /* RTO.Initial */
    uint32_t rto_min_ms;     /* RTO.Min: the lowest rung of the retransmission ladder */
    uint32_t rto_max_ms;     /* RTO.Max */
    uint32_t sack_delay_ms;
    uint32_t sack_frequency; /* packets before a SACK goes out at once */
    uint32_t hb_interval_ms; /* HB.interval of SCTP; 0 switches HEARTBEATs off */
    uint32_t path_max_retrans;
    uint32_t association_max_retrans;
    uint32_t init_max_attempts;
    uint32_t init_timeout_max_ms;
    uint32_t streams_out; /* asked for; the peer may grant fewer */
    uint32_t streams_in;
    bool nodelay; /* without it Nagle holds a lone request back for a round trip */
    uint32_t send_buffer_octets;
    uint32_t receive_buffer_octets;
};

#endif
