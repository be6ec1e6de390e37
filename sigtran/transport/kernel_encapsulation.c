/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * The kernel's SCTP in UDP (RFC 6951, Linux 5.11 and later). The kernel takes one UDP port for all
 * SCTP of its network namespace; it is the operator's to set. What comes in by UDP is answered by
 * UDP without being told; an association that begins here has to be given the peer's port.
 */
#include <stdio.h>
#include <sys/socket.h>

#include "sigtran/transport/kernel_sctp.h"

#define PORT_FILE "/proc/sys/net/sctp/udp_port"

enum p7_status kernel_encapsulation_open(uint16_t asked, uint16_t *port, char *verdict,
                                         size_t octets)
{
    unsigned value = 0;
    FILE *file = fopen(PORT_FILE, "re");
    if (file == NULL) {
        (void)snprintf(verdict, octets,
                       "kernel SCTP can't be carried in UDP, there is no " PORT_FILE
                       ": it needs Linux 5.11; or `transport usrsctp`");
        return P7_SYSTEM;
    }
    const bool read = fscanf(file, "%u", &value) == 1;
    (void)fclose(file);
    if (!read || value == 0 || value > UINT16_MAX || (asked != 0 && value != asked)) {
        (void)snprintf(verdict, octets,
                       "the kernel's UDP port for SCTP is %u, not %u: sysctl -w "
                       "net.sctp.udp_port=%u, or udp-encapsulation local-port",
                       value, asked, asked != 0 ? asked : 9899u);
        return P7_SYSTEM;
    }
    *port = (uint16_t)value;
    return P7_OK;
}

int kernel_encapsulation_set(int fd, uint16_t peer_port)
{
    struct sctp_udpencaps encapsulation;
    memset(&encapsulation, 0, sizeof(encapsulation));
    encapsulation.sue_assoc_id = SCTP_FUTURE_ASSOC;
    encapsulation.sue_address.ss_family = AF_INET; /* none: the socket's associations to be */
    encapsulation.sue_port = htons(peer_port);
    return setsockopt(fd, IPPROTO_SCTP, SCTP_REMOTE_UDP_ENCAPS_PORT, &encapsulation,
                      sizeof(encapsulation));
}
