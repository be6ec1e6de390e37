/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * An endpoint of eight ASPs in all roles and both exchanges, and ASs in all modes, under a script
 * of hostile messages, associations that come and go, commands, transfers and time. The input is a
 * list of operations, each octet 0: what   octet 1: ASP (3 bits), stream or argument (5 bits)
 * [octet 2: length, octets] After each the states of ASPs and ASs must fit each other.
 */
#include <stdlib.h>

#include "sigtran/fsm/m3ua_endpoint.h"

#define ASPS   8u
#define ASS    9u
#define SECOND INT64_C(1000000000)

struct run {
    struct m3ua_endpoint *ep;
    bool aborted[ASPS];
    uint32_t next_association;
    unsigned sends;
    int64_t now_ns;
};

static void must(bool holds)
{
    if (!holds)
        abort();
}

static enum p7_status on_send(void *context, uint32_t association, uint16_t stream,
                              struct bytes message)
{
    struct run *run = context;
    static struct m3ua_message decoded;
    struct m3ua_fault fault;
    (void)stream;
    must(association < run->next_association);
    /* what we send, others can read */
    must(m3ua_decode(message.data, message.data + message.length, &decoded, &fault) == P7_OK);
    return ++run->sends % 7 == 0 ? P7_FULL : P7_OK;
}

static void on_data(void *context, uint32_t as, uint32_t asp, const struct m3ua_data *data,
                    int64_t now_ns)
{
    struct run *run = context;
    must(as < ASS && asp < ASPS);
    const struct m3ua_transfer t = {
        .as = as, .opc = data->dpc, .dpc = data->opc, .si = data->si, .sls = data->sls};
    (void)!m3ua_endpoint_transfer(run->ep, &t, data->payload, now_ns);
    (void)!m3ua_endpoint_transfer_to_asp(run->ep, &t, asp, data->payload, now_ns);
}

static void on_event(void *context, const struct m3ua_endpoint_event *event, int64_t now_ns)
{
    struct run *run = context;
    must(*m3ua_endpoint_event_name(event->kind) != '?');
    const struct m3ua_transfer t = {.as = 0, .opc = 1, .dpc = 2, .si = 3};
    if (event->kind == M3UA_EVENT_AS_STATE)
        (void)!m3ua_endpoint_transfer(run->ep, &t, bytes_of("x", 1), now_ns);
}

static void on_abort(void *context, uint32_t association)
{
    struct run *run = context;
    const uint32_t asp = m3ua_endpoint_asp_of_association(run->ep, association);
    must(asp < ASPS);
    run->aborted[asp] = true;
}

static void run_create(struct run *run)
{
    static const struct m3ua_asp_config asp[ASPS] = {
        {.role = ASP_ROLE_SG, .t_beat_ns = SECOND},
        {.role = ASP_ROLE_SG},
        {.role = ASP_ROLE_SG, .asp_identifier_required = true},
        {.role = ASP_ROLE_ASP, .wants_up = true, .wants_active = true, .t_ack_tries = 3},
        {.role = ASP_ROLE_IPSP, .wants_up = true, .wants_active = true, .t_beat_ns = SECOND / 2},
        {.role = ASP_ROLE_IPSP,
         .double_exchange = true,
         .wants_up = true,
         .wants_active = true,
         .t_beat_ns = SECOND / 2},
        {.role = ASP_ROLE_IPSP, .double_exchange = true, .stands_by = true},
        {.role = ASP_ROLE_ASP, .wants_up = true, .wants_active = true, .t_audit_ns = SECOND},
    };
    static const struct m3ua_as_config as[ASS] = {
        {.has_routing_context = true,
         .routing_context = 1,
         .traffic_mode = AS_MODE_OVERRIDE,
         .t_r_ns = SECOND,
         .asp_count = 3,
         .asp = {0, 1, 2},
         .queue_octets = 512,
         .point_code = 2},
        {.has_routing_context = true,
         .routing_context = 2,
         .traffic_mode = AS_MODE_LOADSHARE,
         .t_r_ns = SECOND,
         .asp_count = 2,
         .asp = {0, 1},
         .queue_octets = 512,
         .active_minimum = 2},
        {.traffic_mode = AS_MODE_OVERRIDE, .asp_count = 1, .asp = {3}},
        {.has_routing_context = true,
         .routing_context = 3,
         .traffic_mode = AS_MODE_BROADCAST,
         .t_r_ns = SECOND / 2,
         .asp_count = 1,
         .asp = {4},
         .queue_octets = 512},
        {.has_routing_context = true,
         .routing_context = 4,
         .traffic_mode = AS_MODE_BROADCAST,
         .t_r_ns = SECOND / 2,
         .asp_count = 2,
         .asp = {5, 6},
         .queue_octets = 512,
         .active_minimum = 2},
        {.has_routing_context = true,
         .routing_context = 5,
         .traffic_mode = AS_MODE_BROADCAST,
         .t_r_ns = SECOND,
         .asp_count = 3,
         .asp = {0, 1, 2},
         .no_queue = true},
        /* two whose keys are registered, and room for one of the peers */
        {.traffic_mode = AS_MODE_LOADSHARE,
         .asp_count = 1,
         .asp = {7},
         .point_code = 3,
         .registers = true,
         .key_si_count = 1,
         .key_si = {3},
         .key_opc_count = 1,
         .key_opc = {4}},
        {.has_routing_context = true,
         .routing_context = 9,
         .traffic_mode = AS_MODE_OVERRIDE,
         .asp_count = 1,
         .asp = {7},
         .point_code = 4,
         .registers = true},
        {.traffic_mode = AS_MODE_OVERRIDE,
         .t_r_ns = SECOND,
         .asp_count = 3,
         .asp = {0, 1, 2},
         .queue_octets = 512,
         .spare = true},
    };
    const struct m3ua_endpoint_config config = {.has_network_appearance = true,
                                                .network_appearance = 8,
                                                .point_code = 1,
                                                .users = 1u << 3,
                                                .registration = M3UA_REGISTRATION_DYNAMIC,
                                                .asp_count = ASPS,
                                                .asp = asp,
                                                .as_count = ASS,
                                                .as = as};
    const struct m3ua_endpoint_handler handler = {
        .context = run, .send = on_send, .data = on_data, .event = on_event, .abort = on_abort};
    *run = (struct run){.now_ns = SECOND};
    must(m3ua_endpoint_create(&config, &handler, &run->ep) == P7_OK);
}

static void must_fit(const struct run *run)
{
    for (uint32_t as = 0; as < ASS; as++) {
        unsigned carrying = 0;
        for (uint32_t asp = 0; asp < ASPS; asp++)
            if (m3ua_endpoint_carries(run->ep, asp, as)) {
                must(m3ua_endpoint_peer_state(run->ep, asp) == ASP_STATE_ACTIVE);
                must(m3ua_endpoint_association(run->ep, asp) != M3UA_ENDPOINT_NONE);
                carrying++;
            }
        const enum as_state state = m3ua_endpoint_as_state(run->ep, as);
        if (state == AS_STATE_ACTIVE)
            must(carrying > 0);
        if (as == 0) /* override */
            must(carrying <= 1 && (carrying == 1) == (state == AS_STATE_ACTIVE));
        must(as != 5 || m3ua_endpoint_as_queued(run->ep, as) == 0);
        if (state == AS_STATE_DOWN || state == AS_STATE_INACTIVE)
            must(m3ua_endpoint_as_queued(run->ep, as) == 0);
        if (!m3ua_endpoint_as_is_used(run->ep, as))
            must(as == 8 && state == AS_STATE_DOWN);
        /* what is sent, and what is said of it, names the AS */
        if ((as == 6 || as == 8) && carrying > 0)
            must(m3ua_endpoint_as_config(run->ep, as)->has_routing_context);
        const struct m3ua_destination two = m3ua_endpoint_destination(run->ep, as, 2);
        must(two.congestion <= M3UA_CONGESTION_UNDEFINED &&
             (carrying > 0 || two.availability == M3UA_AVAILABLE));
    }
    const struct m3ua_endpoint_counters *c = m3ua_endpoint_get_counters(run->ep);
    must(c->errors_sent <= c->out[M3UA_CLASS_MGMT]);
    must(c->data_in + c->data_in_not_active + c->data_in_routing_context <=
         c->in[M3UA_CLASS_TRANSFER]);
}

static void associate(struct run *run, uint32_t asp, uint16_t streams)
{
    /* Also where it is refused: a number is never used twice. */
    const uint32_t association = run->next_association++;
    (void)!m3ua_endpoint_association_up(run->ep, asp, association, streams, run->now_ns);
}

static void disassociate(struct run *run, uint32_t asp)
{
    m3ua_endpoint_association_down(run->ep, asp, run->now_ns);
    run->aborted[asp] = false;
}

static void network_command(struct run *run, uint32_t asp, uint32_t which)
{
    switch (which) {
    case 0:
        (void)!m3ua_endpoint_register(run->ep, asp, 6, run->now_ns);
        break;
    case 1:
        (void)!m3ua_endpoint_deregister(run->ep, asp, 6, run->now_ns);
        break;
    case 2:
        (void)!m3ua_endpoint_congested(run->ep, asp % ASS, (uint8_t)asp, run->now_ns);
        break;
    default:
        m3ua_endpoint_writable(run->ep, asp, run->now_ns);
        break;
    }
}

static void command(struct run *run, uint32_t asp, uint32_t which)
{
    const uint32_t as = which >> 3 == 3 ? M3UA_ENDPOINT_NONE : which >> 3;
    switch (which & 7u) {
    case 0:
        (void)!m3ua_endpoint_asp_up(run->ep, asp, run->now_ns);
        break;
    case 1:
        (void)!m3ua_endpoint_asp_down(run->ep, asp, run->now_ns);
        break;
    case 2:
        (void)!m3ua_endpoint_asp_active(run->ep, asp, as, run->now_ns);
        break;
    case 3:
        (void)!m3ua_endpoint_asp_inactive(run->ep, asp, as, run->now_ns);
        break;
    case 4:
    case 5:
        (void)!m3ua_endpoint_asp_lock(run->ep, asp, (which & 1u) != 0, run->now_ns);
        break;
    case 6:
        (void)!m3ua_endpoint_send_beat(run->ep, asp, (size_t)(which >> 3) * 100u, run->now_ns);
        break;
    default:
        network_command(run, asp, which >> 3);
        break;
    }
}

/* One operation; false at the end of the input. */
static bool operate(struct run *run, struct bytes_reader *reader)
{
    const uint8_t what = bytes_read_u8(reader);
    const uint8_t who = bytes_read_u8(reader);
    if (reader->failed)
        return false;
    const uint32_t asp = (who & 7u) % ASPS;
    const uint32_t argument = who >> 3;
    switch (what % 8) {
    case 0:
        associate(run, asp, (uint16_t)argument);
        break;
    case 1:
        disassociate(run, asp);
        break;
    case 2:
        m3ua_endpoint_association_restart(run->ep, asp, (uint16_t)argument, run->now_ns);
        break;
    case 3:
        run->now_ns += (int64_t)(argument + 1) * (SECOND / 8);
        m3ua_endpoint_time(run->ep, run->now_ns);
        break;
    case 4:
        command(run, asp, argument);
        break;
    case 5: {
        const struct m3ua_transfer t = {
            .as = asp % ASS, .opc = 1, .dpc = 2, .si = 3, .sls = (uint8_t)argument};
        (void)!m3ua_endpoint_transfer(run->ep, &t, bytes_of("0123456789", 10), run->now_ns);
        break;
    }
    default: {
        const size_t length = bytes_read_u8(reader);
        const size_t left = bytes_reader_left(reader);
        const struct bytes message = bytes_read(reader, length < left ? length : left);
        m3ua_endpoint_receive(run->ep, asp, (uint16_t)argument, message, run->now_ns);
        break;
    }
    }
    for (uint32_t i = 0; i < ASPS; i++)
        if (run->aborted[i])
            disassociate(run, i);
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct run run;
    run_create(&run);
    struct bytes_reader reader = bytes_reader_of(data, data + size);
    while (operate(&run, &reader))
        must_fit(&run);
    m3ua_endpoint_destroy(run.ep);
    return 0;
}
