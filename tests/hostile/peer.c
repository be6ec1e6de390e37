/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* An association that behaves as far as SCTP goes; what it says is the scenario's affair. */
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "sigtran/codec/sccp.h"
#include "tests/hostile/hostile.h"

#define STREAMS       17
#define RECONNECT_NS  (2 * HOSTILE_MS)
#define LOGIN_WAIT_NS (20 * HOSTILE_MS)
#define BACKLOG_MS    20 /* milliseconds of deeds that a late turn makes up for */

int64_t hostile_clock_ns(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return ((int64_t)t.tv_sec * HOSTILE_SEC) + t.tv_nsec;
}

uint32_t peer_below(struct peer *peer, uint32_t bound)
{
    return (uint32_t)random_below(&peer->random, bound);
}

void peer_send_as(struct peer *peer, uint16_t stream, uint32_t ppid, struct bytes message)
{
    if (message.length == 0 || peer->association == TRANSPORT_ASSOCIATION_NONE)
        return;
    if (transport_send(peer->transport, peer->association, stream, ppid, message) == P7_OK)
        peer->counters.sent++;
    else
        peer->counters.unsent++;
}

void peer_send(struct peer *peer, struct bytes message)
{
    const bool data = message.length > 2 && message.data[2] == M3UA_CLASS_TRANSFER;
    const bool first = !data && peer_below(peer, 2) == 0;
    peer_send_as(peer, first ? 0 : (uint16_t)peer_below(peer, peer->streams_out),
                 TRANSPORT_PPID_M3UA, message);
}

void peer_end(struct peer *peer, bool abortive)
{
    if (peer->association != TRANSPORT_ASSOCIATION_NONE)
        transport_disconnect(peer->transport, peer->association, abortive);
    peer->up = false;
}

/* --- what the victim says --------------------------------------------------------------------- */

static void note_tcap(struct peer *peer, struct bytes tcap)
{
    if (tcap.length < 8)
        return;
    switch (tcap.data[0]) {
    case 0x65:
        peer->counters.tcap_continues++;
        break;
    case 0x64:
        peer->counters.tcap_ends++;
        return;
    case 0x67:
        peer->counters.tcap_aborts++;
        return;
    default:
        return;
    }
    /* Its transaction id comes first, of four octets; the length octets in front may be two. */
    const size_t at = tcap.data[1] == 0x81 ? 3 : 2;
    if (at + 6 <= tcap.length && tcap.data[at] == 0x48 && tcap.data[at + 1] == 4)
        peer->id[peer->id_count++ % HOSTILE_IDS] = bytes_load_u32be(tcap.data + at + 2);
}

static void note_data(struct peer *peer, const struct m3ua_data *data)
{
    struct sccp_message sccp;
    if (sccp_decode(SCCP_ITU, data->payload, &sccp) != P7_OK) {
        peer->counters.undecodable++;
        return;
    }
    if (sccp.type == SCCP_UDTS || sccp.type == SCCP_XUDTS || sccp.type == SCCP_LUDTS)
        peer->counters.returned++;
    else
        note_tcap(peer, sccp.data);
}

static void login_next(struct peer *peer)
{
    peer->login_at_ns = peer->now_ns + LOGIN_WAIT_NS;
    if (peer->reached == LOGIN_NONE && peer->scenario->login > LOGIN_NONE)
        peer_send_as(peer, 0, TRANSPORT_PPID_M3UA, message_control(peer, M3UA_ASPUP));
    else if (peer->reached == LOGIN_UP && peer->scenario->login > LOGIN_UP)
        peer_send_as(peer, 0, TRANSPORT_PPID_M3UA, message_control(peer, M3UA_ASPAC));
}

static void note_message(struct peer *peer, const struct m3ua_message *m)
{
    switch (m->kind) {
    case M3UA_ERR:
        peer->counters.errors++;
        break;
    case M3UA_BEAT_ACK:
        peer->counters.beat_acks++;
        break;
    case M3UA_ASPUP_ACK:
        peer->reached = LOGIN_UP; /* also from ASP-ACTIVE (RFC4666-4.3.4.1) */
        login_next(peer);
        break;
    case M3UA_ASPDN_ACK:
        peer->reached = LOGIN_NONE;
        break;
    case M3UA_ASPIA_ACK:
        peer->reached = peer->reached == LOGIN_ACTIVE ? LOGIN_UP : peer->reached;
        break;
    case M3UA_ASPAC_ACK:
        if (peer->reached < LOGIN_ACTIVE)
            peer->counters.asp_active++;
        peer->reached = LOGIN_ACTIVE;
        break;
    case M3UA_DATA:
        note_data(peer, &m->data);
        break;
    default:
        break;
    }
}

static void on_message(void *context, uint32_t association, const struct transport_message *message)
{
    struct peer *peer = context;
    static struct m3ua_message m;
    struct m3ua_fault fault;
    if (association != peer->association)
        return;
    peer->counters.received++;
    const uint8_t *end = message->bytes.data + message->bytes.length;
    if (m3ua_decode(message->bytes.data, end, &m, &fault) == P7_OK)
        note_message(peer, &m);
    else
        peer->counters.undecodable++;
    if (peer->scenario->react != NULL)
        peer->scenario->react(peer, message->bytes);
}

static void on_event(void *context, uint32_t association, const struct transport_event *event)
{
    struct peer *peer = context;
    if (event->kind == TRANSPORT_EVENT_UP) {
        if (peer->scenario->server && peer->association != TRANSPORT_ASSOCIATION_NONE) {
            transport_disconnect(peer->transport, association, true);
            return;
        }
        peer->association = association;
        peer->streams_out = event->streams_out;
        peer->up = true;
        peer->up_at_ns = peer->now_ns;
        peer->reached = LOGIN_NONE;
        peer->life++;
        peer->counters.associations++;
        if (!peer->scenario->server)
            login_next(peer);
    }
    if (event->kind == TRANSPORT_EVENT_DOWN && association == peer->association) {
        peer->counters.downs += peer->up;
        peer->association = TRANSPORT_ASSOCIATION_NONE;
        peer->up = false;
        peer->connect_at_ns = peer->now_ns + RECONNECT_NS;
    }
}

/* --- its loop --------------------------------------------------------------------------------- */

static struct transport_endpoint endpoint_of(const struct hostile_options *options, bool server)
{
    struct transport_endpoint e = {.local_port = server ? options->sctp_port : 0,
                                   .remote_port = server ? 0 : options->sctp_port,
                                   .udp_remote_port = server ? 0 : options->udp_port,
                                   .remote_ip_count = server ? 0 : 1,
                                   .remote_ip = {"127.0.0.1"},
                                   .profile = {.rto_initial_ms = 200,
                                               .rto_min_ms = 100,
                                               .rto_max_ms = 1000,
                                               .sack_delay_ms = 20,
                                               .sack_frequency = 2,
                                               .hb_interval_ms = 5000,
                                               .path_max_retrans = 5,
                                               .association_max_retrans = 10,
                                               .init_max_attempts = 8,
                                               .init_timeout_max_ms = 1000,
                                               .streams_out = STREAMS,
                                               .streams_in = STREAMS,
                                               .nodelay = true,
                                               .send_buffer_octets = 1048576,
                                               .receive_buffer_octets = 1048576}};
    return e;
}

static enum p7_status open_transport(struct peer *peer)
{
    const struct hostile_options *options = peer->options;
    const bool server = peer->scenario->server;
    const struct transport_handler handler = {peer, on_message, on_event};
    struct transport_settings settings = {.kind = TRANSPORT_USRSCTP,
                                          .udp_local_port = server ? options->udp_port : 0,
                                          .udp_local_ip = "127.0.0.1"};
    char verdict[256];
    uint32_t listener;
    enum p7_status status =
        transport_open(&settings, &handler, &peer->transport, verdict, sizeof(verdict));
    if (status != P7_OK) {
        (void)fprintf(stderr, "hostile: %s\n", verdict);
        return status;
    }
    const struct transport_endpoint endpoint = endpoint_of(options, server);
    if (server)
        status = transport_listen(peer->transport, &endpoint, &listener);
    return status;
}

static void connect_due(struct peer *peer)
{
    const struct transport_endpoint endpoint = endpoint_of(peer->options, false);
    if (peer->scenario->server || peer->association != TRANSPORT_ASSOCIATION_NONE ||
        peer->now_ns < peer->connect_at_ns)
        return;
    if (transport_connect(peer->transport, &endpoint, &peer->association) != P7_OK) {
        peer->association = TRANSPORT_ASSOCIATION_NONE;
        peer->connect_at_ns = peer->now_ns + RECONNECT_NS;
    }
}

static void act_due(struct peer *peer, int64_t *acted_ns)
{
    if (peer->now_ns - *acted_ns > BACKLOG_MS * HOSTILE_MS)
        *acted_ns = peer->now_ns - BACKLOG_MS * HOSTILE_MS;
    for (; *acted_ns + HOSTILE_MS <= peer->now_ns; *acted_ns += HOSTILE_MS) {
        if (peer->up && !peer->scenario->server && peer->reached < peer->scenario->login) {
            /* The scenario said ASP DOWN or INACTIVE itself, or an answer is still to come. */
            if (peer->now_ns >= peer->login_at_ns) {
                peer->reached = LOGIN_NONE;
                login_next(peer);
            }
            continue;
        }
        for (unsigned i = 0; i < peer->scenario->burst && peer->up; i++)
            peer->scenario->act(peer);
    }
}

static void turn(struct peer *peer)
{
    transport_flush(peer->transport, peer->now_ns);
    struct pollfd p = {.fd = transport_fd(peer->transport), .events = POLLIN};
    const int64_t left = transport_deadline_ns(peer->transport) - hostile_clock_ns();
    const struct timespec timeout = {.tv_nsec = left <= 0           ? 0
                                                : left < HOSTILE_MS ? left
                                                                    : HOSTILE_MS};
    (void)ppoll(&p, 1, &timeout, NULL);
    peer->now_ns = hostile_clock_ns();
    transport_step(peer->transport, peer->now_ns);
}

int peer_run(const struct scenario *scenario, const struct hostile_options *options,
             struct hostile_counters *counters)
{
    struct peer *peer = calloc(1, sizeof(*peer));
    if (peer == NULL)
        return 1;
    peer->scenario = scenario;
    peer->options = options;
    peer->association = TRANSPORT_ASSOCIATION_NONE;
    peer->streams_out = 1;
    random_seed(&peer->random, options->seed);
    if (open_transport(peer) != P7_OK) {
        free(peer);
        return 1;
    }
    peer->now_ns = hostile_clock_ns();
    int64_t acted_ns = peer->now_ns;
    const int64_t end_ns = peer->now_ns + (int64_t)options->milliseconds * HOSTILE_MS;
    while (peer->now_ns < end_ns) {
        connect_due(peer);
        act_due(peer, &acted_ns);
        turn(peer);
    }
    /* Answers to the last deeds, then a proper end, so that the next scenario finds a free ASP. */
    for (const int64_t late_ns = end_ns + 200 * HOSTILE_MS; peer->now_ns < late_ns;)
        turn(peer);
    peer_end(peer, true);
    for (const int64_t late_ns = peer->now_ns + 50 * HOSTILE_MS; peer->now_ns < late_ns;)
        turn(peer);
    *counters = peer->counters;
    transport_close(peer->transport);
    free(peer);
    return 0;
}
