/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * bench - what the echo benchmarks share: options, clocks, a histogram, one line of JSON.
 *
 * Each benchmark is a generator (this process) and a responder (its child) over loopback, in one of
 * two modes: `closed` keeps a window of requests open and says how many fit through; `open` sends
 * at a rate whatever comes back and says how long answers take, counted from when the request was
 * due.
 */
#ifndef TESTS_BENCH_BENCH_H
#define TESTS_BENCH_BENCH_H

#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define BENCH_WARM_NS     500000000
#define BENCH_BUCKETS     4096
#define BENCH_SUB_BITS    7 /* 128 steps per power of two: below 1 % */
#define BENCH_MESSAGE_MAX 1300

struct bench_options {
    bool open_loop;
    uint32_t window;
    double rate;
    double seconds;
    uint32_t request_octets;
    uint32_t reply_octets;
    uint32_t gather_us; /* least time between two turns of a loop: larger batches, later answers */
    uint16_t port;      /* UDP ports: this one and the next */
    const char *ip;
    bool sockets; /* transport_echo: usrsctp as sockets (multi-homing) instead of as our engine */
};

struct bench_histogram {
    uint64_t count;
    uint32_t bucket[BENCH_BUCKETS];
};

struct bench_result {
    uint64_t requests;
    uint64_t unanswered;
    double seconds;
    double generator_cpu_us; /* per request */
    double responder_cpu_us;
    struct bench_histogram response;
    struct bench_histogram lag;
};

static inline int64_t bench_clock_ns(clockid_t clock)
{
    struct timespec t;
    (void)clock_gettime(clock, &t);
    return ((int64_t)t.tv_sec * 1000000000) + t.tv_nsec;
}

static inline int64_t bench_now_ns(void)
{
    return bench_clock_ns(CLOCK_MONOTONIC);
}

static inline int64_t bench_cpu_of_ns(pid_t process)
{
    clockid_t clock;
    return clock_getcpuclockid(process, &clock) == 0 ? bench_clock_ns(clock) : 0;
}

static inline void bench_record(struct bench_histogram *h, int64_t ns)
{
    const uint64_t v = ns < 0 ? 0 : (uint64_t)ns;
    unsigned shift = 0;
    while ((v >> shift) >= (2u << BENCH_SUB_BITS))
        shift++;
    const uint64_t index = ((uint64_t)shift << BENCH_SUB_BITS) + (v >> shift);
    h->bucket[index < BENCH_BUCKETS ? index : BENCH_BUCKETS - 1]++;
    h->count++;
}

static inline double bench_percentile_us(const struct bench_histogram *h, double share)
{
    const uint64_t wanted = (uint64_t)((double)h->count * share);
    uint64_t seen = 0;
    for (uint64_t i = 0; i < BENCH_BUCKETS; i++) {
        seen += h->bucket[i];
        if (h->bucket[i] == 0 || seen < wanted)
            continue;
        const uint64_t shift = i < (2u << BENCH_SUB_BITS) ? 0 : (i >> BENCH_SUB_BITS) - 1;
        return (double)((i - (shift << BENCH_SUB_BITS)) << shift) / 1000.0;
    }
    return 0;
}

static inline void bench_usage(const char *program)
{
    (void)fprintf(stderr,
                  "usage: %s [--closed WINDOW | --open RATE] [--seconds S] [--request OCTETS]\n"
                  "          [--reply OCTETS] [--port UDP-PORT] [--ip ADDRESS]\n"
                  "          [--gather US] [--usrsctp engine|sockets]\n",
                  program);
    exit(2);
}

static inline struct bench_options bench_options_read(int argc, char **argv)
{
    struct bench_options o = {.window = 256,
                              .seconds = 3,
                              .request_octets = 180,
                              .reply_octets = 120,
                              .port = 39899,
                              .ip = "127.0.0.1"};
    for (int i = 1; i < argc; i += 2) {
        if (i + 1 == argc)
            bench_usage(argv[0]);
        const char *value = argv[i + 1];
        if (strcmp(argv[i], "--closed") == 0)
            o.window = (uint32_t)strtoul(value, NULL, 10);
        else if (strcmp(argv[i], "--open") == 0)
            o.rate = strtod(value, NULL);
        else if (strcmp(argv[i], "--seconds") == 0)
            o.seconds = strtod(value, NULL);
        else if (strcmp(argv[i], "--request") == 0)
            o.request_octets = (uint32_t)strtoul(value, NULL, 10);
        else if (strcmp(argv[i], "--reply") == 0)
            o.reply_octets = (uint32_t)strtoul(value, NULL, 10);
        else if (strcmp(argv[i], "--gather") == 0)
            o.gather_us = (uint32_t)strtoul(value, NULL, 10);
        else if (strcmp(argv[i], "--port") == 0)
            o.port = (uint16_t)strtoul(value, NULL, 10);
        else if (strcmp(argv[i], "--ip") == 0)
            o.ip = value;
        else if (strcmp(argv[i], "--usrsctp") == 0)
            o.sockets = strcmp(value, "sockets") == 0;
        else
            bench_usage(argv[0]);
    }
    o.open_loop = o.rate > 0;
    if (o.window == 0 || o.seconds <= 0 || o.gather_us > 100000 || o.request_octets < 8 ||
        o.reply_octets < 8 || o.request_octets > BENCH_MESSAGE_MAX ||
        o.reply_octets > BENCH_MESSAGE_MAX)
        bench_usage(argv[0]);
    return o;
}

/* Sleeps until a turn that began at `begin_ns` has taken its least time. */
static inline void bench_gather(const struct bench_options *o, int64_t begin_ns)
{
    const int64_t left = begin_ns + ((int64_t)o->gather_us * 1000) - bench_now_ns();
    if (o->gather_us == 0 || left <= 0)
        return;
    const struct timespec pause = {.tv_nsec = left};
    (void)clock_nanosleep(CLOCK_MONOTONIC, 0, &pause, NULL);
}

/* Waits for the descriptor until the deadline; sleeps are as exact as the kernel can. */
static inline void bench_wait(int fd, int64_t now_ns, int64_t deadline_ns)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};
    const int64_t left = deadline_ns <= now_ns ? 0 : deadline_ns - now_ns;
    const struct timespec timeout = {.tv_sec = left / 1000000000, .tv_nsec = left % 1000000000};
    (void)ppoll(&p, 1, &timeout, NULL);
}

/* The responder must not outlive the generator, whatever happens to it. */
static inline void bench_child_begin(void)
{
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    (void)prctl(PR_SET_TIMERSLACK, 1);
}

static inline void bench_child_end(pid_t child)
{
    (void)kill(child, SIGKILL);
    (void)waitpid(child, NULL, 0);
}

static inline void bench_print(const char *name, const char *what, const struct bench_options *o,
                               const struct bench_result *r)
{
    (void)printf("{\"bench\":\"%s\",\"mode\":\"%s\",\"window\":%u,\"rate\":%.0f,\"seconds\":%.2f,"
                 "\"gather_us\":%u,\"requests\":%llu,\"unanswered\":%llu,\"requests_per_s\":%.0f,"
                 "\"generator_cpu_us\":%.3f,\"responder_cpu_us\":%.3f,",
                 name, o->open_loop ? "open" : "closed", o->open_loop ? 0 : o->window, o->rate,
                 r->seconds, o->gather_us, (unsigned long long)r->requests,
                 (unsigned long long)r->unanswered, (double)r->requests / r->seconds,
                 r->generator_cpu_us, r->responder_cpu_us);
    (void)printf("\"response_us\":{\"p50\":%.1f,\"p90\":%.1f,\"p99\":%.1f,\"p999\":%.1f},"
                 "\"send_lag_us\":{\"p50\":%.1f,\"p99\":%.1f},\"request_octets\":%u,"
                 "\"reply_octets\":%u,\"verdict\":\"%s\"}\n",
                 bench_percentile_us(&r->response, 0.5), bench_percentile_us(&r->response, 0.9),
                 bench_percentile_us(&r->response, 0.99), bench_percentile_us(&r->response, 0.999),
                 bench_percentile_us(&r->lag, 0.5), bench_percentile_us(&r->lag, 0.99),
                 o->request_octets, o->reply_octets, what);
}

#endif
