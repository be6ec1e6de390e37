/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "sigtran/transport/addresses.h"

#include <string.h>

static size_t octets_of(int family)
{
    return family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);
}

enum p7_status addresses_read(struct addresses *addresses, uint32_t count,
                              const char (*ips)[TRANSPORT_IP_TEXT_OCTETS], uint16_t port)
{
    *addresses = (struct addresses){.family = AF_INET};
    for (uint32_t i = 0; i < count && i < LIMIT_ADDRESSES; i++) {
        union udp_address address;
        const enum p7_status status = udp_address_parse(&address, ips[i], port);
        if (status != P7_OK)
            return status;
        const size_t length = octets_of(address.any.sa_family);
        if (address.any.sa_family != AF_INET)
            addresses->family = AF_INET6;
        memcpy(addresses->octets + addresses->length, &address, length);
        addresses->length += length;
        addresses->count++;
    }
    return P7_OK;
}

size_t addresses_load(const uint8_t *at, union udp_address *address)
{
    sa_family_t family;
    memcpy(&family, at, sizeof(family));
    memset(address, 0, sizeof(*address));
    memcpy(address, at, octets_of(family));
    return octets_of(family);
}
