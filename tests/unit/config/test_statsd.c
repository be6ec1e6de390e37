/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* What a program publishes goes to the statsd that its configuration names. */
#ifndef unix
#define unix 1 /* libosmocore declares its statistics for "unix" */
#endif

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <osmocom/core/stats.h>

#include "config/language/language.h"
#include "sigtran/runtime/metrics.h"
#include "tests/unit/unit.h"

#define DATAGRAMS_MAX 16

struct sample {
    uint64_t sent;
    uint64_t open;
};

static const struct metric list[] = {
    METRIC_COUNTER(struct sample, sent, "requests:sent", "Requests sent"),
    METRIC_GAUGE(struct sample, open, "dialogues:open", "Open dialogues", ""),
};

static struct settings settings;

static int listen_udp(uint16_t *port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof(address);
    const int fd = socket(AF_INET, SOCK_DGRAM, 0);
    CU_ASSERT_NOT_EQUAL_FATAL(fd, -1);
    CU_ASSERT_EQUAL_FATAL(bind(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
    CU_ASSERT_EQUAL_FATAL(getsockname(fd, (struct sockaddr *)&address, &length), 0);
    *port = ntohs(address.sin_port);
    return fd;
}

static void published_metrics_arrive_at_the_configured_statsd(void)
{
    uint16_t port = 0;
    char text[256];
    char error[SETTINGS_ERROR_OCTETS];
    char all[8192] = "";
    struct metrics *metrics = NULL;
    const int fd = listen_udp(&port);
    (void)snprintf(text, sizeof(text),
                   "stats interval 3600\nstats reporter statsd\n remote-ip 127.0.0.1\n"
                   " remote-port %u\n level global\n enable\n",
                   port);
    CU_ASSERT_EQUAL_FATAL(settings_load_text("t", text, &settings, error, sizeof(error)), P7_OK);
    CU_ASSERT_EQUAL_FATAL(metrics_create(&metrics, "tested", "Tested", list, 2), P7_OK);
    const struct sample sample = {.sent = 4711, .open = 23};
    metrics_publish(metrics, &sample);
    (void)osmo_stats_report();
    size_t at = 0;
    for (int i = 0; i < DATAGRAMS_MAX && at + 1 < sizeof(all); i++) {
        const ssize_t got = recv(fd, all + at, sizeof(all) - 1 - at, MSG_DONTWAIT);
        at += got > 0 ? (size_t)got : 0;
    }
    all[at] = '\0';
    CU_ASSERT_PTR_NOT_NULL(strstr(all, "tested"));
    CU_ASSERT_PTR_NOT_NULL(strstr(all, "requests.sent:4711|c"));
    CU_ASSERT_PTR_NOT_NULL(strstr(all, "dialogues.open:23|g"));
    if (strstr(all, "4711|c") == NULL)
        (void)fprintf(stderr, "statsd got: %s\n", all);
    metrics_destroy(metrics);
    (void)close(fd);
}

UNIT_TESTS = {
    UNIT(published_metrics_arrive_at_the_configured_statsd),
};
UNIT_MAIN("statsd")
