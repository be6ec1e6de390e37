/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "sigtran/runtime/clock.h"

#include <inttypes.h>
#include <stdio.h>

int64_t clock_wall_ns(void)
{
    struct timespec ts;
    (void)clock_gettime(CLOCK_REALTIME, &ts);
    return (int64_t)ts.tv_sec * CLOCK_NS_PER_S + ts.tv_nsec;
}

/* Seconds since 1970 and the nanoseconds within, also for times before 1970. */
static struct tm clock_split(int64_t wall_ns, int64_t *ns_of_second)
{
    int64_t seconds = wall_ns / CLOCK_NS_PER_S;
    int64_t ns = wall_ns % CLOCK_NS_PER_S;
    if (ns < 0) {
        ns += CLOCK_NS_PER_S;
        seconds -= 1;
    }
    const time_t t = (time_t)seconds;
    struct tm tm = {0};
    (void)gmtime_r(&t, &tm);
    *ns_of_second = ns;
    return tm;
}

const char *clock_wall_text(int64_t wall_ns, char *dst, size_t dst_octets)
{
    int64_t ns = 0;
    const struct tm tm = clock_split(wall_ns, &ns);
    (void)snprintf(dst, dst_octets, "%04d-%02d-%02dT%02d:%02d:%02d.%03" PRId64 "Z",
                   tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec,
                   ns / CLOCK_NS_PER_MS);
    return dst;
}

const char *clock_wall_label(int64_t wall_ns, char *dst, size_t dst_octets)
{
    int64_t ns = 0;
    const struct tm tm = clock_split(wall_ns, &ns);
    (void)snprintf(dst, dst_octets, "%04d%02d%02d-%02d%02d%02d", tm.tm_year + 1900, tm.tm_mon + 1,
                   tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec);
    return dst;
}
