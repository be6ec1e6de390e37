/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * The scale for transport_echo: the same messages, one per UDP datagram, read with recvmmsg and
 * written with sendmmsg; no SCTP, no GSO, nothing is sent again. See bench.h.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "tests/bench/bench.h"

#define BATCH         64
#define SOCKET_OCTETS (8 * 1024 * 1024)
#define LATE_NS       200000000

struct datagrams {
    int fd;
    uint32_t count; /* waiting to be sent */
    uint8_t in[BATCH][BENCH_MESSAGE_MAX];
    uint8_t out[BATCH][BENCH_MESSAGE_MAX];
};

static int socket_open(const struct bench_options *o, uint16_t local, uint16_t remote)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(local)};
    const int size = SOCKET_OCTETS;
    const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    if (fd == -1 || inet_pton(AF_INET, o->ip, &a.sin_addr) != 1 ||
        bind(fd, (struct sockaddr *)&a, sizeof(a)) == -1) {
        perror("udp_echo");
        exit(1);
    }
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
    (void)setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size));
    a.sin_port = htons(remote);
    if (connect(fd, (struct sockaddr *)&a, sizeof(a)) == -1)
        exit(1);
    return fd;
}

static void headers_fill(struct mmsghdr *headers, struct iovec *iov,
                         uint8_t (*buffers)[BENCH_MESSAGE_MAX], size_t octets)
{
    memset(headers, 0, BATCH * sizeof(*headers));
    for (unsigned i = 0; i < BATCH; i++) {
        iov[i] = (struct iovec){buffers[i], octets};
        headers[i].msg_hdr.msg_iov = &iov[i];
        headers[i].msg_hdr.msg_iovlen = 1;
    }
}

static void send_all(struct datagrams *d, size_t octets)
{
    struct mmsghdr headers[BATCH];
    struct iovec iov[BATCH];
    headers_fill(headers, iov, d->out, octets);
    for (uint32_t sent = 0; sent < d->count;) {
        const int n = sendmmsg(d->fd, headers + sent, d->count - sent, MSG_DONTWAIT);
        if (n > 0)
            sent += (uint32_t)n;
        else if (errno != EAGAIN && errno != ECONNREFUSED)
            break;
    }
    d->count = 0;
}

static int receive(struct datagrams *d)
{
    struct mmsghdr headers[BATCH];
    struct iovec iov[BATCH];
    headers_fill(headers, iov, d->in, BENCH_MESSAGE_MAX);
    return recvmmsg(d->fd, headers, BATCH, MSG_DONTWAIT, NULL);
}

static void respond(const struct bench_options *o)
{
    static struct datagrams d;
    d.fd = socket_open(o, o->port, (uint16_t)(o->port + 1));
    for (;;) {
        const int n = receive(&d);
        for (int i = 0; i < n; i++)
            memcpy(d.out[d.count++], d.in[i], 8);
        send_all(&d, o->reply_octets);
        if (n < BATCH)
            bench_wait(d.fd, 0, 1000000000);
    }
}

struct generator {
    struct bench_options options;
    struct datagrams datagrams;
    struct bench_result result;
    bool measuring;
    uint64_t sent;
    uint64_t answered;
};

static void request_send(struct generator *g, int64_t due_ns)
{
    struct datagrams *d = &g->datagrams;
    memcpy(d->out[d->count++], &due_ns, 8);
    g->sent++;
    if (d->count == BATCH)
        send_all(d, g->options.request_octets);
}

static void replies_take(struct generator *g)
{
    const int n = receive(&g->datagrams);
    const int64_t now = bench_now_ns();
    for (int i = 0; i < n; i++) {
        int64_t due_ns;
        memcpy(&due_ns, g->datagrams.in[i], 8);
        g->answered++;
        if (g->measuring) {
            g->result.requests++;
            bench_record(&g->result.response, now - due_ns);
        }
        if (!g->options.open_loop)
            request_send(g, now);
    }
}

static void run(struct generator *g, int64_t until_ns)
{
    const int64_t begin_ns = bench_now_ns();
    const double gap_ns = g->options.open_loop ? 1e9 / g->options.rate : 0;
    uint64_t planned = 0;
    int64_t now = begin_ns;
    while (now < until_ns) {
        int64_t due = until_ns;
        while (g->options.open_loop) {
            due = begin_ns + (int64_t)((double)planned * gap_ns);
            now = bench_now_ns();
            if (due > now)
                break;
            planned++;
            request_send(g, due);
            if (g->measuring)
                bench_record(&g->result.lag, now - due);
        }
        send_all(&g->datagrams, g->options.request_octets);
        bench_wait(g->datagrams.fd, bench_now_ns(), due < until_ns ? due : until_ns);
        replies_take(g);
        now = bench_now_ns();
    }
}

int main(int argc, char **argv)
{
    static struct generator g;
    g.options = bench_options_read(argc, argv);
    const pid_t responder = fork();
    if (responder == -1)
        return 1;
    bench_child_begin();
    if (responder == 0)
        respond(&g.options);
    (void)prctl(PR_SET_PDEATHSIG, 0);
    (void)usleep(100000); /* until the child has its port */
    g.datagrams.fd = socket_open(&g.options, (uint16_t)(g.options.port + 1), g.options.port);
    for (uint32_t i = 0; !g.options.open_loop && i < g.options.window; i++)
        request_send(&g, bench_now_ns());
    run(&g, bench_now_ns() + BENCH_WARM_NS);
    const int64_t begin_ns = bench_now_ns();
    const int64_t cpu_ns = bench_clock_ns(CLOCK_PROCESS_CPUTIME_ID);
    const int64_t responder_ns = bench_cpu_of_ns(responder);
    g.measuring = true;
    run(&g, begin_ns + (int64_t)(g.options.seconds * 1e9));
    const int64_t end_ns = bench_now_ns();
    const double requests = (double)(g.result.requests == 0 ? 1 : g.result.requests);
    g.result.seconds = (double)(end_ns - begin_ns) / 1e9;
    g.result.generator_cpu_us =
        (double)(bench_clock_ns(CLOCK_PROCESS_CPUTIME_ID) - cpu_ns) / requests / 1000;
    g.result.responder_cpu_us =
        (double)(bench_cpu_of_ns(responder) - responder_ns) / requests / 1000;
    while (g.options.open_loop && g.answered < g.sent && bench_now_ns() < end_ns + LATE_NS)
        replies_take(&g);
    g.result.unanswered = g.options.open_loop ? g.sent - g.answered : 0;
    bench_print("udp_echo", "plain UDP, recvmmsg and sendmmsg", &g.options, &g.result);
    bench_child_end(responder);
    return 0;
}
