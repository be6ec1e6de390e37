/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "sigtran/transport/addresses.h"
#include "sigtran/transport/kernel_sctp.h"

/* The event mask has grown with kernels, and an older one refuses a longer mask: these are the
 * members up to the last that is used. */
#define EVENT_MASK_OCTETS 8

static int option_set(int fd, int option, const void *value, socklen_t length)
{
    return setsockopt(fd, IPPROTO_SCTP, option, value, length);
}

static bool option_get(int fd, int option, void *value, socklen_t length)
{
    socklen_t l = length;
    return getsockopt(fd, IPPROTO_SCTP, option, value, &l) == 0;
}

static void buffer_set(int fd, int force, int option, uint32_t octets)
{
    const int size = (int)octets;
    if (octets == 0)
        return;
    /* FORCE goes beyond net.core.?mem_max and needs CAP_NET_ADMIN. What really came of it stands in
     * the status that is read back. */
    if (setsockopt(fd, SOL_SOCKET, force, &size, sizeof(size)) == -1)
        (void)setsockopt(fd, SOL_SOCKET, option, &size, sizeof(size));
}

static int timers_set(int fd, const struct sctp_profile *profile)
{
    const struct sctp_rtoinfo rto = {.srto_initial = profile->rto_initial_ms,
                                     .srto_max = profile->rto_max_ms,
                                     .srto_min = profile->rto_min_ms};
    const struct sctp_sack_info sack = {.sack_delay = profile->sack_delay_ms,
                                        .sack_freq = profile->sack_frequency};
    const struct sctp_assocparams limits = {.sasoc_asocmaxrxt =
                                                (uint16_t)profile->association_max_retrans};
    struct sctp_paddrparams path;
    memset(&path, 0, sizeof(path));
    path.spp_hbinterval = profile->hb_interval_ms;
    path.spp_pathmaxrxt = (uint16_t)profile->path_max_retrans;
    path.spp_flags = profile->hb_interval_ms == 0 ? SPP_HB_DISABLE : SPP_HB_ENABLE;
    if (option_set(fd, SCTP_RTOINFO, &rto, sizeof(rto)) == -1 ||
        option_set(fd, SCTP_DELAYED_SACK, &sack, sizeof(sack)) == -1 ||
        option_set(fd, SCTP_ASSOCINFO, &limits, sizeof(limits)) == -1 ||
        option_set(fd, SCTP_PEER_ADDR_PARAMS, &path, sizeof(path)) == -1)
        return -1;
    return 0;
}

enum p7_status kernel_profile_apply(int fd, const struct sctp_profile *profile)
{
    const struct sctp_event_subscribe events = {
        .sctp_association_event = 1, .sctp_address_event = 1, .sctp_partial_delivery_event = 1};
    const struct sctp_initmsg init = {.sinit_num_ostreams = (uint16_t)profile->streams_out,
                                      .sinit_max_instreams = (uint16_t)profile->streams_in,
                                      .sinit_max_attempts = (uint16_t)profile->init_max_attempts,
                                      .sinit_max_init_timeo =
                                          (uint16_t)profile->init_timeout_max_ms};
    const int on = 1;
    /* While one association's long message is delivered in parts, those of others on this socket
     * need not wait (RFC6458-8.1.20); by default they do, and a peer that never ends a message
     * would silence all others. Parts of two messages of one association are never mixed at this
     * level. */
    const int interleave = 1;
    const int nodelay = profile->nodelay;
    buffer_set(fd, SO_SNDBUFFORCE, SO_SNDBUF, profile->send_buffer_octets);
    buffer_set(fd, SO_RCVBUFFORCE, SO_RCVBUF, profile->receive_buffer_octets);
    if (option_set(fd, SCTP_EVENTS, &events, EVENT_MASK_OCTETS) == -1 ||
        option_set(fd, SCTP_RECVRCVINFO, &on, sizeof(on)) == -1 ||
        option_set(fd, SCTP_FRAGMENT_INTERLEAVE, &interleave, sizeof(interleave)) == -1 ||
        option_set(fd, SCTP_INITMSG, &init, sizeof(init)) == -1 ||
        option_set(fd, SCTP_NODELAY, &nodelay, sizeof(nodelay)) == -1 ||
        timers_set(fd, profile) == -1)
        return P7_SYSTEM;
    return P7_OK;
}

bool kernel_association_learn(const struct kernel_transport *t, struct kernel_association *a,
                              union udp_address *primary)
{
    struct sctp_status status;
    memset(&status, 0, sizeof(status));
    memset(primary, 0, sizeof(*primary));
    primary->any.sa_family = AF_INET;
    status.sstat_assoc_id = a->id;
    if (!option_get(t->sockets[a->socket].fd, SCTP_STATUS, &status, sizeof(status)))
        return false;
    a->streams_out = status.sstat_outstrms;
    a->streams_in = status.sstat_instrms;
    memcpy(primary, &status.sstat_primary.spinfo_address, sizeof(*primary));
    udp_address_unmap(primary);
    a->peer_port = udp_address_port(primary);
    return true;
}

static void profile_read(int fd, sctp_assoc_t id, struct sctp_profile *profile)
{
    struct sctp_rtoinfo rto = {.srto_assoc_id = id};
    if (option_get(fd, SCTP_RTOINFO, &rto, sizeof(rto))) {
        profile->rto_initial_ms = rto.srto_initial;
        profile->rto_min_ms = rto.srto_min;
        profile->rto_max_ms = rto.srto_max;
    }
    struct sctp_sack_info sack = {.sack_assoc_id = id};
    if (option_get(fd, SCTP_DELAYED_SACK, &sack, sizeof(sack))) {
        profile->sack_delay_ms = sack.sack_delay;
        profile->sack_frequency = sack.sack_freq;
    }
    struct sctp_assocparams limits = {.sasoc_assoc_id = id};
    if (option_get(fd, SCTP_ASSOCINFO, &limits, sizeof(limits)))
        profile->association_max_retrans = limits.sasoc_asocmaxrxt;
    struct sctp_initmsg init = {0};
    if (option_get(fd, SCTP_INITMSG, &init, sizeof(init))) {
        profile->streams_out = init.sinit_num_ostreams;
        profile->streams_in = init.sinit_max_instreams;
        profile->init_max_attempts = init.sinit_max_attempts;
        profile->init_timeout_max_ms = init.sinit_max_init_timeo;
    }
    int value = 0;
    if (option_get(fd, SCTP_NODELAY, &value, sizeof(value)))
        profile->nodelay = value != 0;
    socklen_t length = sizeof(value);
    if (getsockopt(fd, SOL_SOCKET, SO_SNDBUF, &value, &length) == 0)
        profile->send_buffer_octets = (uint32_t)value;
    length = sizeof(value);
    if (getsockopt(fd, SOL_SOCKET, SO_RCVBUF, &value, &length) == 0)
        profile->receive_buffer_octets = (uint32_t)value;
}

static void path_read(int fd, sctp_assoc_t id, const union udp_address *address,
                      const union udp_address *primary, struct transport_status *status)
{
    struct sctp_paddrinfo info;
    struct sctp_paddrparams parameters;
    memset(&info, 0, sizeof(info));
    memset(&parameters, 0, sizeof(parameters));
    info.spinfo_assoc_id = id;
    memcpy(&info.spinfo_address, address, sizeof(*address));
    parameters.spp_assoc_id = id;
    memcpy(&parameters.spp_address, address, sizeof(*address));
    if (status->path_count == 0 &&
        option_get(fd, SCTP_PEER_ADDR_PARAMS, &parameters, sizeof(parameters))) {
        status->profile.hb_interval_ms =
            (parameters.spp_flags & SPP_HB_DISABLE) != 0 ? 0 : parameters.spp_hbinterval;
        status->profile.path_max_retrans = parameters.spp_pathmaxrxt;
    }
    struct transport_path *path = &status->path[status->path_count++];
    union udp_address plain = *address;
    udp_address_unmap(&plain);
    udp_address_text(&plain, path->ip, sizeof(path->ip));
    if (!option_get(fd, SCTP_GET_PEER_ADDR_INFO, &info, sizeof(info)))
        return;
    /* A potentially failed path (RFC7829-3) is not given up. */
    path->reachable = info.spinfo_state == SCTP_ACTIVE || info.spinfo_state == SCTP_PF;
    path->confirmed = info.spinfo_state != SCTP_UNCONFIRMED;
    path->primary = udp_address_same_host(&plain, primary);
    path->rto_ms = info.spinfo_rto;
    path->srtt_ms = info.spinfo_srtt;
    path->cwnd_octets = info.spinfo_cwnd;
    path->mtu_octets = info.spinfo_mtu;
}

static bool stats_read(int fd, sctp_assoc_t id, struct sctp_assoc_stats *stats)
{
    memset(stats, 0, sizeof(*stats));
    stats->sas_assoc_id = id;
    return option_get(fd, SCTP_GET_ASSOC_STATS, stats, sizeof(*stats));
}

static void counts_read(int fd, sctp_assoc_t id, struct transport_status *status)
{
    struct sctp_assoc_stats stats;
    if (!stats_read(fd, id, &stats))
        return;
    status->packets_sent = stats.sas_opackets;
    status->packets_received = stats.sas_ipackets;
    status->chunks_retransmitted = stats.sas_rtxchunks;
    status->duplicate_tsns = stats.sas_idupchunks;
}

void kernel_status_read(const struct kernel_transport *t, const struct kernel_association *a,
                        struct transport_status *status)
{
    const int fd = t->sockets[a->socket].fd;
    struct sctp_status s;
    memset(&s, 0, sizeof(s));
    *status = (struct transport_status){.profile = a->profile};
    profile_read(fd, a->id, &status->profile);
    s.sstat_assoc_id = a->id;
    if (option_get(fd, SCTP_STATUS, &s, sizeof(s))) {
        status->streams_out = s.sstat_outstrms;
        status->streams_in = s.sstat_instrms;
        status->unacknowledged_chunks = s.sstat_unackdata;
        status->pending_chunks = s.sstat_penddata;
        status->peer_receive_window_octets = s.sstat_rwnd;
    }
    counts_read(fd, a->id, status);
    union udp_address primary;
    memcpy(&primary, &s.sstat_primary.spinfo_address, sizeof(primary));
    udp_address_unmap(&primary);
    struct sockaddr *addresses = NULL;
    const int count = sctp_getpaddrs(fd, a->id, &addresses);
    const uint8_t *at = (const uint8_t *)addresses;
    for (int i = 0; i < count && status->path_count < LIMIT_ADDRESSES; i++) {
        union udp_address address;
        at += addresses_load(at, &address);
        path_read(fd, a->id, &address, &primary, status);
    }
    if (count > 0)
        (void)sctp_freepaddrs(addresses);
}

void kernel_association_sample(const struct kernel_transport *t, struct kernel_association *a)
{
    struct sctp_assoc_stats stats;
    if (!stats_read(t->sockets[a->socket].fd, a->id, &stats))
        return;
    a->retransmitted = stats.sas_rtxchunks;
    a->duplicates = stats.sas_idupchunks;
    a->packets_sent = stats.sas_opackets;
    a->packets_received = stats.sas_ipackets;
}

void kernel_host_counters(uint64_t *timeouts, uint64_t *malformed)
{
    char name[64];
    unsigned long long value;
    *timeouts = 0;
    *malformed = 0;
    FILE *file = fopen("/proc/net/sctp/snmp", "re");
    if (file == NULL)
        return;
    while (fscanf(file, "%63s %llu", name, &value) == 2) {
        if (strcmp(name, "SctpT3RtxExpireds") == 0)
            *timeouts += value;
        else if (strcmp(name, "SctpChecksumErrors") == 0 || strcmp(name, "SctpOutOfBlues") == 0 ||
                 strcmp(name, "SctpInPktDiscards") == 0)
            *malformed += value;
    }
    (void)fclose(file);
}
