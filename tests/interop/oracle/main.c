/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * sigtran_oracle [SEED [--damage]]: the last line is
 *     oracle=libosmo-sigtran kinds=N ours_read_by_it=N its_read_by_us=N refused_by_it=N
 * mismatches=N (one line), the exit code 0 only without a mismatch. --damage: see oracle.h.
 */
#include <osmocom/core/application.h>
#include <osmocom/core/logging.h>
#include <osmocom/core/talloc.h>
#include <osmocom/sigtran/xua_msg.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/interop/oracle/oracle.h"

#define SEED_DEFAULT 4666

void oracle_fault(struct oracle *oracle, const char *format, ...)
{
    oracle->mismatches++;
    if (oracle->mismatches > ORACLE_FAULTS_TOLD_MAX)
        return;
    va_list arguments;
    va_start(arguments, format);
    (void)vprintf(format, arguments);
    (void)putchar('\n');
    va_end(arguments);
}

void oracle_octets(struct oracle *oracle, uint8_t *octets, size_t length)
{
    for (size_t i = 0; i < length; i++)
        octets[i] = (uint8_t)oracle_below(oracle, 256);
}

/* The library tells of everything that it refuses, which is wanted here. */
static void be_quiet(void *context)
{
    static const struct log_info none = {.cat = NULL, .num_cat = 0};
    (void)osmo_init_logging2(context, &none);
    log_set_log_level(osmo_stderr_target, LOGL_FATAL);
}

int main(int argc, char **argv)
{
    struct oracle oracle = {.damage = argc > 2 && strcmp(argv[2], "--damage") == 0};
    const unsigned long long seed = argc > 1 ? strtoull(argv[1], NULL, 10) : SEED_DEFAULT;
    random_seed(&oracle.random, seed);
    void *context = talloc_named_const(NULL, 0, "oracle");
    be_quiet(context);
    osmo_xua_msg_tall_ctx_init(context);
    oracle_addresses(&oracle);
    oracle_messages(&oracle);
    oracle_m3ua(&oracle, context);
    (void)printf("oracle=libosmo-sigtran seed=%llu kinds=%u ours_read_by_it=%llu "
                 "its_read_by_us=%llu refused_by_it=%llu mismatches=%llu\n",
                 seed, oracle.kinds, (unsigned long long)oracle.ours_read_by_it,
                 (unsigned long long)oracle.its_read_by_us,
                 (unsigned long long)oracle.refused_by_it, (unsigned long long)oracle.mismatches);
    talloc_free(context);
    return oracle.mismatches == 0 && oracle.ours_read_by_it != 0 && oracle.its_read_by_us != 0 ? 0
                                                                                               : 1;
}
