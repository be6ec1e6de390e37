/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* What sigtran/transport alone can do: prebuilt messages there and back, no codecs. See bench.h. */
#include "sigtran/transport/transport.h"
#include "tests/bench/bench.h"

#define SCTP_PORT 2905
#define LATE_NS   2000000000 /* an answer may take this long after the last request */

struct echo {
    struct bench_options options;
    struct transport *transport;
    bool up;
    bool measuring;
    uint32_t association;
    uint64_t sent;
    uint64_t answered;
    uint64_t skipped; /* the send buffer was full */
    uint64_t owed;    /* closed loop: windows that had no room */
    int64_t now_ns;
    struct bench_result result;
    uint8_t message[BENCH_MESSAGE_MAX];
};

static const struct sctp_profile profile = {.name = "bench",
                                            .rto_initial_ms = 1000,
                                            .rto_min_ms = 200,
                                            .rto_max_ms = 2000,
                                            .sack_delay_ms = 100,
                                            .sack_frequency = 2,
                                            .hb_interval_ms = 30000,
                                            .path_max_retrans = 5,
                                            .association_max_retrans = 10,
                                            .init_max_attempts = 8,
                                            .init_timeout_max_ms = 1000,
                                            .streams_out = 17,
                                            .streams_in = 17,
                                            .nodelay = true,
                                            .send_buffer_octets = 1 << 20,
                                            .receive_buffer_octets = 1 << 20};

static void responder_event(void *context, uint32_t association,
                            const struct transport_event *event)
{
    (void)context;
    if (event->kind == TRANSPORT_EVENT_DOWN)
        (void)fprintf(stderr, "responder: association %u down: %s\n", association, event->reason);
}

static void responder_message(void *context, uint32_t association,
                              const struct transport_message *message)
{
    struct echo *e = context;
    memcpy(e->message, message->bytes.data, 8);
    if (transport_send(e->transport, association, message->stream, message->ppid,
                       bytes_of(e->message, e->options.reply_octets)) != P7_OK)
        e->skipped++;
}

static void open_or_exit(struct echo *e, uint16_t udp_port, const struct transport_handler *handler,
                         char *verdict, size_t octets)
{
    struct transport_settings settings = {
        .kind = TRANSPORT_USRSCTP, .udp_local_port = udp_port, .multihomed = e->options.sockets};
    (void)snprintf(settings.udp_local_ip, sizeof(settings.udp_local_ip), "%s", e->options.ip);
    if (transport_open(&settings, handler, &e->transport, verdict, octets) != P7_OK) {
        (void)fprintf(stderr, "%s\n", verdict);
        exit(1);
    }
}

static void respond(const struct bench_options *options)
{
    static struct echo e;
    char verdict[256];
    uint32_t listener;
    const struct transport_handler handler = {
        .context = &e, .message = responder_message, .event = responder_event};
    e.options = *options;
    open_or_exit(&e, options->port, &handler, verdict, sizeof(verdict));
    const struct transport_endpoint endpoint = {.local_port = SCTP_PORT, .profile = profile};
    if (transport_listen(e.transport, &endpoint, &listener) != P7_OK)
        exit(1);
    for (;;) {
        const int64_t now = bench_now_ns();
        transport_step(e.transport, now);
        transport_flush(e.transport, now);
        bench_gather(options, now);
        bench_wait(transport_fd(e.transport), bench_now_ns(), transport_deadline_ns(e.transport));
    }
}

static bool request_send(struct echo *e, int64_t due_ns)
{
    memcpy(e->message, &due_ns, 8);
    const uint16_t stream = (uint16_t)(1 + (e->sent % 16));
    if (transport_send(e->transport, e->association, stream, TRANSPORT_PPID_M3UA,
                       bytes_of(e->message, e->options.request_octets)) != P7_OK)
        return false;
    e->sent++;
    return true;
}

static void generator_message(void *context, uint32_t association,
                              const struct transport_message *message)
{
    (void)association;
    struct echo *e = context;
    int64_t due_ns;
    memcpy(&due_ns, message->bytes.data, 8);
    e->answered++;
    if (e->measuring) {
        e->result.requests++;
        bench_record(&e->result.response, bench_now_ns() - due_ns);
    }
    if (!e->options.open_loop && !request_send(e, bench_now_ns()))
        e->owed++;
}

static void generator_event(void *context, uint32_t association,
                            const struct transport_event *event)
{
    struct echo *e = context;
    if (event->kind == TRANSPORT_EVENT_UP) {
        e->up = true;
    } else if (event->kind == TRANSPORT_EVENT_DOWN) {
        (void)fprintf(stderr, "generator: association %u down: %s\n", association, event->reason);
        exit(1);
    } else if (event->kind == TRANSPORT_EVENT_WRITABLE) {
        while (e->owed > 0 && request_send(e, bench_now_ns()))
            e->owed--;
    }
}

/* One turn of the generator's loop. */
static void turn(struct echo *e, int64_t wake_ns)
{
    transport_flush(e->transport, bench_now_ns());
    const int64_t now = bench_now_ns();
    const int64_t deadline = transport_deadline_ns(e->transport);
    bench_wait(transport_fd(e->transport), now, deadline < wake_ns ? deadline : wake_ns);
    bench_gather(&e->options, e->now_ns);
    e->now_ns = bench_now_ns();
    transport_step(e->transport, e->now_ns);
}

static void run(struct echo *e, int64_t until_ns)
{
    const int64_t begin_ns = bench_now_ns();
    const double gap_ns = e->options.open_loop ? 1e9 / e->options.rate : 0;
    uint64_t planned = 0;
    int64_t now = begin_ns;
    while (now < until_ns) {
        int64_t due = until_ns;
        while (e->options.open_loop) {
            due = begin_ns + (int64_t)((double)planned * gap_ns);
            now = bench_now_ns();
            if (due > now)
                break;
            planned++;
            e->skipped += !request_send(e, due);
            if (e->measuring)
                bench_record(&e->result.lag, now - due);
        }
        turn(e, due < until_ns ? due : until_ns);
        now = bench_now_ns();
    }
}

static void generate(struct echo *e, pid_t responder)
{
    while (!e->up)
        turn(e, bench_now_ns() + 10000000);
    for (uint32_t i = 0; !e->options.open_loop && i < e->options.window; i++)
        e->owed += !request_send(e, bench_now_ns());
    run(e, bench_now_ns() + BENCH_WARM_NS);
    const int64_t begin_ns = bench_now_ns();
    const int64_t cpu_ns = bench_clock_ns(CLOCK_PROCESS_CPUTIME_ID);
    const int64_t responder_ns = bench_cpu_of_ns(responder);
    e->measuring = true;
    run(e, begin_ns + (int64_t)(e->options.seconds * 1e9));
    const int64_t end_ns = bench_now_ns();
    const double requests = (double)(e->result.requests == 0 ? 1 : e->result.requests);
    e->result.generator_cpu_us =
        (double)(bench_clock_ns(CLOCK_PROCESS_CPUTIME_ID) - cpu_ns) / requests / 1000;
    e->result.responder_cpu_us =
        (double)(bench_cpu_of_ns(responder) - responder_ns) / requests / 1000;
    e->result.seconds = (double)(end_ns - begin_ns) / 1e9;
    e->measuring = false;
    while (e->options.open_loop && e->answered < e->sent && bench_now_ns() < end_ns + LATE_NS)
        turn(e, bench_now_ns() + 10000000);
    e->result.unanswered = e->options.open_loop ? e->sent - e->answered + e->skipped : 0;
}

static void counters_print(const struct transport *t)
{
    struct transport_counters c;
    transport_get_counters(t, &c);
    (void)fprintf(stderr,
                  "packets sent %llu received %llu, messages sent %llu received %llu, "
                  "retransmitted %llu, timeouts %llu, duplicates %llu, malformed %llu, full %llu\n",
                  (unsigned long long)c.packets_sent, (unsigned long long)c.packets_received,
                  (unsigned long long)c.messages_sent, (unsigned long long)c.messages_received,
                  (unsigned long long)c.chunks_retransmitted,
                  (unsigned long long)c.retransmission_timeouts,
                  (unsigned long long)c.duplicate_tsns, (unsigned long long)c.packets_malformed,
                  (unsigned long long)c.send_full);
}

int main(int argc, char **argv)
{
    static struct echo e;
    char verdict[256];
    e.options = bench_options_read(argc, argv);
    const pid_t responder = fork();
    if (responder == -1)
        return 1;
    bench_child_begin();
    if (responder == 0)
        respond(&e.options);
    (void)prctl(PR_SET_PDEATHSIG, 0);
    const struct transport_handler handler = {
        .context = &e, .message = generator_message, .event = generator_event};
    open_or_exit(&e, (uint16_t)(e.options.port + 1), &handler, verdict, sizeof(verdict));
    struct transport_endpoint endpoint = {.remote_port = SCTP_PORT,
                                          .udp_remote_port = e.options.port,
                                          .remote_ip_count = 1,
                                          .profile = profile};
    (void)snprintf(endpoint.remote_ip[0], sizeof(endpoint.remote_ip[0]), "%s", e.options.ip);
    if (transport_connect(e.transport, &endpoint, &e.association) != P7_OK) {
        bench_child_end(responder);
        return 1;
    }
    generate(&e, responder);
    bench_print("transport_echo", verdict, &e.options, &e.result);
    counters_print(e.transport);
    transport_close(e.transport);
    bench_child_end(responder);
    return e.result.unanswered == 0 ? 0 : 1;
}
