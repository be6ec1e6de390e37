/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Profiles: from struct sctp_profile into usrsctp's options and back. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "sigtran/transport/usrsctp_engine.h"
#include "sigtran/transport/usrsctp_options.h"

/* usrsctp has it, its public header only the structure (netinet/sctp.h there). */
#define OPTION_GET_NONCE_VALUES 0x00001105

/* Messages that may wait in usrsctp's queues: the send buffer, not this, shall be the bound, also
 * with messages of a few octets. */
#define QUEUE_CHUNKS_MAX 262144

void userland_sysctls_set(void)
{
    /* What M3UA doesn't use leaves the handshake, and with it the attack surface. */
    (void)usrsctp_sysctl_set_sctp_asconf_enable(0);
    (void)usrsctp_sysctl_set_sctp_auto_asconf(0);
    (void)usrsctp_sysctl_set_sctp_auth_enable(0);
    (void)usrsctp_sysctl_set_sctp_pr_enable(0);
    (void)usrsctp_sysctl_set_sctp_reconfig_enable(0);
    (void)usrsctp_sysctl_set_sctp_nrsack_enable(0);
    (void)usrsctp_sysctl_set_sctp_pktdrop_enable(0);
    (void)usrsctp_sysctl_set_sctp_ecn_enable(0); /* our sockets don't pass the bits on */
    (void)usrsctp_sysctl_set_sctp_max_chunks_on_queue(QUEUE_CHUNKS_MAX);
    /* Max.Burst (RFC9260-6.1 D, a SHOULD) is off, cwnd alone bounds a burst: with 4 the rest of a
     * loop turn's packets would wait for a SACK though the window is open. */
    (void)usrsctp_sysctl_set_sctp_max_burst_default(0);
    (void)usrsctp_sysctl_set_sctp_fr_max_burst_default(0);
    (void)usrsctp_sysctl_set_sctp_no_csum_on_loopback(0);
    (void)usrsctp_sysctl_set_sctp_blackhole(0);
}

static int option_set(struct socket *s, int option, const void *value, socklen_t length)
{
    return usrsctp_setsockopt(s, IPPROTO_SCTP, option, value, length);
}

static bool option_get(struct socket *s, int option, void *value, socklen_t length)
{
    socklen_t l = length;
    return usrsctp_getsockopt(s, IPPROTO_SCTP, option, value, &l) == 0;
}

bool userland_nodelay_set(struct socket *s, bool on)
{
    const int value = on;
    return option_set(s, SCTP_NODELAY, &value, sizeof(value)) == 0;
}

enum p7_status userland_push(struct socket *socket, const struct cork *cork, bool nodelay_wanted,
                             bool *nodelay)
{
    if (*nodelay != nodelay_wanted && userland_nodelay_set(socket, nodelay_wanted))
        *nodelay = nodelay_wanted;
    struct sctp_sndinfo info = {.snd_sid = cork->stream, .snd_ppid = htonl(cork->ppid)};
    const ssize_t sent = usrsctp_sendv(socket, cork->held.data, cork->held.length, NULL, 0, &info,
                                       sizeof(info), SCTP_SENDV_SNDINFO, 0);
    if (sent != -1)
        return P7_OK;
    return errno == EWOULDBLOCK ? P7_FULL : P7_STATE;
}

static int buffers_set(struct socket *s, const struct sctp_profile *profile)
{
    const int send = (int)profile->send_buffer_octets;
    const int receive = (int)profile->receive_buffer_octets;
    if (send > 0 && usrsctp_setsockopt(s, SOL_SOCKET, SO_SNDBUF, &send, sizeof(send)) == -1)
        return -1;
    if (receive > 0 &&
        usrsctp_setsockopt(s, SOL_SOCKET, SO_RCVBUF, &receive, sizeof(receive)) == -1)
        return -1;
    return 0;
}

static int timers_set(struct socket *s, int family, const struct sctp_profile *profile)
{
    const struct sctp_rtoinfo rto = {.srto_initial = profile->rto_initial_ms,
                                     .srto_max = profile->rto_max_ms,
                                     .srto_min = profile->rto_min_ms};
    const struct sctp_sack_info sack = {.sack_delay = profile->sack_delay_ms,
                                        .sack_freq = profile->sack_frequency};
    const struct sctp_assocparams limits = {.sasoc_asocmaxrxt =
                                                (uint16_t)profile->association_max_retrans};
    struct sctp_paddrparams path = {.spp_hbinterval = profile->hb_interval_ms,
                                    .spp_pathmtu = USERLAND_PATH_MTU_OCTETS,
                                    .spp_pathmaxrxt = (uint16_t)profile->path_max_retrans,
                                    .spp_flags = SPP_PMTUD_DISABLE};
    path.spp_address.ss_family = (sa_family_t)family;
    path.spp_flags |= profile->hb_interval_ms == 0 ? SPP_HB_DISABLE : SPP_HB_ENABLE;
    if (option_set(s, SCTP_RTOINFO, &rto, sizeof(rto)) == -1 ||
        option_set(s, SCTP_DELAYED_SACK, &sack, sizeof(sack)) == -1 ||
        option_set(s, SCTP_ASSOCINFO, &limits, sizeof(limits)) == -1 ||
        option_set(s, SCTP_PEER_ADDR_PARAMS, &path, sizeof(path)) == -1)
        return -1;
    return 0;
}

static int events_set(struct socket *s)
{
    static const uint16_t wanted[] = {SCTP_ASSOC_CHANGE, SCTP_PEER_ADDR_CHANGE,
                                      SCTP_PARTIAL_DELIVERY_EVENT};
    for (unsigned i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
        const struct sctp_event event = {
            .se_assoc_id = SCTP_FUTURE_ASSOC, .se_type = wanted[i], .se_on = 1};
        if (option_set(s, SCTP_EVENT, &event, sizeof(event)) == -1)
            return -1;
    }
    return 0;
}

enum p7_status userland_profile_apply(struct socket *s, int family,
                                      const struct sctp_profile *profile)
{
    const int on = 1;
    const struct sctp_initmsg init = {.sinit_num_ostreams = (uint16_t)profile->streams_out,
                                      .sinit_max_instreams = (uint16_t)profile->streams_in,
                                      .sinit_max_attempts = (uint16_t)profile->init_max_attempts,
                                      .sinit_max_init_timeo =
                                          (uint16_t)profile->init_timeout_max_ms};
    /* Several associations from one local port: one socket each. */
    if (option_set(s, SCTP_REUSE_PORT, &on, sizeof(on)) == -1 ||
        option_set(s, SCTP_INITMSG, &init, sizeof(init)) == -1 || buffers_set(s, profile) == -1 ||
        timers_set(s, family, profile) == -1 || events_set(s) == -1 ||
        !userland_nodelay_set(s, profile->nodelay))
        return P7_SYSTEM;
    return P7_OK;
}

bool userland_streams_read(struct socket *s, uint16_t *streams_out, uint16_t *streams_in)
{
    struct sctp_status status = {0};
    if (!option_get(s, SCTP_STATUS, &status, sizeof(status)))
        return false;
    *streams_out = status.sstat_outstrms;
    *streams_in = status.sstat_instrms;
    return true;
}

void engine_association_learn(struct engine_association *a)
{
    (void)userland_streams_read(a->socket, &a->streams_out, &a->streams_in);
    struct sctp_get_nonce_values tags = {0};
    if (option_get(a->socket, OPTION_GET_NONCE_VALUES, &tags, sizeof(tags)))
        a->local_tag = tags.gn_local_tag;
    struct sockaddr *local = NULL;
    if (usrsctp_getladdrs(a->socket, 0, &local) > 0) {
        const struct sockaddr_conn *first = (const struct sockaddr_conn *)(const void *)local;
        a->local_port = ntohs(first->sconn_port);
        usrsctp_freeladdrs(local);
    }
}

static void profile_read(struct socket *s, struct sctp_profile *profile)
{
    struct sctp_rtoinfo rto = {0};
    if (option_get(s, SCTP_RTOINFO, &rto, sizeof(rto))) {
        profile->rto_initial_ms = rto.srto_initial;
        profile->rto_min_ms = rto.srto_min;
        profile->rto_max_ms = rto.srto_max;
    }
    struct sctp_sack_info sack = {0};
    if (option_get(s, SCTP_DELAYED_SACK, &sack, sizeof(sack))) {
        profile->sack_delay_ms = sack.sack_delay;
        profile->sack_frequency = sack.sack_freq;
    }
    struct sctp_assocparams limits = {0};
    if (option_get(s, SCTP_ASSOCINFO, &limits, sizeof(limits)))
        profile->association_max_retrans = limits.sasoc_asocmaxrxt;
    struct sctp_initmsg init = {0};
    if (option_get(s, SCTP_INITMSG, &init, sizeof(init))) {
        profile->streams_out = init.sinit_num_ostreams;
        profile->streams_in = init.sinit_max_instreams;
        profile->init_max_attempts = init.sinit_max_attempts;
        profile->init_timeout_max_ms = init.sinit_max_init_timeo;
    }
    int size = 0;
    socklen_t length = sizeof(size);
    if (usrsctp_getsockopt(s, SOL_SOCKET, SO_SNDBUF, &size, &length) == 0)
        profile->send_buffer_octets = (uint32_t)size;
    length = sizeof(size);
    if (usrsctp_getsockopt(s, SOL_SOCKET, SO_RCVBUF, &size, &length) == 0)
        profile->receive_buffer_octets = (uint32_t)size;
}

static bool is_primary(struct socket *s, const struct sockaddr_storage *address)
{
    struct sctp_status status = {0};
    union udp_address primary;
    union udp_address path;
    if (!option_get(s, SCTP_STATUS, &status, sizeof(status)))
        return false;
    if (address->ss_family == AF_CONN) /* it has one */
        return true;
    memcpy(&primary, &status.sstat_primary.spinfo_address, sizeof(primary));
    memcpy(&path, address, sizeof(path));
    udp_address_unmap(&primary);
    udp_address_unmap(&path);
    return udp_address_same_host(&primary, &path);
}

void userland_path_read(struct socket *s, const struct sockaddr_storage *address, const char *ip,
                        struct transport_status *status)
{
    struct sctp_paddrparams parameters = {.spp_address = *address};
    if (status->path_count == 0 &&
        option_get(s, SCTP_PEER_ADDR_PARAMS, &parameters, sizeof(parameters))) {
        status->profile.hb_interval_ms =
            (parameters.spp_flags & SPP_HB_DISABLE) != 0 ? 0 : parameters.spp_hbinterval;
        status->profile.path_max_retrans = parameters.spp_pathmaxrxt;
    }
    struct sctp_paddrinfo info = {.spinfo_address = *address};
    if (status->path_count == LIMIT_ADDRESSES ||
        !option_get(s, SCTP_GET_PEER_ADDR_INFO, &info, sizeof(info)))
        return;
    struct transport_path *path = &status->path[status->path_count++];
    (void)snprintf(path->ip, sizeof(path->ip), "%s", ip);
    path->reachable = (info.spinfo_state & SCTP_ACTIVE) != 0;
    path->confirmed = (info.spinfo_state & SCTP_UNCONFIRMED) == 0;
    path->primary = is_primary(s, address);
    path->rto_ms = info.spinfo_rto != 0 ? info.spinfo_rto : status->profile.rto_initial_ms;
    path->srtt_ms = info.spinfo_srtt;
    path->cwnd_octets = info.spinfo_cwnd;
    path->mtu_octets = info.spinfo_mtu;
}

void userland_status_read(struct socket *socket, const struct sctp_profile *profile,
                          struct transport_status *status)
{
    *status = (struct transport_status){.profile = *profile};
    profile_read(socket, &status->profile);
    struct sctp_status s = {0};
    if (option_get(socket, SCTP_STATUS, &s, sizeof(s))) {
        status->streams_out = s.sstat_outstrms;
        status->streams_in = s.sstat_instrms;
        status->unacknowledged_chunks = s.sstat_unackdata;
        status->pending_chunks = s.sstat_penddata;
        status->peer_receive_window_octets = s.sstat_rwnd;
    }
}

void userland_counts_read(const struct transport_counters *counters, const struct sctpstat *base,
                          struct transport_status *status)
{
    struct sctpstat s;
    usrsctp_get_stat(&s);
    status->counts_shared = true;
    status->has_heartbeats = true;
    status->packets_sent = counters->packets_sent;
    status->packets_received = counters->packets_received;
    status->chunks_retransmitted = counters->chunks_retransmitted;
    status->duplicate_tsns = counters->duplicate_tsns;
    /* 32-bit counters: differences survive their wrapping. */
    status->heartbeats_sent = s.sctps_sendheartbeat - base->sctps_sendheartbeat;
    status->heartbeats_acknowledged = s.sctps_recvheartbeatack - base->sctps_recvheartbeatack;
}

void engine_status_read(const struct engine_association *a, struct transport_status *status)
{
    char ip[TRANSPORT_IP_TEXT_OCTETS];
    struct sockaddr_storage address = {0};
    const struct sockaddr_conn remote = {
        .sconn_family = AF_CONN, .sconn_port = htons(a->peer_port), .sconn_addr = a->peer->token};
    memcpy(&address, &remote, sizeof(remote));
    udp_address_text(&a->peer->address, ip, sizeof(ip));
    userland_status_read(a->socket, &a->profile, status);
    userland_path_read(a->socket, &address, ip, status);
}

uint32_t userland_malformed(const struct sctpstat *s)
{
    return s->sctps_hdrops + s->sctps_badvtag + s->sctps_noport + s->sctps_checksumerrors +
           s->sctps_badsid;
}

void userland_socket_abort(struct socket *s)
{
    const struct linger abort = {.l_onoff = 1, .l_linger = 0};
    (void)usrsctp_setsockopt(s, SOL_SOCKET, SO_LINGER, &abort, sizeof(abort));
    usrsctp_close(s);
}

void userland_lost_reason(struct socket *s, const struct sctp_profile *profile,
                          const struct sctp_assoc_change *change, uint32_t length, char *text,
                          size_t octets)
{
    int error = 0;
    socklen_t error_length = sizeof(error);
    if (usrsctp_getsockopt(s, SOL_SOCKET, SO_ERROR, &error, &error_length) == -1)
        error = 0;
    const bool starting = change->sac_state == SCTP_CANT_STR_ASSOC;
    if (error == ECONNRESET || error == ECONNREFUSED) {
        unsigned cause = 0;
        if (length >= sizeof(*change) + 8) /* chunk header, cause code, cause length */
            cause = bytes_load_u16be(change->sac_info + 4);
        (void)snprintf(text, octets, "the peer %s (ABORT, cause %u)",
                       starting ? "refused the association" : "aborted the association", cause);
    } else if (starting) {
        (void)snprintf(text, octets, "no answer to %u INITs", profile->init_max_attempts);
    } else {
        (void)snprintf(text, octets,
                       "association lost: more than %u retransmissions went unanswered or the peer "
                       "broke the protocol (error %u)",
                       profile->association_max_retrans, change->sac_error);
    }
}
